"""Whether the records of an archive fit together: everything belongs to something, once."""

from __future__ import annotations

import re
from collections import Counter

from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.store.records import (
    EntryRecord,
    FactRecord,
    FindingsRecord,
    ImportRecord,
    Kept,
    NightRecord,
    OfTrial,
    PersonRecord,
    StoryRecord,
    TrialRecord,
    sha256_of,
)
from nightcramp.trial.lock import TRIAL_ID

ENTRY_ID = re.compile(r"[0-9a-f]{32}")
KEY = re.compile(r"[0-9a-f]{32}")
LONGEST_NAME = 60
MOST_NUMBER = 2**31 - 1


TWICE = {
    "person": noted("this person is there twice"),
    "person called": noted("this person called is there twice"),
    "import": noted("this import is there twice"),
    "fact": noted("this fact is there twice"),
    "night": noted("this night is there twice"),
    "trial": noted("this trial is there twice"),
    "entry": noted("this entry is there twice"),
}


def fault_of_name(name: str) -> str:
    """Return what is wrong with a person's name, "" for nothing."""
    if not name.strip() or name != name.strip():
        return _("a name needs letters, and no spaces around them")
    if len(name) > LONGEST_NAME:
        return _("a name has at most {most} letters").format(most=LONGEST_NAME)
    if not name.isprintable():
        return _("a name is of letters that can be printed")
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
                return _(
                    "import {number} brought {facts} facts and {nights} nights, "
                    "but {facts_here} and {nights_here} are here"
                ).format(
                    number=number,
                    facts=record.facts,
                    nights=record.nights,
                    facts_here=found[0],
                    nights_here=found[1],
                )
        return "" if self._people else _("nobody is in it")

    def _fault_of_person(self, record: PersonRecord) -> str:
        if not KEY.fullmatch(record.key):
            return _("the key of a person is 32 hexadecimal digits")
        self._people.add(record.key)
        twice = self._twice("person", record.key) or self._twice("person called", record.name)
        return fault_of_name(record.name) or twice

    def _fault_of_import(self, record: ImportRecord) -> str:
        if not 0 < record.number <= MOST_NUMBER:
            return _("an import has a number from 1")
        self._imports[record.number] = record
        twice = self._twice("import", record.number)
        return self._nobodys(record.person) or twice or self._twice(record.person, record.sha256)

    def _fault_of_part(self, record: FactRecord | NightRecord) -> str:
        if record.number not in self._imports:
            return _("there is no import {number}").format(number=record.number)
        if isinstance(record, FactRecord):
            self._facts[record.number] += 1
            if not 0 <= record.place <= MOST_NUMBER:
                return _("a fact has a place from 0")
            return self._twice("fact", record.number, record.place)
        self._nights[record.number] += 1
        return self._twice("night", record.number, record.night.evening)

    def _fault_of_trial(self, record: OfTrial) -> str:
        if isinstance(record, TrialRecord):
            if not TRIAL_ID.fullmatch(record.trial):
                return _("the id of a trial is of small letters, digits, - and _")
            if sha256_of(record.protocol) != record.sha256:
                changed = _("the protocol of trial {trial} is not the one that was locked")
                return changed.format(trial=record.trial)
            return self._twice("trial", record.person, record.trial)
        known = ("trial", record.person, record.trial) in self._seen
        return "" if known else _("there is no trial {trial!r}").format(trial=record.trial[:60])

    def _fault_of_owned(self, record: EntryRecord | FindingsRecord | StoryRecord) -> str:
        if isinstance(record, EntryRecord):
            if not ENTRY_ID.fullmatch(record.entry.id):
                return _("the id of an entry is 32 hexadecimal digits")
            return self._nobodys(record.person) or self._twice(
                "entry", record.person, record.entry.id
            )
        return self._nobodys(record.person)

    def _nobodys(self, key: str) -> str:
        return "" if key in self._people else _("it belongs to nobody in the archive")

    def _twice(self, *what: object) -> str:
        if what in self._seen:
            other = _("this {what} is there twice").format(what=what[0])
            return _(TWICE[str(what[0])]) if what[0] in TWICE else other
        self._seen.add(what)
        return ""
