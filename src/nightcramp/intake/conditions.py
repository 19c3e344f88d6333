"""Reads conditions as people and records write them: words, denials, codes."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

from nightcramp.intake.names import NameIndex
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import language
from nightcramp.language.words import ConditionWords, one_of, plain, spoken
from nightcramp.person.fact import Fact, Provenance

CODE_SYSTEMS = ("icd10cm", "snomed", "omop")


class _Patterns(NamedTuple):
    """What people write of conditions, in English and the reader's language."""

    clause: re.Pattern[str]
    denied: re.Pattern[str]
    denied_after: re.Pattern[str]
    relative: re.Pattern[str]
    weeks: re.Pattern[str]
    trimesters: tuple[re.Pattern[str], ...]
    nothing: frozenset[str]


@functools.lru_cache(maxsize=4)
def _patterns(code: str) -> _Patterns:
    known = [words.conditions for words in spoken()]
    other = {name for words in known for name in words.not_relatives}
    thirds = zip(*(_trimesters(words) for words in known), strict=True)
    return _Patterns(
        clause=re.compile("|".join(part for words in known for part in words.clause)),
        denied=one_of(word for words in known for word in words.denied),
        denied_after=one_of(word for words in known for word in words.denied_after),
        relative=one_of(name for words in known for name in words.relatives if name not in other),
        weeks=one_of(word for words in known for word in words.weeks),
        trimesters=tuple(one_of(third) for third in thirds),
        nothing=frozenset(word for words in known for word in words.nothing),
    )


def _trimesters(words: ConditionWords) -> list[str]:
    return [f"(?:{third}) {words.trimester}" for third in words.trimesters]


@functools.lru_cache(maxsize=2)
def condition_names(knowledge: Knowledge) -> NameIndex:
    """Return the names of all conditions, to look up in text."""
    records = knowledge.conditions.values()
    named = [(n, c.id) for c in records for n in (c.id.replace("_", " "), c.label, *c.names)]
    barred = [name for record in records for name in record.excludes_names]
    return NameIndex(named, barred=barred, ordinary=knowledge.ordinary_words)


def read_condition(knowledge: Knowledge, text: str, origin: Provenance) -> Iterator[Fact]:
    """Yield the condition facts in one line of free text."""
    told_by = _patterns(language())
    if plain(text.strip()) in told_by.nothing:
        return
    found = list(_read(knowledge, text, origin))
    yield from found
    if not found and not told_by.relative.search(plain(text)):
        yield Fact(kind="unrecognised", id="condition", value=text, provenance=origin)


def _read(knowledge: Knowledge, text: str, origin: Provenance) -> Iterator[Fact]:
    index = condition_names(knowledge)
    whole = index.find(text)
    negative = _denied_spans(text)
    for item in whole or index.near(text):
        if _patterns(language()).relative.search(plain(_clause_of(text, item.start))):
            continue
        denied = any(start <= item.start < end for start, end in negative)
        note = _("read as {name}").format(name=item.near) if item.near else ""
        provenance = Provenance(file=origin.file, at=origin.at, written=text, note=note)
        yield Fact(kind="condition", id=item.id, value=not denied, provenance=provenance)
        if item.id == "pregnancy" and (weeks := _weeks_in(plain(text), knowledge)):
            yield Fact(kind="answer", id="pregnancy_weeks", value=weeks, provenance=provenance)


def _weeks_in(text: str, knowledge: Knowledge) -> float | None:
    """Return weeks of pregnancy; a trimester stands for its middle."""
    told_by = _patterns(language())
    if match := told_by.weeks.search(text):
        return float(next(filter(None, match.groups())))
    found = [
        (match.start(), n) for n, t in enumerate(told_by.trimesters) if (match := t.search(text))
    ]
    return knowledge.model.trimester_weeks[min(found)[1]] if found else None


def _denied_spans(text: str) -> list[tuple[int, int]]:
    """Return the stretches of text that a denial governs: to the end of its clause."""
    low, told_by = plain(text), _patterns(language())
    spans = []
    for match in told_by.denied.finditer(low):
        following = told_by.clause.search(low, match.end())
        end = following.start() if following else len(low)
        if told_by.denied_after.fullmatch(match[0]):
            spans.append((_clause_start(low, match.start()), match.start()))
        spans.append((match.start(), end))
    return spans


def _clause_start(text: str, before: int) -> int:
    ends = [match.end() for match in _patterns(language()).clause.finditer(text)]
    return max((end for end in ends if end <= before), default=0)


def _clause_of(text: str, at: int) -> str:
    start = _clause_start(text, at)
    following = _patterns(language()).clause.search(text, at)
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
