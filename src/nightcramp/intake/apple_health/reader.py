"""Reads one Apple Health export into facts, nights and an account of the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from nightcramp.errors import InputError
from nightcramp.intake.apple_health.archive import Export, open_export
from nightcramp.intake.apple_health.clinical import KIND as CLINICAL
from nightcramp.intake.apple_health.clinical import merge_account, read_clinical
from nightcramp.intake.apple_health.facts import LOCATED, Person, PersonFacts
from nightcramp.intake.apple_health.nights import Nights, Read, short
from nightcramp.intake.apple_health.sources import BAD_DATE, Count
from nightcramp.intake.apple_health.stream import (
    TAG,
    Attributes,
    EntryStream,
    MendableError,
    Progress,
)
from nightcramp.intake.reading import Account, Reading
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import noted

FORMAT = "apple_health"
MOST_KINDS = 1000
NOT_USED = noted("not used: nothing about cramps is known of it")
REASONS = {
    "HKCategoryTypeIdentifierAbdominalCramps": noted("cramps of the belly are not leg cramps"),
    "HKCategoryTypeIdentifierAppleStandHour": noted("the minutes on the feet are used instead"),
    "HKQuantityTypeIdentifierBasalEnergyBurned": noted(
        "energy at rest; only active energy is used"
    ),
    "Correlation": noted("its records stand once more on their own"),
}


def read_apple_health(
    path: Path,
    knowledge: Knowledge,
    as_of: dt.date | None = None,
    progress: Progress | None = None,
) -> Reading:
    """Return what an export (zip, folder or export.xml) says; raises InputError, all or nothing.

    `as_of`: the date to count back from, else that of the export, else of its newest record.
    `progress` is called with (bytes read, bytes in all).
    """
    export = open_export(path)
    try:
        content = _read(export, knowledge, progress, mended=False)
    except MendableError:
        content = _read(export, knowledge, progress, mended=True)
    return content.reading(export, as_of)


def _read(
    export: Export, knowledge: Knowledge, progress: Progress | None, *, mended: bool
) -> _Content:
    content = _Content(knowledge)
    source = EntryStream(export.where, LOCATED, mended=mended)
    try:
        with export.open() as stream:
            for records, others in source.entries(stream, export.size, progress):
                content.take(records, others)
    except OSError as error:
        fault = _("cannot be read: {fault}").format(fault=error.strerror)
        raise InputError(fault, where=export.where) from None
    return content


class _Content:
    """Sorts the entries of one export to those who read them, and keeps the account."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.account = Account()
        self.nights = Nights(knowledge)
        self.person = Person(self.nights.clock)
        self.exported = ""
        self.clinical = 0
        self._last_kind = ""
        self._readers: dict[str, Read] = {
            **self.nights.readers,
            **dict.fromkeys(LOCATED, self.person.read),
        }

    def take(self, records: list[Attributes], others: list[Attributes]) -> None:
        """Take in one piece of the file; runs of one type are read together."""
        for entry in others:
            self._take_other(entry)
        for kind, run in groupby(records, key=itemgetter("type")):
            if kind != self._last_kind:
                self.nights.pack(self._last_kind)
                self._last_kind = kind
            self._take_run(kind, list(run))

    def _take_run(self, kind: str, records: list[Attributes]) -> None:
        name = short(kind)
        if name not in self.account.read and len(self.account.read) >= MOST_KINDS:
            name = noted("other types")
        self.account.read[name] += len(records)
        read = self._readers.get(kind)
        if read is None:
            self._leave_out(name, REASONS.get(kind, NOT_USED), len(records))
            return
        self.account.used[name] += len(records)

        read(records, self._counter(name))

    def _counter(self, name: str) -> Count:
        """Return what moves records of a kind from the used to the unused."""

        def leave_out(reason: str, count: int) -> None:
            self.account.used[name] -= count
            self._leave_out(name, reason, count)

        return leave_out

    def _leave_out(self, name: str, reason: str, count: int) -> None:
        self.account.leave_out(name, reason)
        self.account.unused[name][reason] += count - 1

    def _take_other(self, entry: Attributes) -> None:
        tag = entry[TAG]
        if tag == "ExportDate":
            self.exported = entry.get("value", "")
            self.nights.clock.learn(self.exported)
        elif tag == CLINICAL:
            self.clinical += 1
        else:
            self._take_counted(tag, entry)

    def _take_counted(self, tag: str, entry: Attributes) -> None:
        readers: dict[str, Callable[[Attributes], str | None]] = {
            "Me": self.person.read_me,
            "Workout": self.nights.read_workout,
            "ActivitySummary": self.nights.read_summary,
        }
        name = short(tag)
        if name not in self.account.read and len(self.account.read) >= MOST_KINDS:
            name = noted("other types")
        self.account.read[name] += 1
        reason = readers[tag](entry) if tag in readers else REASONS.get(tag, NOT_USED)
        if reason:
            self.account.leave_out(name, reason)
        else:
            self.account.used[name] += 1

    def reading(self, export: Export, as_of: dt.date | None) -> Reading:
        """Return everything as one reading."""
        file, account = str(export.path), self.account
        as_of, nights = self.nights.join(account, file, as_of or self._export_date())
        facts = list(PersonFacts(self.person, self.knowledge, file, as_of, account).facts(nights))
        records = read_clinical(export, self.clinical, self.knowledge, as_of, account)
        if records is not None:
            facts += records.facts
            nights += records.nights
            merge_account(account, records.account)
        account.used = +account.used
        return Reading(
            file=file, format=FORMAT, as_of=as_of, facts=facts, nights=nights, account=account
        )

    def _export_date(self) -> dt.date | None:
        if not self.exported:
            return None
        try:
            return dt.date.fromordinal(self.nights.clock.days[self.exported[:10]])
        except ValueError:
            self.account.leave_out("ExportDate", BAD_DATE)
            return None
