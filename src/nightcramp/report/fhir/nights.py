"""Nights as observations: how many cramps from noon to noon, and what belongs to the day.

A night that is not logged has no observation of cramps; one without a cramp has the value 0.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Any

from nightcramp.diary.clock import DAY, NOON, moment_at, zone_named
from nightcramp.diary.entry import Entry
from nightcramp.diary.nights import CRAMPS, evening_told
from nightcramp.diary.wording import cramps_in_words, name_in_words, value_in_words
from nightcramp.intake.fhir import canonical as ours
from nightcramp.knowledge.schema import Measure
from nightcramp.language import gettext as _
from nightcramp.person.fact import Provenance
from nightcramp.person.night import Night
from nightcramp.report.fhir.diary import zone_beside
from nightcramp.report.fhir.elements import (
    Json,
    clean,
    coding,
    concept,
    filled,
    meta,
    narrative,
    note,
    quantity,
    reference,
    resource,
    told_extension,
)
from nightcramp.report.fhir.scope import Writing


def night_resources(writing: Writing, told: dict[str, Json]) -> Iterator[Json]:
    """Yield the observations of all nights; `told`: the resources of entries, by entry id."""
    by_evening: dict[dt.date, list[Entry]] = {}
    for entry in writing.exported.entries:
        if evening := evening_told(entry):
            by_evening.setdefault(evening, []).append(entry)
    for night in writing.exported.nights:
        entries = by_evening.get(night.evening, [])
        yield from _Night(writing, night, entries, told).resources()


class _Night:
    """One night while it is written."""

    def __init__(
        self, writing: Writing, night: Night, entries: list[Entry], told: dict[str, Json]
    ) -> None:
        self.writing = writing
        self.night = night
        self.sources = [told[entry.id] for entry in entries]
        zone = entries[-1].zone if entries else writing.exported.zone
        self.period = _noon_to_noon(night.evening, zone)

    def resources(self) -> Iterator[Json]:
        if self.night.cramps is not None:
            yield self._cramps(self.night.cramps)
        for key, value in self.night.values.items():
            yield self._value(key, value)
        for (evening, file), text in self.writing.exported.notes_of_imports.items():
            if evening == self.night.evening and clean(text).strip():
                yield self._note(file, text)

    def _cramps(self, count: int) -> Json:
        title = _("cramps in the night")
        return self._observation(
            CRAMPS,
            text=narrative(cramps_in_words(count)),
            code=concept(coding(ours.DIARY_CODE, ours.COUNT, title)),
            valueInteger=count,
            note=note(*self.night.conflicts),
        )

    def _value(self, key: str, value: float) -> Json:
        measures = self.writing.knowledge.measures
        measure = measures.get(key)
        words = f"{name_in_words(key, measures)}: {value_in_words(key, value, measures)}"
        code = _code(measure) if measure else concept(coding(ours.DIARY_CODE, ours.NAMED), text=key)
        return self._observation(key, text=narrative(words), code=code, **_amount(measure, value))

    def _note(self, file: str, text: str) -> Json:
        return self._observation(
            f"note\x1f{file}",
            origin=file,
            text=narrative(text),
            code=concept(coding(ours.DIARY_CODE, ours.NOTE, _("note"))),
            valueString=clean(text),
        )

    def _observation(self, key: str, *, origin: str | None = None, **parts: Any) -> Json:
        """Return one observation: derived from entries, or where it was imported from."""
        if origin is None:
            origin = self.night.origins.get(key, "")
        own = not origin
        imported = told_extension(Provenance(file=origin, at=""), file=True)
        make = partial(
            resource,
            "Observation",
            self.writing.names.of("night", self.night.evening, key),
            meta=meta("derived" if own and self.sources else "night"),
            extension=[] if own else imported,
            status="final",
            subject=self.writing.subject,
            effectivePeriod=self.period,
            performer=[self.writing.subject] if own else [],
            derivedFrom=[reference(source) for source in self.sources] if own else [],
        )
        return make(**parts)


def _noon_to_noon(evening: dt.date, zone: str) -> Json:
    """Return the night from noon to noon, by the wall clock of its place."""
    info, beside = zone_named(zone), zone_beside(zone)
    start, end = (
        moment_at(dt.datetime.combine(day, NOON), info).isoformat()
        for day in (evening, evening + DAY)
    )
    return filled(start=start, _start=beside, end=end, _end=beside)


def _code(measure: Measure) -> Json:
    codes = [coding(ours.LOINC, code) for code in measure.loinc[:1]]
    return concept(*codes, coding(ours.MEASURE, measure.id, measure.label), text=measure.label)


def _amount(measure: Measure | None, value: float) -> Json:
    if measure and measure.kind == "yes_no" and value in (0, 1):
        return {"valueBoolean": bool(value)}
    return {"valueQuantity": quantity(value, measure.unit if measure else "")}
