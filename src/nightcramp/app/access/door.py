"""The way a request came in: from where, with which session; and which cookies its answer sets."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from nightcramp.app.access.cookies import Cookie
from nightcramp.app.access.limits import Limits, network_of
from nightcramp.app.access.sessions import Session

MOST_CHALLENGES = 10_000
CHALLENGE_SECONDS = 300


@dataclass
class Challenges:
    """What passkeys were asked to sign: each for one browser and one purpose, and only once."""

    _given: OrderedDict[str, tuple[bytes, str, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def give(self, purpose: str) -> tuple[str, bytes]:
        """Return a new challenge, and the name under which `take` finds it."""
        name, challenge = secrets.token_urlsafe(32), secrets.token_bytes(32)
        with self._lock:
            self._given[name] = (challenge, purpose, time.monotonic() + CHALLENGE_SECONDS)
            while len(self._given) > MOST_CHALLENGES:
                self._given.popitem(last=False)
        return name, challenge

    def take(self, name: str, purpose: str) -> bytes | None:
        """Return a challenge given for this purpose, the first time it is asked for, in time."""
        with self._lock:
            challenge, meant, until = self._given.pop(name, (b"", "", 0.0))
        return challenge if meant == purpose and time.monotonic() < until else None


@dataclass(frozen=True)
class Door:
    """How a request came in. Acts write into `cookies` what their answer is to set."""

    address: str = ""
    """The client's network address."""
    origin: str = "http://localhost"
    local: bool = True
    """Whether only this machine can ask: then who set no passphrase is asked for none."""
    secure: bool = False
    several: bool = False
    """Whether several people's diaries may be chosen from here."""
    session: Session | None = None
    """The session of whoever is signed in with this browser."""
    reader: Session | None = None
    """The session a clinician's link opened in this browser."""
    challenge: str = ""
    """The name of the challenge this browser was given."""
    limits: Limits = field(default_factory=Limits)
    challenges: Challenges = field(default_factory=Challenges)
    cookies: list[Cookie] = field(default_factory=list)

    @property
    def host(self) -> str:
        """The name by which the server was asked, without its port."""
        return urlsplit(self.origin).hostname or ""

    @property
    def network(self) -> str:
        """What counts as one client where tries are limited."""
        return network_of(self.address)

    def set(self, name: str, value: str, seconds: int) -> None:
        """Let the answer set a cookie."""
        self.cookies.append(Cookie(name=name, value=value, seconds=seconds))

    def clear(self, *names: str) -> None:
        """Let the answer take cookies away."""
        self.cookies.extend(Cookie(name=name) for name in names)
