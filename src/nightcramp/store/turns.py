"""Turns: threads of one process that want the same thing get it in the order they came.

SQLite lets writers try again and again, so that under load some of them never come; here each
waits once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A lock that is fair."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def mine(self, seconds: float) -> Iterator[None]:
        """Wait for one's turn and have it until the end; raises TimeoutError after `seconds`."""
        self._wait(seconds)
        try:
            yield
        finally:
            self._pass_on()

    def _wait(self, seconds: float) -> None:
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(seconds):
            return
        with self._lock:
            if called.is_set():
                return
            self._waiting.remove(called)
        raise TimeoutError

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
