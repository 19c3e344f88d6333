"""Work that takes seconds, done beside the pages: one of a kind a person at a time."""

from __future__ import annotations

import contextvars
import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from nightcramp.app.asked import Asked
from nightcramp.errors import InputError, NightcrampError
from nightcramp.language import gettext as _

log = logging.getLogger("nightcramp.app")
MOST_KEPT, AT_ONCE = 200, 2
SOON = 1.5
"""Seconds in which an answer may come without a page that says to wait."""
State = Literal["working", "done", "failed"]
Key = tuple[str, str, str]


@dataclass
class Work:
    """One piece of work; `about` is what it was asked for, `token` its name among others.

    `clear` is done when it is forgotten: what belongs to it goes with it.
    """

    about: Any
    clear: Callable[[], None] = field(default=lambda: None)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    result: Any = None
    error: NightcrampError | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def state(self) -> State:
        """Return whether it goes on, or how it ended."""
        if not self._over.is_set():
            return "working"
        return "failed" if self.error else "done"

    def wait(self, seconds: float = SOON) -> None:
        """Return when it is over, or after so many seconds."""
        self._over.wait(seconds)

    def run(self, do: Callable[[], Any]) -> None:
        """Do it, and keep what comes of it; an error is kept in words for people."""
        try:
            self.result = do()
        except NightcrampError as error:
            self.error = error
        except Exception as error:
            log.error("a %s beside the pages", type(error).__name__)
            self.error = InputError(_("something went wrong while this was worked out"))
        finally:
            self._over.set()


class Background:
    """All work of all people, by person and kind; only the latest of a kind is kept."""

    def __init__(self) -> None:
        self._works: dict[Key, Work] = {}
        self._lock = threading.Lock()
        self._room = threading.Semaphore(AT_ONCE)

    def start(
        self,
        asked: Asked,
        kind: str,
        do: Callable[[], Any],
        about: object = None,
        clear: Callable[[], None] = lambda: None,
    ) -> Work:
        """Begin a piece of work in the language and store of whoever asks.

        The same that goes on already is returned as it is; raises InputError while another of
        its kind goes on.
        """
        key = _key(asked, kind)
        with self._lock:
            before = self._works.get(key)
            if before is not None and before.state == "working":
                if before.about == about:
                    return before
                raise InputError(_("something else is being worked out; wait until it is done"))
            self._make_room()
            self._drop(key)
            work = self._works[key] = Work(about, clear)
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._do, work, do), daemon=True).start()
        return work

    def latest(self, asked: Asked, kind: str) -> Work | None:
        """Return the latest work of a kind for whoever asks, None where there was none."""
        return self._works.get(_key(asked, kind))

    def note(self, asked: Asked, kind: str, about: object) -> None:
        """Keep in mind what somebody said until this program ends, as a work that is over."""
        work = Work(about)
        work.run(lambda: None)
        with self._lock:
            self._make_room()
            self._drop(_key(asked, kind))
            self._works[_key(asked, kind)] = work

    def forget(self, asked: Asked, kind: str) -> None:
        """Forget the latest work of a kind."""
        with self._lock:
            self._drop(_key(asked, kind))

    def _do(self, work: Work, do: Callable[[], Any]) -> None:
        with self._room:
            work.run(do)

    def _make_room(self) -> None:
        over = [key for key, work in self._works.items() if work.state != "working"]
        for key in over[: max(0, len(self._works) - MOST_KEPT + 1)]:
            self._drop(key)

    def _drop(self, key: Key) -> None:
        work = self._works.pop(key, None)
        if work is not None:
            work.clear()


BACKGROUND = Background()


def _key(asked: Asked, kind: str) -> Key:
    return asked.place.shown, asked.viewer.key, kind
