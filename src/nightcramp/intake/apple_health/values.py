"""Values that are not added up (weight, heart rate): a small row a night and rank of source."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from nightcramp.intake.apple_health.clock import DAY, Clock
from nightcramp.intake.apple_health.sleep import NOON
from nightcramp.intake.apple_health.sources import (
    BAD_DATE,
    Count,
    Sources,
    factors_of,
    fault_of,
)
from nightcramp.intake.apple_health.stream import ZONE, Attributes
from nightcramp.knowledge.schema import Measure
from nightcramp.language import noted

NIGHT_ENDS = 6 * 60
"""A heart rate counts for the night from midnight to this minute of the local clock."""

BY_DAY = noted("by day: only the night's heart rate is used")
_DAY_HOURS = frozenset(f"{hour:02}" for hour in range(NIGHT_ENDS // 60, 24))
ALL_DAY = "HKQuantityTypeIdentifierHeartRate"
_COUNT, _SUM, _MOST, _LEAST, _AT, _LAST = range(6)
_RANKS = 3


class Values:
    """The values of one record type, for all measures made of it."""

    def __init__(self, measures: list[Measure], clock: Clock, sources: Sources) -> None:
        self.measures = measures
        self._clock = clock
        self._sources = sources
        self._factors = factors_of(measures[0])
        self._by_night = measures[0].belongs == "night"
        self._only_night = ALL_DAY in measures[0].healthkit
        self._fraction = measures[0].unit == "%"
        self._rows: dict[int, array[float]] = {}

    def read(self, records: list[Attributes], leave_out: Count) -> None:
        """Take in records of this type, in any order."""
        if self._only_night and not self._clock.twelve_hours:
            count = len(records)
            records = [r for r in records if _may_be_night(r)]
            if len(records) < count:
                leave_out(BY_DAY, count - len(records))
        for record in records:
            try:
                reason = self._read(record)
            except (KeyError, ValueError):
                reason = fault_of(record, self._factors, self._sources) or BAD_DATE
            if reason:
                leave_out(reason, 1)

    def _read(self, record: Attributes) -> str:
        """Take in one record; return why not, or raise KeyError or ValueError."""
        value = float(record["value"]) * self._factors[record.get("unit", "")]
        if not 0.0 <= value < 1e9:
            raise ValueError
        if self._fraction and value <= 1.0:
            value *= 100.0
        at = self._clock.local(record["startDate"], record.get(ZONE, ""))
        if self._only_night and at % DAY >= NIGHT_ENDS:
            return BY_DAY
        evening = (at - NOON if self._by_night else at) // DAY
        rank = self._sources[record["sourceName"], record.get("device")][0]
        self._row(evening * _RANKS + rank, at, value)
        return ""

    def _row(self, key: int, at: int, value: float) -> None:
        row = self._rows.get(key)
        if row is None:
            self._rows[key] = array("d", (1.0, value, value, value, at, value))
            return
        row[_COUNT] += 1.0
        row[_SUM] += value
        row[_MOST] = max(row[_MOST], value)
        row[_LEAST] = min(row[_LEAST], value)
        if at >= row[_AT]:
            row[_AT], row[_LAST] = at, value

    def nights(self) -> Iterator[tuple[int, list[tuple[str, float]]]]:
        """Yield (evening, (measure id, value) of each measure), from the source nearest the body.

        A `last` value is the last of any source: scales are apps. Each night is given once.
        """
        for evening in sorted({key // _RANKS for key in self._rows}):
            keys = range(evening * _RANKS, (evening + 1) * _RANKS)
            rows = [self._rows.pop(key) for key in keys if key in self._rows]
            latest = max(rows, key=lambda row: row[_AT])
            yield (
                evening,
                [
                    (m.id, _joined(m.joins, latest if m.joins == "last" else rows[0]))
                    for m in self.measures
                ],
            )


def _may_be_night(record: Attributes) -> bool:
    """Return whether a stamp is before six, in another zone, or none at all."""
    return record.get("startDate", "")[11:13] not in _DAY_HOURS or ZONE in record


def _joined(joins: str, row: array[float]) -> float:
    if joins == "mean":
        return row[_SUM] / row[_COUNT]
    return row[{"most": _MOST, "least": _LEAST, "last": _LAST}[joins]]
