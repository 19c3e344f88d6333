"""Pages that are open: each for one browser, in memory, for half an hour at most."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from nightcramp.report.visit import DoctorPage

SECONDS = 1800.0
MOST = 500


class VisitPage(DoctorPage, frozen=True, kw_only=True):
    """The page for the doctor inside a record system: whose it is, and what was not read.

    `has_cramps`: whether the record says that the person has cramps at all.
    """

    name: str
    born: str
    lacked: list[str]
    has_cramps: bool


def visit_page(
    page: DoctorPage, *, name: str, born: str, lacked: list[str], has_cramps: bool
) -> VisitPage:
    """Return the page for the doctor as it is shown inside a record system."""
    return VisitPage(
        **msgspec.structs.asdict(page),
        name=name,
        born=born,
        lacked=lacked,
        has_cramps=has_cramps,
    )


@dataclass
class Visits:
    """The pages that are open, by the secret of their browser; nothing is written down."""

    clock: Callable[[], float] = time.monotonic
    _open: OrderedDict[bytes, tuple[float, VisitPage]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, page: VisitPage) -> str:
        """Keep a page open; return the secret by which its browser sees it."""
        secret = secrets.token_urlsafe(32)
        with self._lock:
            self._open[_mark(secret)] = (self.clock() + SECONDS, page)
            while len(self._open) > MOST:
                self._open.popitem(last=False)
        return secret

    def page(self, secret: str) -> VisitPage | None:
        """Return an open page; None where it is over."""
        self.forget()
        with self._lock:
            found = self._open.get(_mark(secret))
        return found[1] if found else None

    def close(self, secret: str) -> None:
        """Forget a page."""
        with self._lock:
            self._open.pop(_mark(secret), None)

    def forget(self) -> None:
        """Forget the pages whose time is over."""
        with self._lock:
            now = self.clock()
            while self._open and next(iter(self._open.values()))[0] <= now:
                self._open.popitem(last=False)

    def __len__(self) -> int:
        return len(self._open)


def _mark(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
