"""Gathers what an export holds: from the person's own store, or from files."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from nightcramp.assess.assessment import Assessment, assess
from nightcramp.diary.corrections import standing
from nightcramp.diary.nights import file_of, nights_of
from nightcramp.errors import InputError
from nightcramp.intake.formats import read_any
from nightcramp.intake.merge import merged
from nightcramp.intake.reading import Reading
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import gettext as _
from nightcramp.person.facts import Facts
from nightcramp.person.night import Night
from nightcramp.report.fhir.scope import Exported

if TYPE_CHECKING:
    from nightcramp.intake.own_record import OwnRecord
    from nightcramp.store.database import Store

RECORDS = frozenset({"fhir", "apple_health"})
"""Formats of files that are not the person's own word."""


def of_store(
    store: Store, now: dt.datetime, as_of: dt.date | None = None, *, named: bool = False
) -> Exported:
    """Return what the store holds of its person; `named`: with the name it knows them by.

    Raises InputError where there is nothing yet.
    """
    from nightcramp.intake.own_record import own_record
    from nightcramp.store.entries import all_entries
    from nightcramp.store.trials import latest_verdicts

    record = own_record(store)
    date = as_of or now.date()
    if not (record.readings or record.nights or record.trials):
        raise InputError(
            _("there is nothing to write yet"),
            hint=_("Give a story file, `nightcramp import` your records, or keep a diary."),
        )
    told = merged(record.readings, date) if record.readings else Facts(knowledge(), [])
    return Exported(
        whose=store.who.key,
        knowledge=knowledge(),
        as_of=date,
        now=now,
        zone=_zone(),
        facts=told.all,
        entries=standing(all_entries(store)),
        nights=record.nights,
        notes_of_imports=_notes([one.nights for one in record.imported]),
        assessment=_assessed(record, date),
        findings=record.kept[1] if record.kept else None,
        verdicts=list(latest_verdicts(record.trials)),
        sources=_sources(record.readings),
        records=_records(record.readings),
        name=store.who.name if named else "",
    )


def of_files(files: Sequence[Path], now: dt.datetime, as_of: dt.date | None = None) -> Exported:
    """Return what files hold of one person; raises InputError for one that cannot be read."""
    known = knowledge()
    readings = [read_any(known, path, as_of=as_of) for path in files]
    date = as_of or max(reading.as_of for reading in readings)
    facts = merged(readings, date)
    entries = standing(entry for reading in readings for entry in reading.entries)
    brought = [reading.nights for reading in readings]
    content = msgspec.json.encode([facts.all, entries, brought], order="deterministic")
    return Exported(
        whose=hashlib.sha256(content).hexdigest(),
        knowledge=known,
        as_of=date,
        now=now,
        zone=_zone(),
        facts=facts.all,
        entries=entries,
        nights=nights_of(entries, brought, known.measures),
        notes_of_imports=_notes(brought),
        assessment=assess(facts, questions=0) if facts.all else None,
        sources=_sources(readings),
        records=_records(readings),
    )


def _assessed(record: OwnRecord, date: dt.date) -> Assessment | None:
    """Return the assessment of everything told, logged and tried; None of nothing but nights."""
    try:
        return assess(record.facts(date), questions=0)
    except InputError:
        return None


def _zone() -> str:
    """Return the time zone of this machine; UTC where it has none."""
    from nightcramp.intake.diary_clock import machine_zone

    try:
        return machine_zone()
    except InputError:
        return "UTC"


def _sources(readings: Sequence[Reading]) -> list[str]:
    return list(dict.fromkeys(Path(reading.file).name for reading in readings))


def _records(readings: Sequence[Reading]) -> frozenset[str]:
    return frozenset(reading.file for reading in readings if reading.format in RECORDS)


def _notes(brought: Sequence[Sequence[Night]]) -> dict[tuple[dt.date, str], str]:
    """Return the notes of imported nights by evening and file."""
    notes: dict[tuple[dt.date, str], list[str]] = defaultdict(list)
    for night in (night for nights in brought for night in nights):
        if night.note:
            notes[night.evening, file_of(night)].append(night.note)
    return {key: "; ".join(dict.fromkeys(texts)) for key, texts in notes.items()}
