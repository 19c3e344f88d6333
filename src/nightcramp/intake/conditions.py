"""Reads conditions as people and records write them: words, denials, codes."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from nightcramp.intake.names import NameIndex
from nightcramp.knowledge.loader import Knowledge
from nightcramp.person.fact import Fact, Provenance

_CLAUSE = re.compile(r"[,;.()]|\bbut\b|\bwith\b")
_DENIED = re.compile(
    r"\b(no|not|never|without|denies|denied|negative for|ruled out|excluded|free of|nor)\b"
)
_RELATIVE = re.compile(
    r"\b(family|mother|father|brother|sister|parents?|aunt|uncle|grand\w+|son|daughter)\b"
)
_WEEKS = re.compile(r"\b(\d{1,2})\s*(?:\+\s*\d\s*)?(?:weeks?|wks?|/40)\b")
_TRIMESTER = re.compile(r"\b(first|second|third|1st|2nd|3rd) trimester\b")
TRIMESTERS = {"f": 0, "s": 1, "t": 2, "1": 0, "2": 1, "3": 2}
_NOTHING = {"none", "nil", "none known", "nothing", "n/a", "-", ""}
CODE_SYSTEMS = ("icd10cm", "snomed", "omop")


@functools.lru_cache(maxsize=2)
def condition_names(knowledge: Knowledge) -> NameIndex:
    """Return the names of all conditions, to look up in text."""
    records = knowledge.conditions.values()
    named = [(n, c.id) for c in records for n in (c.id.replace("_", " "), c.label, *c.names)]
    return NameIndex(named, barred=[n for c in records for n in c.excludes_names])


def read_condition(knowledge: Knowledge, text: str, origin: Provenance) -> Iterator[Fact]:
    """Yield the condition facts in one line of free text."""
    if text.strip().lower() in _NOTHING:
        return
    found = list(_read(knowledge, text, origin))
    yield from found
    if not found and not _RELATIVE.search(text.lower()):
        yield Fact(kind="unrecognised", id="condition", value=text, provenance=origin)


def _read(knowledge: Knowledge, text: str, origin: Provenance) -> Iterator[Fact]:
    index = condition_names(knowledge)
    whole = index.find(text)
    negative = _denied_spans(text)
    for item in whole or index.near(text):
        if _RELATIVE.search(_clause_of(text, item.start).lower()):
            continue
        denied = any(start <= item.start < end for start, end in negative)
        note = f"read as {item.near}" if item.near else ""
        provenance = Provenance(file=origin.file, at=origin.at, written=text, note=note)
        yield Fact(kind="condition", id=item.id, value=not denied, provenance=provenance)
        if item.id == "pregnancy" and (weeks := _weeks_in(text.lower(), knowledge)):
            yield Fact(kind="answer", id="pregnancy_weeks", value=weeks, provenance=provenance)


def _weeks_in(text: str, knowledge: Knowledge) -> float | None:
    """Return weeks of pregnancy; a trimester stands for its middle."""
    if match := _WEEKS.search(text):
        return float(match[1])
    if match := _TRIMESTER.search(text):
        return knowledge.model.trimester_weeks[TRIMESTERS[match[1][0]]]
    return None


def _denied_spans(text: str) -> list[tuple[int, int]]:
    """Return the stretches of text that a denial governs: to the end of its clause."""
    low = text.lower()
    spans = []
    for match in _DENIED.finditer(low):
        following = _CLAUSE.search(low, match.end())
        end = following.start() if following else len(low)
        if match[0] in {"ruled out", "excluded"}:
            spans.append((_clause_start(low, match.start()), match.start()))
        spans.append((match.start(), end))
    return spans


def _clause_start(text: str, before: int) -> int:
    return max((m.end() for m in _CLAUSE.finditer(text) if m.end() <= before), default=0)


def _clause_of(text: str, at: int) -> str:
    start = _clause_start(text, at)
    following = _CLAUSE.search(text, at)
    return text[start : following.start() if following else len(text)]


def condition_of_code(knowledge: Knowledge, system: str, code: str) -> str | None:
    """Return the condition id a code stands for (ICD-10-CM by longest prefix), or None."""
    if system == "icd10cm":
        plain = code.upper().replace(".", "")
        matches = [
            (len(prefix), c.id)
            for c in knowledge.conditions.values()
            for prefix in (p.replace(".", "") for p in c.icd10cm)
            if plain.startswith(prefix)
        ]
        return max(matches)[1] if matches else None
    for condition in knowledge.conditions.values():
        if code in getattr(condition, system):
            return condition.id
    return None
