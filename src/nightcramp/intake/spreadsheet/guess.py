"""Guesses what each column of a diary means, from its heading and its cells, with reasons."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from msgspec import Struct

from nightcramp.intake.medicines import medicine_ids
from nightcramp.intake.spreadsheet import words
from nightcramp.intake.spreadsheet.cells import factor_of, fits, one_unit, unit_known
from nightcramp.intake.spreadsheet.dates import clock_in, is_date, taken_apart
from nightcramp.intake.spreadsheet.mapping import Column, Confidence, Mapping, Means, Rows
from nightcramp.intake.spreadsheet.numbers import (
    Decimal,
    count_in,
    decimal_of,
    is_number,
    minutes_in,
    number_in,
)
from nightcramp.intake.spreadsheet.table import Table
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Measure
from nightcramp.language import noted
from nightcramp.person.units import canonical

LOOKED_AT = 500
MOST = 0.6
NEARLY_ALL = 0.9
MOST_DIFFERENT = 60
NO_CRAMPS = noted("nothing says that it is about cramps")
OF_CRAMPS = {"severity", "duration", "site"}


class _Seen(Struct, frozen=True, kw_only=True):
    """One column as it looks: its heading's words and which part of its cells are what."""

    name: str
    words: tuple[str, ...]
    cramps: bool
    filled: int
    dates: float
    day_numbers: float
    clocks: float
    day_parts: float
    yes: float
    numbers: float
    counts: float
    yes_no: float
    amounts: float
    different: tuple[str, ...]

    def has(self, vocabulary: set[str]) -> bool:
        """Tell whether the heading has one of these words."""
        return not vocabulary.isdisjoint(self.words)


def guess_mapping(table: Table, knowledge: Knowledge) -> Mapping:
    """Return what the columns of a table seem to mean, each with its reason and confidence."""
    seen = [_seen(table, name) for name in table.header]
    chosen: dict[str, Column] = {}
    about = _speaks_of_cramps(table)
    date = _date_column(seen)
    if date:
        chosen[date.column] = date
        rest = [
            column
            for column in seen
            if column.name != date.column and not _measured(column, knowledge, exactly=True)
        ]
        if clock := _time_column(rest):
            chosen[clock.column] = clock
    for column in seen:
        if column.name not in chosen and (found := _other_column(column, knowledge, about)):
            chosen[column.name] = found
    chosen = _one_number(chosen, {column.name: column for column in seen})
    chosen = _one_of_each_measure(chosen)
    columns = tuple(chosen.get(name) or _unused(name, "") for name in table.header)
    rows = rows_of(columns, table)
    if not rows:
        columns = tuple(
            _unused(c.column, NO_CRAMPS) if c.means in OF_CRAMPS else c for c in columns
        )
    return Mapping(
        columns=columns,
        rows=rows,
        dates_name=_dates_name(date, seen),
        decimal=decimal_in(table, columns),
        sheet=table.sheet,
    )


def _seen(table: Table, name: str) -> _Seen:
    cells = [cell for _, cell in table.column(name)[:LOOKED_AT] if not words.is_blank(cell)]
    size = len(cells)

    def part(test: Callable[[str], object]) -> float:
        return sum(bool(test(cell)) for cell in cells) / size if size else 0.0

    return _Seen(
        name=name,
        words=words.heading_words(name),
        cramps=words.speaks_of_cramps(name),
        filled=size,
        dates=part(is_date),
        day_numbers=part(lambda cell: taken_apart(cell) is not None),
        clocks=part(lambda cell: clock_in(cell) is not None and not is_number(cell)),
        day_parts=part(lambda cell: clock_in(cell) is not None),
        yes=part(words.is_yes),
        numbers=part(is_number),
        counts=part(_is_count),
        yes_no=part(lambda cell: words.is_yes(cell) or (words.is_no(cell) and cell != "0")),
        amounts=part(lambda cell: number_in(cell, ".")[0] is not None or minutes_in(cell)),
        different=tuple(dict.fromkeys(cells)),
    )


