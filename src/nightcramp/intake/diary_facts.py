"""What a diary answers of the interview: only counts, and only where every night is logged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from nightcramp.intake.reading import Reading
from nightcramp.language import gettext as _
from nightcramp.person.fact import Fact, Provenance
from nightcramp.person.night import Night

MONTH = 28
FILE = "diary"


def with_diary(
    readings: Sequence[Reading], nights: Iterable[Night], as_of: dt.date
) -> list[Reading]:
    """Return the readings, and one of the diary for what the person has not answered."""
    answered = {fact.id for reading in readings for fact in reading.facts if fact.kind == "answer"}
    facts = [fact for fact in facts_of_nights(nights, as_of) if fact.id not in answered]
    if not facts:
        return list(readings)
    return [*readings, Reading(file=FILE, format=FILE, as_of=as_of, facts=facts)]


def facts_of_nights(nights: Iterable[Night], as_of: dt.date) -> list[Fact]:
    """Return on how many of the last 28 nights there were cramps, and how many on such a night.

    Nothing where one of these nights is not logged: nobody knows then.
    """
    last = {as_of - dt.timedelta(days=day) for day in range(1, MONTH + 1)}
    counts = {night.evening: night.cramps for night in nights if night.evening in last}
    known = [count for count in counts.values() if count is not None]
    if len(known) < MONTH:
        return []
    bad = [count for count in known if count]
    facts = [_fact("nights_per_month", float(len(bad)))]
    if bad:
        facts.append(_fact("cramps_per_night", round(sum(bad) / len(bad), 1)))
    return facts


def _fact(name: str, value: float) -> Fact:
    at = _("last {count} nights").format(count=MONTH)
    counted = Provenance(file=FILE, at=at, note=_("counted, every night logged"))
    return Fact(kind="answer", id=name, value=value, provenance=counted)
