"""Reads laboratory results: names, numbers or words, units, printed ranges."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from nightcramp.errors import InputError
from nightcramp.intake.names import NameIndex
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Lab
from nightcramp.person.fact import Fact, LabResult, Provenance
from nightcramp.person.units import convert

_LINE = re.compile(
    r"^(?P<name>[A-Za-z][^:=<>]*?)(?:\s*[:=]\s*|\s+|(?=[<>]))(?P<bound>[<>]?)=?\s*"
    r"(?P<value>-?\d+(?:[.,]\d+)?)\s*(?P<unit>[^\s(\[,;]*)\s*"
    r"(?:[(\[]\s*(?P<low>\d+(?:\.\d+)?)\s*[-–]\s*(?P<high>\d+(?:\.\d+)?)[^)\]]*[)\]])?\s*$"
)
_OTHER_FLUID = re.compile(r"\b(urine|urinary|24.?h(?:our)?|stool|csf|sweat|saliva)\b")
_NUMBER = re.compile(r"^\s*([<>]?)=?\s*(-?\d+(?:[.,]\d+)?)\s*(.*?)\s*$")
_WORDS = {
    "low": r"\b(low|reduced|decreased|deficient|below|subnormal|depleted)\b",
    "high": r"\b(high|raised|elevated|increased|above|markedly raised|positive)\b",
    "normal": r"\b(normal|unremarkable|within|fine|ok|in range|negative|non.contributory)\b",
}


@functools.lru_cache(maxsize=2)
def _index(knowledge: Knowledge) -> NameIndex:
    labs = knowledge.labs.values()
    return NameIndex((n, lab.id) for lab in labs for n in (lab.id.replace("_", " "), *lab.names))


def lab_of(knowledge: Knowledge, name: str, code: str = "") -> Lab | None:
    """Return the lab a name or LOINC code stands for, or None."""
    for lab in knowledge.labs.values():
        if code and code in lab.loinc:
            return lab
    found = _index(knowledge).find(name)
    if not found or (_OTHER_FLUID.search(name.lower()) and "urine" not in found[0].id):
        return None
    return knowledge.labs[found[0].id]


def read_lab_line(knowledge: Knowledge, text: str, origin: Provenance) -> Iterator[Fact]:
    """Yield the result written in one line: `potassium 2.9 mmol/L (3.5-5.3)`."""
    match = _LINE.match(text.strip())
    if match:
        yield from read_lab(
            knowledge,
            match["name"],
            match["bound"] + match["value"],
            origin,
            unit=match["unit"],
            low=match["low"],
            high=match["high"],
        )
        return
    name, _, words = text.partition(":")
    yield from read_lab(knowledge, name, words.strip() or text, origin)


def read_lab(
    knowledge: Knowledge,
    name: str,
    value: object,
    origin: Provenance,
    *,
    unit: str = "",
    low: object = None,
    high: object = None,
    code: str = "",
    days_ago: float | None = None,
) -> Iterator[Fact]:
    """Yield one result; raises InputError for impossible units and values."""
    lab = lab_of(knowledge, name, code)
    if lab is None or code in lab.loinc_excluded:
        written = f"{name} {value} {unit}".strip()
        yield Fact(kind="unrecognised", id="lab", value=written, provenance=origin)
        return
    result = _result(lab, value, unit, low, high, days_ago)
    if result is None:
        yield Fact(kind="unrecognised", id="lab", value=f"{name} {value}", provenance=origin)
        return
    yield Fact(kind="lab", id=lab.id, value=result, provenance=origin)


def _result(
    lab: Lab, value: object, unit: str, low: object, high: object, days_ago: float | None
) -> LabResult | None:
    match = _NUMBER.match(str(value)) if not isinstance(value, bool) else None
    if match is None:
        word = _word(str(value))
        return LabResult(word=word, days_ago=days_ago) if word else None  # type: ignore[arg-type]
    number = float(match[2].replace(",", "."))
    unit = unit or match[3]
    converted, assumed = convert(lab, number, unit)
    limits = [None if x is None else convert(lab, _limit(lab, x), unit)[0] for x in (low, high)]
    if limits[0] is not None and limits[1] is not None and limits[0] >= limits[1]:
        raise InputError(f"{lab.label}: the range {low} to {high} is upside down")
    return LabResult(
        value=round(converted, 6),
        bound=match[1],  # type: ignore[arg-type]
        low=limits[0],
        high=limits[1],
        days_ago=days_ago,
        unit_assumed=assumed,
    )


def _limit(lab: Lab, text: object) -> float:
    try:
        return float(str(text).replace(",", "."))
    except ValueError:
        raise InputError(f"{lab.label}: the range limit {text!r} is not a number") from None


def _word(text: str) -> str:
    low = text.lower()
    for word, pattern in _WORDS.items():
        if re.search(pattern, low) and not re.search(rf"\bnot {word}\b", low):
            return word
    return ""
