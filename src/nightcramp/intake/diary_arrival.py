"""Takes in entries that were made elsewhere, on a phone without connection: each exactly once."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from nightcramp.diary.clock import zone_named
from nightcramp.diary.entry import Cramp, Entry, Told
from nightcramp.diary.wording import MEDICINE, OWN, TRIAL
from nightcramp.errors import InputError
from nightcramp.intake.diary_words import LONGEST_CRAMP, LONGEST_NAME, LONGEST_NOTE, MOST_VALUE
from nightcramp.intake.spreadsheet.cells import MOST_CRAMPS
from nightcramp.knowledge.schema import Measure
from nightcramp.language import gettext as _
from nightcramp.store.database import Store
from nightcramp.store.entries import add_entries

YEARS = range(1990, 2101)
MOST_TOLD = 100
"""So many values, medicines or places one entry holds at most."""
AHEAD = dt.timedelta(minutes=5)
"""A clock may be ahead by so much before it is said."""
NAMED = (MEDICINE, OWN, TRIAL)


class Arrival(Struct, frozen=True, kw_only=True):
    """What became of one entry that arrived, and what is to be said of it."""

    id: str
    became: Literal["added", "there", "refused"]
    said: str = ""


def take_in(
    store: Store, entries: Sequence[Entry], now: dt.datetime, measures: Mapping[str, Measure]
) -> list[Arrival]:
    """Add entries, each by itself, and return for each what became of it, in their order.

    One that is refused keeps no other out. One made by a clock that is ahead is added as it is.
    """
    faults = [fault_of(entry, measures) for entry in entries]
    sound = [entry for entry, fault in zip(entries, faults, strict=True) if not fault]
    added = iter(_added(store, sound))
    return [
        Arrival(id=entry.id, became="refused", said=fault)
        if fault
        else _arrival(entry, next(added), now)
        for entry, fault in zip(entries, faults, strict=True)
    ]


def fault_of(entry: Entry, measures: Mapping[str, Measure]) -> str:
    """Return why an entry cannot stand in a diary, "" where it can."""
    return next(_faults(entry, measures), "")


def _added(store: Store, entries: Sequence[Entry]) -> list[bool | str]:
    """Return for each entry whether it was new, or why it was refused."""
    try:
        return list(add_entries(store, entries))
    except InputError as error:
        if len(entries) == 1:
            return [error.message]
    half = len(entries) // 2
    return [*_added(store, entries[:half]), *_added(store, entries[half:])]


def _arrival(entry: Entry, added: bool | str, now: dt.datetime) -> Arrival:
    if isinstance(added, str):
        return Arrival(id=entry.id, became="refused", said=added)
    ahead = entry.made_at - now > AHEAD
    said = _("The clock of this phone is ahead. What it told is kept with its own time.")
    return Arrival(
        id=entry.id, became="added" if added else "there", said=said if ahead and added else ""
    )


def _faults(entry: Entry, measures: Mapping[str, Measure]) -> Iterator[str]:
    try:
        zone_named(entry.zone)
    except InputError as error:
        yield error.message
    if not _is_moment(entry.made_at):
        yield _("it does not say when it was made")
    if entry.body is None and not entry.replaces:
        yield _("it tells nothing")
    if isinstance(entry.body, Cramp):
        yield from _faults_of_cramp(entry.body)
    elif isinstance(entry.body, Told):
        yield from _faults_of_night(entry.body, measures)


def _faults_of_cramp(cramp: Cramp) -> Iterator[str]:
    if not _is_moment(cramp.at):
        yield _("it does not say when the cramp was")
    if cramp.pain is not None and not 0 <= cramp.pain <= 10:
        yield _("pain goes from 0 to 10")
    if cramp.minutes is not None and not 0 < cramp.minutes <= LONGEST_CRAMP:
        yield _("a cramp does not last that long")
    if max(len(cramp.muscles), len(cramp.relief)) > MOST_TOLD or not _is_note(cramp.note):
        yield _("it tells more than an entry holds")


def _faults_of_night(told: Told, measures: Mapping[str, Measure]) -> Iterator[str]:
    if told.evening.year not in YEARS:
        yield _("there is no such night")
    if told.cramps is not None and not 0 <= told.cramps <= MOST_CRAMPS:
        yield _("that is no number of cramps")
    if max(len(told.values), len(told.medicines)) > MOST_TOLD or not _is_note(told.note):
        yield _("it tells more than an entry holds")
    if not all(_is_value(key, value, measures) for key, value in told.values.items()):
        yield _("it holds a value that cannot be")
    named = (text for medicine in told.medicines for text in (medicine.name, medicine.dose))
    if not all(len(text) <= LONGEST_NAME and text.isprintable() for text in named):
        yield _("it names a medicine in a way that cannot be kept")


def _is_moment(moment: dt.datetime) -> bool:
    return moment.tzinfo is not None and moment.year in YEARS


def _is_note(text: str) -> bool:
    return len(text) <= LONGEST_NOTE and "\0" not in text


def _is_value(key: str, value: float, measures: Mapping[str, Measure]) -> bool:
    if key in measures:
        low, high = measures[key].plausible
        return low <= value <= high
    named = key.startswith(NAMED) and key.isprintable() and len(key) <= 2 * LONGEST_NAME
    return named and math.isfinite(value) and abs(value) <= MOST_VALUE
