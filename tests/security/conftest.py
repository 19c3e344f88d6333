"""Clients of the app that are signed in or not, on this machine or elsewhere; quick hashes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from argon2 import PasswordHasher

from nightcramp.app.access import passphrases
from walks import WORDS

Client = Callable[..., Any]


class Hasher(PasswordHasher):
    """A hasher that is quick, and counts what it is asked."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified = 0

    def verify(self, kept: str | bytes, words: str | bytes) -> bool:
        """Verify, and count it."""
        self.verified += 1
        return bool(super().verify(kept, words))


@pytest.fixture(autouse=True)
def hasher(monkeypatch: pytest.MonkeyPatch) -> Hasher:
    """Hashes that take no time; how they are kept is the library's own."""
    quick = Hasher()
    nobodys = quick.hash("nobody")
    monkeypatch.setattr(passphrases, "hasher", lambda: quick)
    monkeypatch.setattr(passphrases, "_nobodys", lambda: nobodys)
    return quick


@pytest.fixture
def client(home: Any) -> Iterator[Client]:
    """Makes a browser's client: `local` or reached from elsewhere, over HTTPS with `tls`."""
    from starlette.testclient import TestClient

    from nightcramp.app.gate import Gate
    from nightcramp.app.server import LOOPBACK, create_app

    with ExitStack() as stack:
        gates: dict[bool, Any] = {}

        def make(*, local: bool = True, tls: bool = False, address: str = "192.0.2.1") -> Any:
            if local not in gates:
                gates[local] = create_app(Gate(local=local), [*LOOPBACK, "night.example"])
            base = f"http{'s' if tls else ''}://{'localhost' if local else 'night.example'}"
            return stack.enter_context(
                TestClient(gates[local], base_url=base, client=(address, 50_000))
            )

        yield make


@pytest.fixture
def signed_in(client: Client) -> Callable[..., Any]:
    """Makes a client in which somebody is signed in."""

    def make(name: str = "me", words: str = WORDS, **how: Any) -> Any:
        one = client(**how)
        answer = one.post("/api/sign-in", json={"name": name, "passphrase": words})
        assert answer.status_code == 200, answer.text
        return one

    return make
