"""Adds up what several devices and apps counted, each moment once.

The method. Every source keeps its own sums by quarter of an hour of the civil day. In the end,
each quarter of an hour is taken from one source: the watch before the phone before other apps (as
the Health app itself ranks them), among equals the one that counted most that day. A source that
counted less than half of what another did in that quarter evidently saw only a part of it (the
watch was put on, the phone was picked up), and the larger is taken. A sum over three hours and
more (apps that write one total a day) says nothing about when; it stands in only where it is more
than everything finer. What one source is called decides which it is, not the device text: one
iPhone can carry dozens of these. Sums of different sources are never added for the same quarter.

Memory: one row of 97 numbers a measure, source and day with records, however many records. Exports
come sorted by type, so the rows of a type are packed when the next begins, and unpacked for good if
more of it follows.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from nightcramp.intake.apple_health.clock import DAY, Clock
from nightcramp.intake.apple_health.stream import ZONE, Attributes
from nightcramp.knowledge.schema import Measure
from nightcramp.language import gettext as _
from nightcramp.language import noted

Rank = Literal[0, 1, 2]
WATCH: Rank = 0
PHONE: Rank = 1
APP: Rank = 2
MOST_SOURCES = 64
QUARTER = 15
QUARTERS = DAY // QUARTER
LONG = 180
_EMPTY = bytes(4 * (QUARTERS + 1))
_MOST_REMEMBERED = 10_000

Source = tuple[Rank, str]
"""How near a source is to the body, and its name."""

Count = Callable[[str, int], None]
"""Called with a reason and the number of records that are not used for it."""

BAD_DATE = noted("a date that is no date, or not from 2000 to 2099")


class Sources(dict[tuple[str, str | None], Source]):
    """The source behind a record's `sourceName` and `device`; KeyError beyond 64 sources."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[Source] = set()

    def __missing__(self, key: tuple[str, str | None]) -> Source:
        name, device = key
        source = (rank_of(name, device or ""), name[:80])
        if source not in self.known and len(self.known) >= MOST_SOURCES:
            raise KeyError("source")
        self.known.add(source)
        if len(self) > _MOST_REMEMBERED:
            self.clear()
        self[key] = source
        return source


def rank_of(name: str, device: str) -> Rank:
    """Return whether a source is a watch, a phone or another app."""
    text = f"{name} {device}".lower()
    if "watch" in text:
        return WATCH
    return PHONE if any(word in text for word in ("iphone", "ipod", "ipad")) else APP


def best(amounts: Sequence[float]) -> float:
    """Return the first amount that is there, unless another is more than twice as large.

    `amounts` are those of the sources, the nearest to the body first; 0 is nothing counted.
    """
    first = next((amount for amount in amounts if amount > 0), 0.0)
    largest = max(amounts, default=0.0)
    return largest if largest > 2 * first else first


