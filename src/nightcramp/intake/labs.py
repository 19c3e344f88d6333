"""Reads laboratory results: names, numbers or words, units, printed ranges."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from nightcramp.errors import InputError
from nightcramp.intake.names import NameIndex
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Lab
from nightcramp.language import gettext as _
from nightcramp.language import language
from nightcramp.language.words import one_of, plain, spoken
from nightcramp.person.fact import Fact, LabResult, Provenance
from nightcramp.person.units import convert

_NUMBER = re.compile(r"^\s*([<>]?)=?\s*(-?\d+(?:[.,]\d+)?)\s*(.*?)\s*$")
Word = Literal["low", "high", "normal"]


class _Patterns(NamedTuple):
    """What people write of results, in English and the reader's language."""

    line: re.Pattern[str]
    other_fluid: re.Pattern[str]
    words: dict[Word, tuple[re.Pattern[str], re.Pattern[str]]]
    """Of each word, its pattern and that of its denial."""


@functools.lru_cache(maxsize=4)
def _patterns(code: str) -> _Patterns:
    known = [words.labs for words in spoken()]
    limit = known[-1].limit
    return _Patterns(
        line=re.compile(
            r"^(?P<name>[A-Za-z][^:=<>]*?)(?:\s*[:=]\s*|\s+|(?=[<>]))(?P<bound>[<>]?)=?\s*"
            r"(?P<value>-?\d+(?:[.,]\d+)?)\s*(?P<unit>[^\s(\[,;]*)\s*"
            rf"(?:[(\[]\s*(?P<low>{limit})\s*[-–]\s*(?P<high>{limit})[^)\]]*[)\]])?\s*$"
        ),
        other_fluid=one_of(word for words in known for word in words.other_fluids),
        words={
            "low": _word_of([w.low for w in known], [w.denied.low for w in known]),
            "high": _word_of([w.high for w in known], [w.denied.high for w in known]),
            "normal": _word_of([w.normal for w in known], [w.denied.normal for w in known]),
        },
    )


def _word_of(words: list[list[str]], denied: list[str]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return one_of(itertools.chain(*words)), re.compile("|".join(denied))


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
    if not found or (
        _patterns(language()).other_fluid.search(plain(name)) and "urine" not in found[0].id
    ):
        return None
    return knowledge.labs[found[0].id]


def read_lab_line(knowledge: Knowledge, text: str, origin: Provenance) -> Iterator[Fact]:
    """Yield the result written in one line: `potassium 2.9 mmol/L (3.5-5.3)`."""
    match = _patterns(language()).line.match(text.strip())
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
        return LabResult(word=word, days_ago=days_ago) if word else None
    number = float(match[2].replace(",", "."))
    unit = unit or match[3]
    converted, assumed = convert(lab, number, unit)
    limits = [None if x is None else convert(lab, _limit(lab, x), unit)[0] for x in (low, high)]
    if limits[0] is not None and limits[1] is not None and limits[0] >= limits[1]:
        raise InputError(
            _("{lab}: the range {low} to {high} is upside down").format(
                lab=lab.label, low=low, high=high
            )
        )
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
        raise InputError(
            _("{lab}: the range limit {text!r} is not a number").format(lab=lab.label, text=text)
        ) from None


def _word(text: str) -> Word | None:
    low = plain(text)
    for word, (pattern, denied) in _patterns(language()).words.items():
        if pattern.search(low) and not denied.search(low):
            return word
    return None