def _is_count(cell: str) -> bool:
    return count_in(cell) is not None or cell in words.DASHES


def _unused(name: str, reason: str) -> Column:
    return Column(column=name, means="unused", confidence="guess", reason=reason)


def _column(seen: _Seen, means: Means, confidence: Confidence, reason: str) -> Column:
    return Column(column=seen.name, means=means, confidence=confidence, reason=reason)


def _date_column(seen: list[_Seen]) -> Column | None:
    """Return the column of dates: named so and dated, else the one most filled with dates."""
    named = [c for c in seen if c.has(words.DATE | words.MORNING | words.EVENING)]
    dated = [c for c in named if c.dates >= 0.5 or c.day_numbers >= NEARLY_ALL]
    if dated:
        best = max(dated, key=lambda c: (max(c.dates, c.day_numbers), "date" in c.words, c.filled))
        return _column(best, "date", "sure", noted("heading and dates"))
    looks = [c for c in seen if c.dates >= MOST]
    if looks:
        best = max(looks, key=lambda c: (c.dates, c.filled))
        return _column(best, "date", "likely", noted("its cells are dates"))
    return None


def _time_column(seen: list[_Seen]) -> Column | None:
    """Return the column of clock times, unless several could be it."""
    barred = words.EVENING | words.MORNING | words.DURATION
    clocked = [c for c in seen if c.clocks >= 0.5 or (c.day_parts >= 0.5 and _only_of_time(c))]
    named = [c for c in clocked if c.has(words.TIME) and not c.has(barred)]
    if len(named) > 1:
        named = [c for c in named if c.cramps] or [c for c in named if len(c.words) == 1]
    if len(named) == 1:
        return _column(named[0], "time", "sure", noted("heading and times of day"))
    cramps = [c for c in clocked if c.cramps and not c.has(barred)]
    return _column(cramps[0], "time", "likely", noted("times of day")) if len(cramps) == 1 else None


def _only_of_time(seen: _Seen) -> bool:
    """Tell whether a heading names the time and nothing else, so that 0.13 is ten past three."""
    rest = [word for word in seen.words if word not in words.TIME | {"of", "the", "at"}]
    return all(words.speaks_of_cramps(word) for word in rest)


def _other_column(seen: _Seen, knowledge: Knowledge, about_cramps: bool) -> Column | None:
    if not seen.filled and not seen.cramps:
        return None
    if seen.cramps:
        return _about_cramps(seen, knowledge)
    return (
        _measured(seen, knowledge, exactly=True)
        or (_cramp_count_by_other_name(seen) if about_cramps else None)
        or _described(seen)
        or _of_medicine(seen, knowledge)
        or _measured(seen, knowledge, exactly=False)
    )


def _about_cramps(seen: _Seen, knowledge: Knowledge) -> Column | None:
    """Return what a column headed with cramps says of them: its kind, or their number."""
    if seen.has(words.DENIED):
        return None
    if seen.has(words.NOTE):
        return _column(seen, "note", "sure", noted("heading"))
    described: tuple[tuple[set[str], Means], ...] = (
        (words.SEVERITY, "severity"),
        (words.DURATION, "duration"),
    )
    for vocabulary, means in described:
        if seen.has(vocabulary):
            measure = _measured(seen, knowledge, exactly=True)
            return measure or _column(seen, means, "sure", noted("heading"))
    told = _number_or_yes(seen)
    if told:
        return told
    if seen.has(words.SITE) or _is_side(seen):
        return _column(seen, "site", "likely", noted("heading and words"))
    return None


def _number_or_yes(seen: _Seen) -> Column | None:
    if seen.filled and seen.yes_no > seen.counts and seen.yes_no >= 0.5:
        return _column(seen, "cramp", "sure", noted("heading, and cells of yes and no"))
    if seen.counts + seen.yes_no >= 0.5 or (seen.numbers >= 0.5) or not seen.filled:
        return _column(seen, "cramps", "sure", noted("heading and numbers"))
    if seen.counts + seen.yes_no > 0:
        return _column(seen, "cramps", "likely", noted("heading and some numbers"))
    return None