class Sums:
    """One measure added up by civil day, from all its sources."""

    def __init__(self, measure: Measure, clock: Clock, sources: Sources) -> None:
        self.measure = measure
        self._clock = clock
        self._sources = sources
        self.factors = factors_of(measure)
        self._rows: dict[Source, dict[int, array[float]]] = {}
        self._long: dict[Source, dict[int, float]] = {}
        self._packed: dict[Source, tuple[array[int], bytes]] = {}
        self._stays_open = False

    def read(self, records: list[Attributes], leave_out: Count) -> None:
        """Take in records of this measure, in any order."""
        days, minutes, sources = self._clock.days, self._clock.minutes, self._sources
        factors, tables = self.factors, self._rows
        for record in records:
            try:
                start, end = record["startDate"], record["endDate"]
                value = float(record["value"]) * factors[record["unit"]]
                first, last, date = minutes[start[11:16]], minutes[end[11:16]], start[:10]
                source = sources[record["sourceName"], record.get("device")]
                row = tables[source][days[date]]
            except (KeyError, ValueError):
                self._read_slowly(record, leave_out)
                continue
            if (
                not 0 <= last - first < LONG
                or end[:10] != date
                or not 0.0 <= value < 1e9
                or ZONE in record
            ):
                self._read_slowly(record, leave_out)
                continue
            row[QUARTERS] += 1.0
            place = first // QUARTER
            if last <= place * QUARTER + QUARTER:
                row[place] += value
            else:
                _spread(row, first, last, value)

    def _read_slowly(self, record: Attributes, leave_out: Count) -> None:
        """Read a record that the quick way cannot, or say why it is not used."""
        reason = fault_of(record, self.factors, self._sources)
        if not reason:
            try:
                self._read_anywhere(record)
            except (KeyError, ValueError):
                reason = BAD_DATE
        if reason:
            leave_out(reason, 1)

    def _read_anywhere(self, record: Attributes) -> None:
        """Read a record of any zone and length; KeyError, ValueError for no time."""
        zone = record.get(ZONE, "")
        start = self._clock.local(record["startDate"], zone)
        end = self._clock.local(record["endDate"], zone)
        value = float(record["value"]) * self.factors[record.get("unit", "")]
        source = self._sources[record["sourceName"], record.get("device")]
        if end - start >= LONG:
            totals = self._long.setdefault(source, {})
            totals[start // DAY] = totals.get(start // DAY, 0.0) + value
        else:
            self.add(source, start, end, value)

    def pack(self) -> None:
        """Pack the rows, as no more records of this type are likely to come."""
        if self._stays_open or self._packed:
            return
        for source, table in self._rows.items():
            rows = b"".join(row.tobytes() for row in table.values())
            self._packed[source] = array("l", table), zlib.compress(rows, 1)
            self._rows[source] = {}

    def _unpack(self, source: Source) -> None:
        days, packed = self._packed.pop(source)
        rows = zlib.decompress(packed)
        size = len(_EMPTY)
        self._rows[source] = {
            day: array("f", rows[number * size : (number + 1) * size])
            for number, day in enumerate(days)
        }

    def add(self, source: Source, start: int, end: int, value: float) -> None:
        """Spread an amount evenly over the local minutes from start to end."""
        if self._packed:
            self._open()
        table = self._rows.setdefault(source, {})
        end = max(end, start)
        length = (end - start) or 1
        for day in range(start // DAY, max(end - 1, start) // DAY + 1):
            row = table.get(day)
            if row is None:
                row = table[day] = array("f", _EMPTY)
            first, last = max(start - day * DAY, 0), min(end - day * DAY, DAY)
            _spread(row, first, last, value * ((last - first) or 1) / length)
            row[QUARTERS] += day == start // DAY

    def _open(self) -> None:
        """Unpack everything, never to be packed again."""
        for source in list(self._packed):
            self._unpack(source)
        self._stays_open = True

    def days(self) -> Iterator[tuple[int, float, list[str], int]]:
        """Yield (day, sum, names of the sources used, records that another source outdid).

        Each day is given once and forgotten, so that memory goes from here to who takes it.
        """
        self._open()
        tables: list[Iterable[int]] = [*self._rows.values(), *self._long.values()]
        for day in sorted({day for table in tables for day in table}):
            total, names, outdone = self._merged(day)
            yield day, total, names, outdone

    def _merged(self, day: int) -> tuple[float, list[str], int]:
        rows = {source: table.pop(day) for source, table in self._rows.items() if day in table}
        totals = {source: sum(row) - row[QUARTERS] for source, row in rows.items()}
        order = sorted(rows, key=lambda source: (source[0], -totals[source], source[1]))
        if len(order) == 1:
            result, used = totals[order[0]], set(order)
        else:
            result, used = _by_quarters([rows[source] for source in order], order)
        for source, table in self._long.items():
            if table.get(day, 0.0) > result:
                result, used = table[day], {source}
        outdone = sum(int(rows[source][QUARTERS]) for source in order if source not in used)
        return result, sorted(name for _, name in used), outdone


def _spread(row: array[float], first: int, last: int, value: float) -> None:
    """Add an amount to the quarters of an hour of one day from minute first to last."""
    place, length = first // QUARTER, last - first
    if last <= place * QUARTER + QUARTER:
        row[place] += value
        return
    while first < last:
        until = min(last, place * QUARTER + QUARTER)
        row[place] += value * (until - first) / length
        first, place = until, place + 1


def _by_quarters(rows: list[array[float]], order: list[Source]) -> tuple[float, set[Source]]:
    """Return the sum of the best source of each quarter, and the sources that were best."""
    result, used = 0.0, set[Source]()
    for amounts in zip(*(row[:QUARTERS] for row in rows), strict=True):
        chosen = best(amounts) if any(amounts) else 0.0
        if chosen > 0:
            result += chosen
            used.add(order[amounts.index(chosen)])
    return result, used


def factors_of(measure: Measure) -> dict[str, float]:
    """Return what a value in each unit of a measure is multiplied by."""
    return {measure.unit: 1.0, **{c.unit: c.factor for c in measure.units}}


def fault_of(record: Attributes, factors: dict[str, float], sources: Sources) -> str:
    """Return why a record cannot be used, but for its dates; nothing when it can."""
    try:
        value = float(record.get("value", "nan"))
    except ValueError:
        value = float("nan")
    if not 0.0 <= value < 1e9:
        return noted("a value that is no amount")
    if record.get("unit", "") not in factors:
        return noted("a unit that is not known for it")
    if not {"startDate", "endDate", "sourceName"} <= record.keys():
        return noted("no date or no source")
    try:
        sources[record["sourceName"], record.get("device")]
    except KeyError:
        return _("more than {most} sources").format(most=MOST_SOURCES)
    return ""
