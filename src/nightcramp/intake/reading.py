"""What one file gave: facts, nights, and an honest account of what was not used and why."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import msgspec
from msgspec import Struct, field

from nightcramp.diary.entry import Entry
from nightcramp.person.fact import DoseChange, Fact, LabResult, MedicineUse
from nightcramp.person.night import Night


class Account(Struct, kw_only=True):
    """Counts while a file is read: `read` and `used` by kind, `unused` by (kind, reason).

    Holds names of medicines and codes only where a person needs them to understand what was
    left out; never values.
    """

    read: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    unused: dict[str, Counter[str]] = field(default_factory=dict)
    unknown_medicines: Counter[str] = field(default_factory=Counter)
    to_ask: list[str] = field(default_factory=list)

    def leave_out(self, kind: str, reason: str) -> None:
        """Count one record of a kind that was not used, with the reason."""
        self.unused.setdefault(kind, Counter())[reason] += 1


class Reading(Struct, kw_only=True):
    """Everything one file gave. Times in the facts count back from `as_of`."""

    file: str
    format: str
    as_of: dt.date
    facts: list[Fact] = field(default_factory=list)
    nights: list[Night] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    """What the person told the diary, with the ids it was told under."""
    account: Account = field(default_factory=Account)
    mapping: str = ""
    """How the columns of a spreadsheet were read, in words."""


def moved(reading: Reading, as_of: dt.date) -> list[Fact]:
    """Return the facts with their times counted back from another date."""
    days = float((as_of - reading.as_of).days)
    return [_moved(fact, days) for fact in reading.facts] if days else list(reading.facts)


def _moved(fact: Fact, days: float) -> Fact:
    value = fact.value
    if isinstance(value, MedicineUse):
        value = msgspec.structs.replace(
            value,
            since_days=_plus(value.since_days, days),
            stopped_days=_plus(value.stopped_days, days),
            changes=tuple(
                DoseChange(direction=c.direction, days_ago=_plus(c.days_ago, days))
                for c in value.changes
            ),
        )
    elif isinstance(value, LabResult):
        value = msgspec.structs.replace(value, days_ago=_plus(value.days_ago, days))
    elif fact.id in {"onset", "recent_flare"} and isinstance(value, float):
        value = value + days
    return msgspec.structs.replace(fact, value=value)


def _plus(value: float | None, days: float) -> float | None:
    return None if value is None else value + days
