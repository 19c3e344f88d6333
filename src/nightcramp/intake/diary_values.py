"""Reads what a person types of a day, `water=1.5L` or `heat`, as a measure and its value."""

from __future__ import annotations

import difflib
import functools

from nightcramp.errors import InputError
from nightcramp.intake.names import normal
from nightcramp.intake.spreadsheet.cells import one_unit, unit_known, value_in
from nightcramp.intake.spreadsheet.mapping import Column
from nightcramp.intake.spreadsheet.numbers import decimal_of
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Measure
from nightcramp.language import gettext as _
from nightcramp.language import number

SHORT = {
    "bed": "bedtime",
    "wake": "wake_time",
    "up": "wake_time",
    "unusual": "effort_unusual",
    "stretch": "stretching",
    "sweat": "sweating",
    "hot": "heat",
}
EXAMPLES = {"clock": "16:00", "score": "7"}
MOST_UNITS, SHOWN = 6, 60


@functools.lru_cache(maxsize=2)
def measure_words(knowledge: Knowledge) -> dict[str, str]:
    """Return measure ids by every word they go by; an id or short word before other names."""
    words = {normal(name.replace("_", " ")): name for name in knowledge.measures}
    words.update(SHORT)
    for measure in knowledge.measures.values():
        for name in (measure.label, *measure.names):
            words.setdefault(normal(name), measure.id)
    return words


def measure_named(name: str, knowledge: Knowledge) -> Measure | None:
    """Return the measure that goes by a name, or None."""
    found = measure_words(knowledge).get(normal(name.replace("_", " ")))
    return knowledge.measures[found] if found else None


def near_words(name: str, known: list[str]) -> str:
    """Return "Did you mean ...?" with the nearest words, or nothing."""
    near = difflib.get_close_matches(normal(name.replace("_", " ")), known, n=3, cutoff=0.6)
    spelled = dict.fromkeys(word.replace(" ", "_") for word in near)
    return _("Did you mean {names}?").format(names=_(" or ").join(spelled)) + " " if spelled else ""


def value_of(name: str, text: str, measure: Measure) -> float:
    """Return what was typed in the measure's unit; raises InputError saying what would fit."""
    written = text.removesuffix("/10") if measure.kind == "score" else text
    column = Column(column=name, means="measure", measure=measure.id, unit=_unit(name, measure))
    value = value_in(_evening_hour(written, measure), column, measure, decimal_of([written]))
    if isinstance(value, float):
        return value
    reason = _(value) if value else _("says nothing: leave out what is not known")
    if reason == _("outside of what is possible"):
        low, high = measure.plausible
        reason = _("not possible, it lies between {low} and {high}").format(
            low=number(low), high=f"{number(high)}{_spaced(measure)}"
        )
    hint = what_fits(name, measure)
    raise InputError(f"{name}={text[:SHOWN]}: {reason}", hint=hint)


def what_fits(name: str, measure: Measure) -> str:
    """Return an example of how a measure is told, with the units that fit."""
    if measure.kind == "yes_no":
        return _("Say {name}, or {name}=no.").format(name=name)
    if measure.kind != "amount" or one_unit(measure):
        example = f"{name}={EXAMPLES.get(measure.kind, '2')}"
        return _("For instance {example}.").format(example=example)
    units = list(dict.fromkeys([measure.unit, *(unit.unit for unit in measure.units)]))
    first = "h" if unit_known(measure, "h") else measure.unit
    return _("Write the unit, for instance {example} ({units}).").format(
        example=f"{name}=2{first}", units=", ".join(units[:MOST_UNITS])
    )


def _spaced(measure: Measure) -> str:
    return "" if measure.kind == "score" else f" {_(measure.unit)}".rstrip()


def _unit(name: str, measure: Measure) -> str:
    """Return the unit that the name itself says (`effort_minutes`), or hours kept in hours."""
    said = [word for word in normal(name.replace("_", " ")).split() if unit_known(measure, word)]
    return said[0] if said else measure.unit if measure.unit == "h" else ""


def _evening_hour(text: str, measure: Measure) -> str:
    """Return 25:00, as an evening that goes on past midnight is told, as the clock shows it."""
    hour, mark, minutes = text.partition(":")
    late = measure.kind == "clock" and mark and hour in {"24", "25", "26", "27"}
    return f"{int(hour) - 24}:{minutes}" if late else text
