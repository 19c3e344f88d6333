"""Turns the rows of a diary into nights: each row to its night, each night its sum."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from msgspec import Struct

from nightcramp.intake.reading import Account
from nightcramp.intake.spreadsheet import words
from nightcramp.intake.spreadsheet.cells import Faults, cramps_in, value_in
from nightcramp.intake.spreadsheet.dates import Order, clock_in, moment_of
from nightcramp.intake.spreadsheet.mapping import Column, Mapping, Means
from nightcramp.intake.spreadsheet.numbers import Decimal
from nightcramp.intake.spreadsheet.table import Row, Table
from nightcramp.knowledge.schema import Measure
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.fact import Provenance
from nightcramp.person.night import Night, evening_of

SEVERAL = noted("several different rows for the same night")
NOTED: tuple[Means, ...] = ("severity", "duration", "site", "medicine", "note")


class Entry(Struct, frozen=True, kw_only=True):
    """What one row tells of one night.

    `day`: the civil day that day measures belong to. `whole`: every cell of cramps was read.
    """

    line: int
    evening: dt.date
    day: dt.date
    timed: bool
    cells: tuple[str, ...]
    cramps: int | None = None
    whole: bool = True
    written: str = ""
    values: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()
    medicines: tuple[tuple[Column, str], ...] = ()


class Rules(Struct, frozen=True, kw_only=True):
    """How rows are read: the mapping, with what the file showed filled in.

    `midnight`: a date without a time in a column of moments is midnight, as workbooks keep it.
    """

    mapping: Mapping
    order: Order
    decimal: Decimal
    as_of: dt.date
    measures: dict[str, Measure]
    midnight: bool = False


def entries_of(table: Table, rules: Rules, account: Account, faults: Faults) -> list[Entry]:
    """Return an entry for every row that tells of a night; the others are accounted."""
    reader = _RowReader(table, rules, faults)
    entries = []
    for line in table.overlong:
        account.read["row"] += 1
        faults.add("row", "", noted("more cells than headings"), line)
    for row in table.rows:
        account.read["row"] += 1
        entry = reader.entry(row)
        if entry is None:
            continue
        if not (entry.cramps is not None or entry.values or entry.notes or entry.medicines):
            faults.add("row", "", noted("nothing read beside the date"), row.line)
            continue
        account.used["row"] += 1
        entries.append(entry)
    return _without_copies(entries, rules.mapping, faults, account)


class _RowReader:
    def __init__(self, table: Table, rules: Rules, faults: Faults) -> None:
        self.rules = rules
        self.faults = faults
        self.mapping = rules.mapping
        self.at = {name: index for index, name in enumerate(table.header)}
        self.date = next(iter(self.mapping.named("date")), None)
        self.time = next(iter(self.mapping.named("time")), None)
        self.counts = self.mapping.named("cramps", "cramp")
        self.measured = [c for c in self.mapping.columns if c.measure in rules.measures]
        self.noted = [c for c in self.mapping.named(*NOTED) if not c.measure]

    def entry(self, row: Row) -> Entry | None:
        """Return what a row tells, or None when its night cannot be known."""
        placed = self._placed(row)
        if placed is None:
            return None
        evening, day, timed = placed
        cramps, whole, written = self._cramps(row)
        return Entry(
            line=row.line,
            evening=evening,
            day=day,
            timed=timed,
            cells=row.cells,
            cramps=cramps,
            whole=whole,
            written=written,
            values=tuple(self._values(row)),
            notes=tuple(self._notes(row)),
            medicines=tuple(
                (column, self._cell(row, column))
                for column in self.mapping.named("medicine")
                if not words.is_blank(self._cell(row, column))
            ),
        )

    def _cell(self, row: Row, column: Column) -> str:
        return row.cells[self.at[column.column]]

    def _placed(self, row: Row) -> tuple[dt.date, dt.date, bool] | None:
        """Return (evening, civil day, whether a time stands there) of a row."""
        assert self.date is not None
        cell = self._cell(row, self.date)
        if words.is_blank(cell):
            total = any(words.is_total(other) for other in row.cells)
            reason = noted("a line of totals") if total else noted("no date")
            self.faults.add("row", "", reason, row.line)
            return None
        moment = moment_of(cell, self.rules.order, self.rules.as_of)
        if isinstance(moment, str):
            total = words.is_total(cell)
            name = "" if total else self.date.column
            self.faults.add("row", name, noted("a line of totals") if total else moment, row.line)
            return None
        midnight = dt.time() if self.rules.midnight else None
        clock = self._clock(row, moment.clock or midnight)
        if isinstance(clock, str):
            assert self.time is not None
            self.faults.add("cell", self.time.column, clock, row.line)
            self.faults.add("row", "", noted("its night is not known without its time"), row.line)
            return None
        return self._evening(moment.date, clock)

    def _clock(self, row: Row, beside_date: dt.time | None) -> dt.time | str | None:
        cell = self._cell(row, self.time) if self.time else ""
        if words.is_blank(cell) or cell in words.DASHES or (words.is_no(cell) and cell != "0"):
            return beside_date
        clock = clock_in(cell)
        if clock is None:
            placed_by_date = self.mapping.times == "night"
            return beside_date if placed_by_date else noted("not a time of day")
        return clock

    def _evening(self, date: dt.date, clock: dt.time | None) -> tuple[dt.date, dt.date, bool]:
        if clock is not None and self.mapping.times == "calendar":
            return evening_of(dt.datetime.combine(date, clock)), date, True
        before = dt.timedelta(days=1 if self.mapping.dates_name == "morning" else 0)
        return date - before, date - before, clock is not None

    def _cramps(self, row: Row) -> tuple[int | None, bool, str]:
        """Return (cramps of a row, whether all was read, as written); None is not logged."""
        if self.mapping.rows == "cramp" and not self.counts:
            return self._one_cramp(row), True, ""
        found, whole, written = [], True, []
        for column in self.counts:
            cell = self._cell(row, column)
            count = cramps_in(cell, column, self.mapping)
            if isinstance(count, str):
                self.faults.add("cell", column.column, count, row.line)
                whole = False
            elif count is not None:
                found.append(count)
                written.append(cell)
        return (sum(found) if found and whole else None), whole, ", ".join(written)[:40]

    def _one_cramp(self, row: Row) -> int | None:
        """Return the one cramp a row stands for, or none where it says so or says nothing."""
        told = self.mapping.named("time", "severity", "duration", "site", "note", "medicine")
        cells = [self._cell(row, column) for column in told]
        if told and all(words.is_blank(cell) for cell in cells):
            return None
        denied = [
            self._cell(row, column)
            for column in told
            if column.means in {"severity", "duration", "site"}
            or (column.means in {"note", "time"} and self._cell(row, column) != "0")
        ]
        return 0 if any(words.is_no(cell) for cell in denied) else 1

    def _values(self, row: Row) -> Iterable[tuple[str, float]]:
        for column in self.measured:
            measure = self.rules.measures[column.measure]
            value = value_in(self._cell(row, column), column, measure, self.rules.decimal)
            if isinstance(value, str):
                self.faults.add("cell", column.column, value, row.line)
            elif value is not None:
                yield column.measure, value

    def _notes(self, row: Row) -> Iterable[str]:
        for column in self.noted:
            cell = self._cell(row, column)
            if not words.is_blank(cell) and cell not in words.DASHES:
                yield cell if column.means == "note" else f"{column.column}: {cell}"


def _without_copies(
    entries: list[Entry], mapping: Mapping, faults: Faults, account: Account
) -> list[Entry]:
    """Drop rows that repeat another: the same in every cell, with a time or one row a night."""
    seen: set[tuple[str, ...]] = set()
    kept = []
    for entry in entries:
        if entry.cells in seen and (entry.timed or mapping.rows in {"night", ""}):
            faults.add("row", "", noted("repeats another row"), entry.line)
            account.used["row"] -= 1
            continue
        seen.add(entry.cells)
        kept.append(entry)
    return kept


def nights_of(file: str, entries: list[Entry], rules: Rules, faults: Faults) -> list[Night]:
    """Return the nights that the entries tell of, the earliest first."""
    by_evening: dict[dt.date, list[Entry]] = {}
    by_day: dict[dt.date, list[Entry]] = {}
    for entry in entries:
        by_evening.setdefault(entry.evening, []).append(entry)
        by_day.setdefault(entry.day, []).append(entry)
    nights = []
    for evening in sorted(by_evening.keys() | by_day.keys()):
        told, day = by_evening.get(evening, []), by_day.get(evening, [])
        values = _joined(told, rules, "night", faults) | _joined(day, rules, "day", faults)
        cramps = _cramps_of(told, rules.mapping, faults)
        notes = [note for entry in told for note in entry.notes]
        if cramps is None and not values and not notes:
            continue
        nights.append(
            Night(
                evening=evening,
                cramps=cramps,
                values=values,
                note="; ".join(notes),
                provenance=_origins(file, told or day, rules.mapping),
            )
        )
    if rules.mapping.other_nights == "no_cramp":
        nights = _between(file, nights)
    return nights


def _origins(file: str, entries: list[Entry], mapping: Mapping) -> tuple[Provenance, ...]:
    at_least = bool(mapping.named("cramp"))
    return tuple(
        Provenance(
            file=file,
            at=_("line {line}").format(line=entry.line),
            written=entry.written,
            note=_("yes: at least one") if at_least and words.is_yes(entry.written) else "",
        )
        for entry in entries
    )


def _cramps_of(entries: list[Entry], mapping: Mapping, faults: Faults) -> int | None:
    """Return a night's cramps: added up, or left open where single rows contradict."""
    logged = [entry for entry in entries if entry.cramps is not None]
    if not logged:
        return None
    if mapping.rows == "night" and len(logged) > 1:
        for entry in logged:
            faults.add("cell", _counted(mapping), SEVERAL, entry.line)
        return None
    if not all(entry.whole for entry in entries):
        return None
    return sum(entry.cramps or 0 for entry in logged)


