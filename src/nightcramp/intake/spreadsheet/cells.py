"""Reads one cell for what its column means, keeping account of every cell that was not read."""

from __future__ import annotations

from msgspec import Struct, field

from nightcramp.intake.reading import Account
from nightcramp.intake.spreadsheet import words
from nightcramp.intake.spreadsheet.dates import clock_in, is_date
from nightcramp.intake.spreadsheet.mapping import Column, Mapping
from nightcramp.intake.spreadsheet.numbers import Decimal, count_in, minutes_in, number_in
from nightcramp.knowledge.schema import Measure
from nightcramp.language import gettext as _
from nightcramp.language import ngettext, noted
from nightcramp.person.units import canonical

MOST_CRAMPS = 1000
SHOWN_LINES = 8
KINDS = (noted("row"), noted("cell"), noted("line"), noted("column"), noted("night"))
"""What is counted in the account of a spreadsheet."""
AFTER_NOON = "minutes after noon"
NOON, EVENING_ENDS, DAY = 720, 240, 1440
_MINUTES_IN = {"h": 60, "hr": 60, "hrs": 60, "hour": 60, "hours": 60, "std": 60, "stunden": 60}
_MINUTES_IN |= {"min": 1, "mins": 1, "minute": 1, "minutes": 1, "minuten": 1}


class Faults(Struct):
    """What could not be read: the lines, by (what was left out, column, reason)."""

    lines: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)

    def add(self, kind: str, column: str, reason: str, line: int) -> None:
        """Keep the line of one cell or row that was not read."""
        self.lines.setdefault((kind, column, reason), []).append(line)

    def settle(self, account: Account) -> None:
        """Write every fault into the account, and the cells among them as questions."""
        for (kind, column, reason), lines in self.lines.items():
            told = _('{reason} in column "{column}" ({lines})') if column else "{reason} ({lines})"
            said = {"reason": _(reason), "column": column, "lines": spoken(lines)}
            unused = account.unused.setdefault(kind, type(account.read)())
            unused[told.format(**said)] = len(lines)
            if kind == "cell":
                asked = _('Column "{column}", {lines}: {reason}. What is meant?')
                account.to_ask.append(asked.format(**said))


def spoken(lines: list[int]) -> str:
    """Return line numbers in words, the first few of them."""
    shown = ", ".join(str(line) for line in lines[:SHOWN_LINES])
    if len(lines) > SHOWN_LINES:
        more = len(lines) - SHOWN_LINES
        return _("lines {lines} and {more} more").format(lines=shown, more=more)
    return ngettext("line {lines}", "lines {lines}", len(lines)).format(lines=shown)


def cramps_in(cell: str, column: Column, mapping: Mapping) -> int | str | None:
    """Return the cramps a cell tells: a number, None for not logged, or why it is not read."""
    if words.is_blank(cell):
        return None
    if cell in words.DASHES:
        return 0 if mapping.dash == "none" else None
    if words.is_no(cell):
        return 0
    if words.is_yes(cell):
        return 1 if column.means == "cramp" else noted("yes, where a number belongs")
    if is_date(cell):
        return noted("a date, where a number belongs (spreadsheet programs make one of 2-3)")
    count = count_in(cell)
    if count is None:
        return noted("neither one whole number nor none")
    return count if count <= MOST_CRAMPS else noted("more cramps than a night can hold")


def value_in(cell: str, column: Column, measure: Measure, decimal: Decimal) -> float | str | None:
    """Return a cell in the measure's unit, None for not recorded, or why it is not read."""
    if words.is_blank(cell) or cell in words.DASHES:
        return None
    if measure.kind == "yes_no":
        return yes_or_no(cell)
    if measure.kind == "clock":
        return clock_value(cell, measure)
    if not cell[:1].isdigit() and words.is_no(cell):
        return 0.0 if _may_be_none(measure) else noted("no, where a number belongs")
    if words.is_yes(cell):
        return noted("yes, where a number belongs")
    value = _measured(cell, column, measure, decimal)
    if isinstance(value, str):
        return value
    low, high = measure.plausible
    return value if low <= value <= high else noted("outside of what is possible")


def yes_or_no(cell: str) -> float | str:
    """Return yes as 1 and no as 0, or why it is neither."""
    if words.is_yes(cell) or cell == "1":
        return 1.0
    return 0.0 if words.is_no(cell) else noted("neither yes nor no")


def clock_value(cell: str, measure: Measure) -> float | str:
    """Return a time of day in the minutes a measure counts from noon or midnight, or why not.

    Counted from midnight, the hours before four are the end of the evening: 1:00 is 25:00.
    """
    clock = clock_in(cell)
    if clock is None:
        return noted("not a time of day")
    start = NOON if measure.unit == AFTER_NOON else EVENING_ENDS
    since = (clock.hour * 60 + clock.minute - start) % DAY
    return float(since if measure.unit == AFTER_NOON else since + start)


def unit_known(measure: Measure, unit: str) -> bool:
    """Tell whether a measure can be written in this unit."""
    return factor_of(measure, unit) is not None


def one_unit(measure: Measure) -> bool:
    """Tell whether all the units of a measure are of one size, as counts are."""
    return all(c.factor == 1 and not c.offset for c in measure.units)


def fits(measure: Measure, unit: str, number: float) -> bool:
    """Tell whether a number in this unit is possible for a measure."""
    factor = factor_of(measure, unit)
    low, high = measure.plausible
    return factor is not None and low <= number * factor[0] + factor[1] <= high


def _may_be_none(measure: Measure) -> bool:
    return measure.joins in {"sum", "hours"}


def _measured(cell: str, column: Column, measure: Measure, decimal: Decimal) -> float | str:
    value, unit, reason = number_in(cell, decimal)
    if value is None or (unit and not unit_known(measure, unit)):
        return _as_length(cell, measure) or reason or noted("a unit that is not known for it")
    written = unit or column.unit or (measure.unit if one_unit(measure) else "")
    if not written:
        return _("no unit stands there ({measure} is kept in {unit})").format(
            measure=measure.label, unit=_(measure.unit)
        )
    factor = factor_of(measure, written)
    if factor is None:
        return noted("a unit that is not known for it")
    return value * factor[0] + factor[1]


def _as_length(cell: str, measure: Measure) -> float | None:
    """Return a length of time such as 7:30 in the measure's unit, where it is one."""
    size = _MINUTES_IN.get(canonical(measure.unit))
    minutes = minutes_in(cell)
    return minutes / size if size and minutes is not None else None


def factor_of(measure: Measure, unit: str) -> tuple[float, float] | None:
    """Return (factor, offset) from a unit to the measure's own, or None."""
    if canonical(unit) == canonical(measure.unit):
        return 1.0, 0.0
    for conversion in measure.units:
        if canonical(conversion.unit) == canonical(unit):
            return conversion.factor, conversion.offset
    here, there = _MINUTES_IN.get(canonical(unit)), _MINUTES_IN.get(canonical(measure.unit))
    return (here / there, 0.0) if here and there else None