def _cramp_count_by_other_name(seen: _Seen) -> Column | None:
    if seen.has(words.EVENTS) and seen.counts >= MOST:
        return _column(seen, "cramps", "likely", noted("heading and numbers"))
    return None


def _described(seen: _Seen) -> Column | None:
    """Return severity, duration, site or note, where the heading says little else."""
    if len(seen.words) > 3:
        return None
    if seen.has(words.NOTE) and seen.numbers < 0.5:
        return _column(seen, "note", "sure", noted("heading"))
    if seen.has(words.SEVERITY):
        return _column(seen, "severity", "likely", noted("heading"))
    if seen.has(words.DURATION):
        return _column(seen, "duration", "likely", noted("heading"))
    if seen.has(words.SITE) and seen.numbers < 0.5:
        return _column(
            seen, "site", "sure" if _is_side(seen) else "likely", noted("heading and words")
        )
    return None


def _is_side(seen: _Seen) -> bool:
    cells = [set(words.heading_words(cell)) for cell in seen.different[:MOST_DIFFERENT]]
    sided = sum(bool(cell & words.LEFT_RIGHT) for cell in cells)
    return bool(cells) and sided >= len(cells) / 2


def _of_medicine(seen: _Seen, knowledge: Knowledge) -> Column | None:
    """Return a column of medicines taken: named so with known names in it, or headed by one."""
    if seen.has(words.MEDICINE):
        known = any(_named_medicines(knowledge, cell) for cell in seen.different[:MOST_DIFFERENT])
        if known:
            return _column(seen, "medicine", "sure", noted("heading and names of medicines"))
    named = _named_medicines(knowledge, " ".join(seen.words))
    if len(named) == 1 and seen.yes_no + seen.counts >= 0.5:
        return Column(
            column=seen.name,
            means="medicine",
            medicine=named[0],
            confidence="likely",
            reason=noted("headed with a medicine"),
        )
    return None


@functools.lru_cache(maxsize=2048)
def _named_medicines(knowledge: Knowledge, text: str) -> tuple[str, ...]:
    found = medicine_ids(knowledge, text[:200]) if text else []
    return tuple(dict.fromkeys(item.id for item in found if not item.near))


def _measured(seen: _Seen, knowledge: Knowledge, *, exactly: bool) -> Column | None:
    """Return a measure whose name heads the column: as the whole heading, or inside it."""
    if seen.numbers + seen.yes_no + seen.clocks + seen.amounts < 0.5:
        return None
    names = _measure_names(knowledge)
    text = " ".join(seen.words)
    stem, _, last = text.rpartition(" ")
    identifier = names.get(text, "") if exactly else _longest_inside(text, names)
    unit = words.heading_unit(seen.name)
    if exactly and not identifier and stem in names:
        identifier = names[stem] if unit_known(knowledge.measures[names[stem]], last) else ""
        unit = last
    if not identifier or (seen.yes and knowledge.measures[identifier].plausible[1] != 1):
        return None
    measure = knowledge.measures[identifier]
    reason = noted("heading") if exactly else noted("a word of the heading")
    unit = unit or next((word for word in seen.words if unit_known(measure, word)), "")
    assumed = "" if unit else _only_unit(seen, measure)
    if assumed and not one_unit(measure):
        reason = (
            noted("heading, the only unit that fits")
            if exactly
            else noted("a word of the heading, the only unit that fits")
        )
    return Column(
        column=seen.name,
        means="measure",
        measure=identifier,
        unit=unit or assumed,
        confidence="sure" if exactly else "guess",
        reason=reason,
    )


def _only_unit(seen: _Seen, measure: Measure) -> str:
    """Return the unit of a column that names none: the only one, or the only one that fits.

    Lengths of time kept in hours are hours wherever every number can be.
    """
    numbers = [n for cell in seen.different if (n := number_in(cell, ".")[0]) is not None]
    fitting = [
        unit
        for unit in (measure.unit, *(c.unit for c in measure.units))
        if all(fits(measure, unit, number) for number in numbers)
    ]
    if numbers and canonical(measure.unit) == "h" and measure.unit in fitting:
        return measure.unit
    same = {factor_of(measure, unit) for unit in fitting}
    return fitting[0] if len(same) == 1 and (numbers or one_unit(measure)) else ""


