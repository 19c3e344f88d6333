"""Laboratory units: to the canonical unit of each lab, or a clear refusal."""

from __future__ import annotations

from nightcramp.errors import InputError
from nightcramp.knowledge.schema import Conversion, Lab


def canonical(unit: str) -> str:
    """Return a unit's spelling for comparison: case, micro signs and brackets ignored."""
    plain = unit.strip().lower().replace("µ", "u").replace("μ", "u")
    return plain.translate(str.maketrans("", "", " []{}_*^")).replace("litre", "l")


def convert(lab: Lab, value: float, unit: str) -> tuple[float, bool]:
    """Return (value in the lab's unit, whether the unit had to be assumed).

    Raises InputError for a unit the test is never reported in or an impossible value.
    """
    if unit:
        result = _apply(_conversion(lab, unit), value)
        _check(lab, result, f"{value:g} {unit}")
        return result, False
    for conversion in (Conversion(unit=lab.unit, factor=1.0), *lab.units):
        result = _apply(conversion, value)
        if lab.plausible[0] <= result <= lab.plausible[1]:
            return result, True
    raise InputError(
        f"{lab.label}: {value:g} without a unit is not possible in any unit used for it",
        hint=f"Write the unit, for instance {lab.unit}.",
    )


def _conversion(lab: Lab, unit: str) -> Conversion:
    wanted = canonical(unit)
    if wanted == canonical(lab.unit):
        return Conversion(unit=lab.unit, factor=1.0)
    for conversion in lab.units:
        if canonical(conversion.unit) == wanted:
            return conversion
    known = ", ".join(dict.fromkeys([lab.unit, *(c.unit for c in lab.units)]))
    raise InputError(f"{lab.label} is not reported in {unit!r}", hint=f"Units that fit: {known}.")


def _apply(conversion: Conversion, value: float) -> float:
    return value * conversion.factor + conversion.offset


def _check(lab: Lab, value: float, written: str) -> None:
    low, high = lab.plausible
    if not low <= value <= high:
        raise InputError(
            f"{lab.label} of {written} is not possible (it would be {value:.4g} {lab.unit}; "
            f"results lie between {low:g} and {high:g})",
            hint="Check the number and its unit.",
        )
