"""How many calls one caller may make: a bucket that fills again, in memory and bounded."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from nightcramp.app.problem import RefusedError
from nightcramp.language import gettext as _

MOST = 10_000


@dataclass
class Limit:
    """Allows so many calls a minute for each key, a third of them at once."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str) -> None:
        """Count one call; raises RefusedError (429) with the seconds to wait."""
        with self._lock:
            now, at_once = self.clock(), max(1.0, self.per_minute / 3)
            left, before = self._left.pop(key, (at_once, now))
            left = min(at_once, left + (now - before) * self.per_minute / 60)
            self._left[key] = (max(left - 1, 0.0), now) if left >= 1 else (left, now)
            while len(self._left) > MOST:
                self._left.popitem(last=False)
        if left < 1:
            wait = math.ceil((1 - left) * 60 / self.per_minute)
            raise RefusedError(429, _("too many calls"), wait=wait)
