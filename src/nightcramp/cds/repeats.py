"""What was shown lately is not shown again: keyed hashes in memory, under a secret that changes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MOST = 50_000


@dataclass
class Repeats:
    """Which cards were shown to whom within the last `seconds`; nothing of them is kept.

    A card counts as the same for one caller, one clinician, one patient and one content. Its
    hash is made with a secret that is drawn anew each `seconds`, and forgotten with the hashes
    after twice that time: nobody can then find out about whom they were.
    """

    seconds: float
    clock: Callable[[], float] = time.time
    _secrets: list[tuple[float, bytes]] = field(default_factory=list)
    _shown: OrderedDict[bytes, tuple[float, str]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_repeated(self, *of: str, content: bytes, instance: str) -> bool:
        """Return whether a card was shown lately, and note it; a retry of one call is none."""
        with self._lock:
            now = self.clock()
            self._rotate(now)
            hashes = [_hash(secret, *of, content=content) for _, secret in self._secrets]
            called = _hash(self._secrets[-1][1], instance, content=b"").hex()
            for known in hashes:
                shown = self._shown.get(known)
                if shown and now - shown[0] < self.seconds:
                    return not _is_same_call(shown[1], instance, self._secrets)
            self._shown[hashes[-1]] = (now, called)
            while len(self._shown) > MOST:
                self._shown.popitem(last=False)
            return False

    def _rotate(self, now: float) -> None:
        if not self._secrets or now - self._secrets[-1][0] >= self.seconds:
            self._secrets = [*self._secrets[-1:], (now, secrets.token_bytes(32))]
        oldest = now - self.seconds
        while self._shown and next(iter(self._shown.values()))[0] <= oldest:
            self._shown.popitem(last=False)


def _is_same_call(called: str, instance: str, keys: list[tuple[float, bytes]]) -> bool:
    return any(_hash(secret, instance, content=b"").hex() == called for _, secret in keys)


def _hash(secret: bytes, *of: str, content: bytes) -> bytes:
    """Return a keyed hash in which the parts cannot run into each other."""
    made = hmac.new(secret, digestmod=hashlib.sha256)
    for part in (*(text.encode() for text in of), content):
        made.update(len(part).to_bytes(8, "big"))
        made.update(part)
    return made.digest()
