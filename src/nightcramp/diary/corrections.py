"""Which entries hold: corrections and taking back, whatever the order in which entries arrive.

An entry names the one it replaces, so entries form chains back to what was first told. What is
replaced no longer holds, also when it arrives later. One entry corrected twice, on two machines,
is a fork: both corrections hold and the night says so; taken back on one and corrected on the
other, the correction holds. An entry whose forerunner never arrives holds by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from nightcramp.diary.entry import Entry


class Fork(Struct, frozen=True):
    """One entry corrected in several ways: those that hold, and whether one took it back."""

    holding: tuple[Entry, ...]
    taken_back: bool


def instant(moment: dt.datetime) -> dt.datetime:
    """Return a moment that can be compared; one without an offset is taken as UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def told_order(entry: Entry) -> tuple[dt.datetime, str]:
    """Return what sorts entries by when they were made, the same for every order of arrival."""
    return instant(entry.made_at), entry.id


def standing(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that hold, oldest first: not replaced, not taken back, each once."""
    return Chains(entries).standing


class Chains:
    """Entries with what they replace; the same for every order of arrival and for repeats."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.known = _by_id(entries)
        self._before = _without_loops(self.known)
        self._after: dict[str, list[Entry]] = {}
        for name, entry in self.known.items():
            if before := self._before.get(name):
                self._after.setdefault(before, []).append(entry)
        self.standing = self._standing()

    def root_of(self, entry: Entry) -> str:
        """Return the id of what was first told, known or not; entries of one root are one thing."""
        name = entry.id
        while before := self._before.get(name):
            name = before
        return name

    def history_of(self, entry: Entry) -> list[Entry]:
        """Return every known entry about the same thing, oldest first."""
        root = self.root_of(entry)
        return [other for other in self.known.values() if self.root_of(other) == root]

    def current(self, name: str) -> list[Entry]:
        """Return what holds now of an entry: itself, or its latest corrections."""
        below = self._below(name)
        return [entry for entry in self.standing if entry.id in below]

    def forks(self) -> list[Fork]:
        """Return the entries that were corrected in several ways which do not agree."""
        forks = []
        for children in self._after.values():
            holding = [entry for child in children for entry in self.current(child.id)]
            bodies = {_bytes(entry.body) for entry in holding}
            taken_back = any(child.body is None for child in children)
            if holding and (len(bodies) > 1 or taken_back) and len(children) > 1:
                forks.append(Fork(tuple(holding), taken_back and len(bodies) == 1))
        return forks

    def _below(self, name: str) -> set[str]:
        found, queue = {name}, [name]
        while queue:
            for entry in self._after.get(queue.pop(), ()):
                found.add(entry.id)
                queue.append(entry.id)
        return found

    def _standing(self) -> list[Entry]:
        """Return what holds; the same correction made twice holds once."""
        held: dict[tuple[str, bytes], Entry] = {}
        for entry in self.known.values():
            if entry.body is not None and entry.id not in self._after:
                held.setdefault((self.root_of(entry), _bytes(entry.body)), entry)
        return list(held.values())


def _by_id(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Return each entry once by its id, oldest first; of two with one id, the later made."""
    ordered = sorted(entries, key=lambda entry: (told_order(entry), _bytes(entry)))
    latest = {entry.id: entry for entry in ordered}
    return {entry.id: entry for entry in ordered if latest[entry.id] is entry}


def _without_loops(known: dict[str, Entry]) -> dict[str, str]:
    """Return what each entry replaces; of entries that replace each other, the oldest does not."""
    before: dict[str, str] = {}
    for name, entry in reversed(known.items()):
        reached = entry.replaces
        while reached != name and reached in before:
            reached = before[reached]
        if entry.replaces and reached != name:
            before[name] = entry.replaces
    return before


def _bytes(value: object) -> bytes:
    return msgspec.json.encode(value, order="deterministic")