@functools.lru_cache(maxsize=4)
def _measure_names(knowledge: Knowledge) -> dict[str, str]:
    """Return measure ids by the words of every name they go by."""
    names: dict[str, str] = {}
    for measure in knowledge.measures.values():
        for name in (measure.id, measure.label, *measure.names):
            names.setdefault(" ".join(words.heading_words(name)), measure.id)
    return names


def _longest_inside(text: str, names: dict[str, str]) -> str:
    inside = [name for name in names if name and f" {name} " in f" {text} "]
    return names[max(inside, key=len)] if inside else ""


def _one_number(chosen: dict[str, Column], seen: dict[str, _Seen]) -> dict[str, Column]:
    """Leave out parts where a total stands beside them, and a yes/no beside a number."""
    counts = [name for name, column in chosen.items() if column.means == "cramps"]
    totals = [name for name in counts if seen[name].has(words.TOTAL)]
    sided = [name for name in counts if seen[name].has(words.LEFT_RIGHT | words.SITE)]
    kept = totals[:1] or ([n for n in counts if n not in sided] or sided if sided else counts)
    if not sided:
        kept = kept[:1]
    yes_no = [name for name, column in chosen.items() if column.means == "cramp"]
    dropped = (set(counts) - set(kept)) | set(yes_no if counts else yes_no[1:])
    return {
        name: _unused(name, noted("another column tells how many cramps"))
        if name in dropped
        else column
        for name, column in chosen.items()
    }


def _one_of_each_measure(chosen: dict[str, Column]) -> dict[str, Column]:
    """Leave out columns of a measure that another one tells, the surest kept."""
    best: dict[str, Column] = {}
    for column in chosen.values():
        kept = best.get(column.measure)
        if column.measure and (kept is None or _sureness(column) > _sureness(kept)):
            best[column.measure] = column
    return {
        name: column
        if not column.measure or best[column.measure] is column
        else _unused(name, f"another column tells {column.measure}")
        for name, column in chosen.items()
    }


def _sureness(column: Column) -> tuple[bool, bool]:
    return column.confidence == "sure", bool(column.unit)


def rows_of(columns: tuple[Column, ...], table: Table) -> Rows:
    """Return what a row is: numbers beside a time or place add up; without numbers, a cramp."""
    means = {column.means for column in columns}
    timed = "time" in means or dates_have_times(columns, table)
    if means & {"cramps", "cramp"}:
        return "part" if timed or "site" in means else "night"
    if _speaks_of_cramps(table) and (timed or means & {"severity", "duration", "site"}):
        return "cramp"
    return ""


def dates_have_times(columns: tuple[Column, ...], table: Table) -> bool:
    """Return whether the cells of the date column also hold a time of day."""
    named = [c.column for c in columns if c.means == "date"]
    cells = [cell for name in named for _, cell in table.column(name)[:LOOKED_AT]]
    written = [found for cell in cells if (found := taken_apart(cell))]
    return sum(found.clock is not None for found in written) > len(written) / 2


def _speaks_of_cramps(table: Table) -> bool:
    said = (*table.header, table.sheet, Path(table.file).stem)
    return any(words.speaks_of_cramps(text) for text in said)


def _dates_name(date: Column | None, seen: list[_Seen]) -> Literal["evening", "morning"]:
    column = next((c for c in seen if date and c.name == date.column), None)
    morning = column is not None and column.has(words.MORNING) and not column.has(words.EVENING)
    return "morning" if morning else "evening"


def decimal_in(table: Table, columns: tuple[Column, ...]) -> Decimal:
    """Return the decimal mark that the number columns show together."""
    if table.typed:
        return "."
    named = [c.column for c in columns if c.means in {"measure", "cramps", "severity", "duration"}]
    return decimal_of(cell for name in named for _, cell in table.column(name))
