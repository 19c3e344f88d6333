"""Amounts as a person reads and writes them: litres or fluid ounces, kilograms or pounds.

What is kept stays in the unit of its measure. Another unit is shown only where the measure in
the knowledge knows how to convert it; all else is shown as it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from nightcramp.knowledge.schema import Conversion, Measure
from nightcramp.language import gettext as _
from nightcramp.language import noted, number

Units = Literal["metric", "imperial"]
INSTEAD = {"L": ("fl oz",), "kg": ("lb",), "m": ("mi", "in")}
"""The units to show instead of a metric one, the first that the measure knows."""
NAMES = (noted("fl oz"), noted("lb"), noted("mi"), noted("in"))
SMALL, HUNDRED = 10, 100

_units: ContextVar[Units] = ContextVar("units", default="metric")


@contextmanager
def measuring_in(units: Units) -> Iterator[None]:
    """Show amounts in these units in between."""
    token = _units.set(units)
    try:
        yield
    finally:
        _units.reset(token)


def shown_unit(measure: Measure) -> str:
    """Return the unit a measure is shown in to whoever is being answered."""
    return _shown_in(measure).unit


def as_shown(measure: Measure, value: float) -> float:
    """Return a kept value in the unit it is shown in."""
    shown = _shown_in(measure)
    return (value - shown.offset) / shown.factor


def as_kept(measure: Measure, value: float) -> float:
    """Return a value that was given in the unit shown in the unit of its measure."""
    shown = _shown_in(measure)
    return value * shown.factor + shown.offset


def amount_in_words(measure: Measure, value: float) -> str:
    """Return a kept value with its unit as it is shown: `1.5 L`, `51 fl oz`, `1 cup`."""
    shown, unit = as_shown(measure, value), shown_unit(measure)
    one = unit.removesuffix("s") if shown == 1 else unit
    return f"{_rounded(shown, unit == measure.unit)} {_(one)}".rstrip()


def _shown_in(measure: Measure) -> Conversion:
    known = {one.unit: one for one in measure.units}
    wanted = INSTEAD.get(measure.unit, ()) if _units.get() == "imperial" else ()
    found = next((known[name] for name in wanted if name in known), None)
    return found or Conversion(unit=measure.unit, factor=1.0)


def _rounded(value: float, as_kept: bool) -> str:
    """Return a number with no more digits than a person would say."""
    if abs(value) >= HUNDRED or (not as_kept and abs(value) >= SMALL):
        return f"{value:.0f}"
    return number(value, ".3g" if as_kept else ".2g")
