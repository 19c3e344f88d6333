"""Writes that wait at the same time go into one transaction: the disk is waited for once.

Each writer is answered when its transaction is on the disk, as always. Where one of a group
fails, nothing of the group is kept, and each is done again by itself.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any, TypeVar

from nightcramp.errors import UnknownIdError
from nightcramp.language import gettext as _
from nightcramp.store.database import Store, opened
from nightcramp.store.place import current_place
from nightcramp.store.reading import people_in
from nightcramp.store.records import PersonRecord

T = TypeVar("T")
MOST = 200
"""So many writers share a transaction at most."""


def together(key: str, work: Callable[[Store], T]) -> T:
    """Do work with the store of the person with a key, in one transaction with others' work.

    Returns what the work returns once it is kept. Raises what the work raises, StoreError, and
    UnknownIdError for somebody who is not there.
    """
    writer = _Writer(key, work)
    _queue(current_place().shown).join(writer)
    if writer.error is not None:
        raise writer.error
    return writer.value  # type: ignore[no-any-return]


class _Writer:
    """One who waits to write, and what came of it."""

    def __init__(self, key: str, work: Callable[[Store], Any]) -> None:
        self.key = key
        self.over = False
        self.value: Any = None
        self.error: BaseException | None = None
        self._work = work
        self._context = copy_context()

    def do(self, store: Store) -> None:
        """Do the work in the language of whoever asked for it."""
        self.value = self._context.run(self._work, store)


class _Queue:
    """The writers of one place; of those that wait, one writes for all."""

    def __init__(self) -> None:
        self._waiting: list[_Writer] = []
        self._writing = False
        self._changed = threading.Condition()

    def join(self, writer: _Writer) -> None:
        """Wait until somebody has written for this writer, or write for all that wait."""
        with self._changed:
            self._waiting.append(writer)
            while self._writing and not writer.over:
                self._changed.wait()
            if writer.over:
                return
            self._writing = True
            group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        try:
            _write(group)
        finally:
            with self._changed:
                self._writing = False
                for one in group:
                    one.over = True
                self._changed.notify_all()


@functools.cache
def _queue(place: str) -> _Queue:
    return _Queue()


def _write(group: Sequence[_Writer]) -> None:
    try:
        if len(group) > 1:
            _write_together(group)
            return
    except Exception:
        pass
    for writer in group:
        try:
            _write_together([writer])
        except Exception as error:
            writer.error = error


def _write_together(group: Sequence[_Writer]) -> None:
    with opened(everyone=True) as store:
        people = {who.key: (number, who) for number, who in people_in(store.connection).items()}
        for writer in group:
            if writer.key not in people:
                raise UnknownIdError(_("this person was removed meanwhile"))
            _write_one(writer, store, *people[writer.key])


def _write_one(writer: _Writer, store: Store, number: int, who: PersonRecord) -> None:
    """Let a writer write; the journal says whose it is, where it is another person's."""
    changes = store.journal.changes
    before = len(changes)
    writer.do(Store(store.connection, number, who, store.journal))
    if len(changes) > before and who.key != store.who.key:
        changes.insert(before, who)
