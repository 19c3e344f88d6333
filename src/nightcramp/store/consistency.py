"""Whether the records of an archive fit together: everything belongs to something, once."""

from __future__ import annotations

import re
from collections import Counter

from nightcramp.store.records import (
    EntryRecord,
    FactRecord,
    FindingsRecord,
    ImportRecord,
    Kept,
    NightRecord,
    OfTrial,
    PersonRecord,
    TrialRecord,
    sha256_of,
)
from nightcramp.trial.lock import TRIAL_ID

ENTRY_ID = re.compile(r"[0-9a-f]{32}")
KEY = re.compile(r"[0-9a-f]{32}")
LONGEST_NAME = 60
MOST_NUMBER = 2**31 - 1


def fault_of_name(name: str) -> str:
    """Return what is wrong with a person's name, "" for nothing."""
    if not name.strip() or name != name.strip():
        return "a name needs letters, and no spaces around them"
    if len(name) > LONGEST_NAME:
        return f"a name has at most {LONGEST_NAME} letters"
    if not name.isprintable():
        return "a name is of letters that can be printed"
    return ""


class Consistency:
    """Takes records in their order and says what does not fit."""

    def __init__(self) -> None:
        self._people: set[str] = set()
        self._imports: dict[int, ImportRecord] = {}
        self._seen: set[tuple[object, ...]] = set()
        self._facts: Counter[int] = Counter()
        self._nights: Counter[int] = Counter()

    def fault_of(self, record: Kept) -> str:
        """Return what is wrong with a record after those before it, "" for nothing."""
        if isinstance(record, PersonRecord):
            return self._fault_of_person(record)
        if isinstance(record, ImportRecord):
            return self._fault_of_import(record)
        if isinstance(record, FactRecord | NightRecord):
            return self._fault_of_part(record)
        if isinstance(record, OfTrial):
            return self._nobodys(record.person) or self._fault_of_trial(record)
        return self._fault_of_owned(record)

    def fault_at_end(self) -> str:
        """Return what is missing after the last record, "" for nothing."""
        for number, record in self._imports.items():
            found = (self._facts[number], self._nights[number])
            if found != (record.facts, record.nights):
                return (
                    f"import {number} brought {record.facts} facts and {record.nights} nights, "
                    f"but {found[0]} and {found[1]} are here"
                )
        return "" if self._people else "nobody is in it"

    def _fault_of_person(self, record: PersonRecord) -> str:
        if not KEY.fullmatch(record.key):
            return "the key of a person is 32 hexadecimal digits"
        self._people.add(record.key)
        twice = self._twice("person", record.key) or self._twice("person called", record.name)
        return fault_of_name(record.name) or twice

    def _fault_of_import(self, record: ImportRecord) -> str:
        if not 0 < record.number <= MOST_NUMBER:
            return "an import has a number from 1"
        self._imports[record.number] = record
        twice = self._twice("import", record.number)
        return self._nobodys(record.person) or twice or self._twice(record.person, record.sha256)

    def _fault_of_part(self, record: FactRecord | NightRecord) -> str:
        if record.number not in self._imports:
            return f"there is no import {record.number}"
        if isinstance(record, FactRecord):
            self._facts[record.number] += 1
            if not 0 <= record.place <= MOST_NUMBER:
                return "a fact has a place from 0"
            return self._twice("fact", record.number, record.place)
        self._nights[record.number] += 1
        return self._twice("night", record.number, record.night.evening)

    def _fault_of_trial(self, record: OfTrial) -> str:
        if isinstance(record, TrialRecord):
            if not TRIAL_ID.fullmatch(record.trial):
                return "the id of a trial is of small letters, digits, - and _"
            if sha256_of(record.protocol) != record.sha256:
                return f"the protocol of trial {record.trial} is not the one that was locked"
            return self._twice("trial", record.person, record.trial)
        known = ("trial", record.person, record.trial) in self._seen
        return "" if known else f"there is no trial {record.trial[:60]!r}"

    def _fault_of_owned(self, record: EntryRecord | FindingsRecord) -> str:
        if isinstance(record, EntryRecord):
            if not ENTRY_ID.fullmatch(record.entry.id):
                return "the id of an entry is 32 hexadecimal digits"
            return self._nobodys(record.person) or self._twice(
                "entry", record.person, record.entry.id
            )
        return self._nobodys(record.person)

    def _nobodys(self, key: str) -> str:
        return "" if key in self._people else "it belongs to nobody in the archive"

    def _twice(self, *what: object) -> str:
        if what in self._seen:
            return f"this {what[0]} is there twice"
        self._seen.add(what)
        return ""