def _counted(mapping: Mapping) -> str:
    counts = mapping.named("cramps", "cramp") or mapping.named("date")
    return counts[0].column


def _joined(entries: list[Entry], rules: Rules, belongs: str, faults: Faults) -> dict[str, float]:
    """Return the night's values by measure, joined from its rows where that is plain."""
    gathered: dict[str, list[tuple[int, float]]] = {}
    for entry in entries:
        for name in dict(entry.values):
            measure = rules.measures[name]
            if measure.belongs == belongs:
                value = _join(measure, [v for other, v in entry.values if other == name])
                gathered.setdefault(name, []).append((entry.line, value))
    values: dict[str, float] = {}
    for name, told in gathered.items():
        joined = _of_rows(rules.measures[name], [v for _, v in told], rules.mapping)
        if isinstance(joined, float):
            values[name] = joined
            continue
        column = next(c.column for c in rules.mapping.columns if c.measure == name)
        for line, _value in told:
            faults.add("cell", column, joined, line)
    return values


def _of_rows(measure: Measure, values: list[float], mapping: Mapping) -> float | str:
    """Return what several rows of a night tell of a measure, or why that is not plain.

    Rows that repeat a night's sleep say it once; equal amounts drunk may be two drinks or one.
    """
    if len(values) == 1:
        return values[0]
    if len(set(values)) == 1:
        repeats = mapping.rows == "night" or measure.belongs == "night" or measure.joins != "sum"
        return values[0] if repeats else noted("the same on several rows, once or to be added up")
    return SEVERAL if mapping.rows == "night" else _join(measure, values)


def _join(measure: Measure, values: list[float]) -> float:
    if measure.joins == "mean":
        return sum(values) / len(values)
    if measure.joins == "last":
        return values[-1]
    if measure.joins in {"most", "least"}:
        return max(values) if measure.joins == "most" else min(values)
    return float(sum(values))


def _between(file: str, nights: list[Night]) -> list[Night]:
    """Return the nights with those of no row in between as nights without a cramp."""
    logged = {night.evening: night for night in nights}
    if not logged:
        return nights
    first, last = min(logged), max(logged)
    origin = (Provenance(file=file, at="", note=_("no row between the first night and the last")),)
    evenings = (first + dt.timedelta(days=day) for day in range((last - first).days + 1))
    return [
        logged.get(evening) or Night(evening=evening, cramps=0, provenance=origin)
        for evening in evenings
    ]
