"""Limits on tries: the wait doubles with each failure, by person and by address; in memory."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

FREE = 5
"""So many failures cost no wait."""
LONGEST = 900
"""The longest wait, in seconds."""
FORGOTTEN = 6 * 3600
MOST = 10_000
"""So many names and addresses are remembered; those that failed longest ago are forgotten."""


@dataclass
class Limits:
    """How often each name and each address failed of late."""

    clock: Callable[[], float] = time.monotonic
    _tries: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, keys: Sequence[str]) -> int:
        """Count a try as failed until it succeeds; return the seconds to wait, 0 for go ahead.

        A try that has to wait is not counted.
        """
        with self._lock:
            at = self.clock()
            wait = max((self._wait(key, at) for key in keys), default=0.0)
            if wait > 0:
                return int(wait) + 1
            for key in keys:
                count, last = self._tries.pop(key, (0, at))
                self._tries[key] = (1 if at - last > FORGOTTEN else count + 1, at)
            while len(self._tries) > MOST:
                self._tries.popitem(last=False)
            return 0

    def succeed(self, keys: Sequence[str]) -> None:
        """Forget the failures of these: the try was good."""
        with self._lock:
            for key in keys:
                self._tries.pop(key, None)

    def _wait(self, key: str, at: float) -> float:
        count, last = self._tries.get(key, (0, at))
        if count < FREE:
            return 0.0
        return last + min(LONGEST, 2.0 ** min(count - FREE, 20)) - at


def network_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else found.exploded[:19]
    return str(found)
