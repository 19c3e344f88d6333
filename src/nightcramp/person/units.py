"""Laboratory units: to the canonical unit of each lab, or a clear refusal."""

from __future__ import annotations

from nightcramp.errors import InputError
from nightcramp.knowledge.schema import Conversion, Lab
from nightcramp.language import gettext as _
from nightcramp.language import number


def canonical(unit: str) -> str:
    """Return a unit's spelling for comparison: case, micro signs and brackets ignored."""
    plain = unit.strip().lower().replace("µ", "u").replace("μ", "u")
    return plain.translate(str.maketrans("", "", " []{}_*^")).replace("litre", "l")


def convert(lab: Lab, value: float, unit: str) -> tuple[float, bool]:
    """Return (value in the lab's unit, whether the unit had to be assumed).

    Raises InputError for a unit the test is never reported in or an impossible value.
    """
    if unit:
        result = _apply(conversion_of(lab, unit), value)
        _check(lab, result, f"{number(value)} {unit}")
        return result, False
    for conversion in (Conversion(unit=lab.unit, factor=1.0), *lab.units):
        result = _apply(conversion, value)
        if lab.plausible[0] <= result <= lab.plausible[1]:
            return result, True
    raise InputError(
        _("{lab}: {value} without a unit is not possible in any unit used for it").format(
            lab=lab.label, value=number(value)
        ),
        hint=_("Write the unit, for instance {unit}.").format(unit=lab.unit),
    )


def conversion_of(lab: Lab, unit: str) -> Conversion:
    """Return how a unit is converted; raises InputError for one the test is never reported in."""
    if not unit:
        return Conversion(unit=lab.unit, factor=1.0)
    wanted = canonical(unit)
    if wanted == canonical(lab.unit):
        return Conversion(unit=lab.unit, factor=1.0)
    for conversion in lab.units:
        if canonical(conversion.unit) == wanted:
            return conversion
    known = ", ".join(dict.fromkeys([lab.unit, *(c.unit for c in lab.units)]))
    raise InputError(
        _("{lab} is not reported in {unit!r}").format(lab=lab.label, unit=unit),
        hint=_("Units that fit: {units}.").format(units=known),
    )


def _apply(conversion: Conversion, value: float) -> float:
    return value * conversion.factor + conversion.offset


def _check(lab: Lab, value: float, written: str) -> None:
    low, high = lab.plausible
    if not low <= value <= high:
        raise InputError(
            _(
                "{lab} of {written} is not possible (it would be {value} {unit}; "
                "results lie between {low} and {high})"
            ).format(
                lab=lab.label,
                written=written,
                value=number(value, ".4g"),
                unit=lab.unit,
                low=number(low),
                high=number(high),
            ),
            hint=_("Check the number and its unit."),
        )
