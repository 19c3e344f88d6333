"""Durations and points in time as people write them, in days before the story's date."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from nightcramp.language import language
from nightcramp.language.words import TimeWords, plain, spoken

DAYS = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "night": 1.0, "week": 7.0}
DAYS |= {"fortnight": 14.0, "month": 30.44, "year": 365.25}
VAGUE_COUNT = 3.0
_ISO = re.compile(r"\b(\d{4})-(\d{2})(?:-(\d{2}))?\b")


class _Patterns(NamedTuple):
    """The patterns of time of one language, and what their words stand for."""

    words: TimeWords
    units: dict[str, float]
    months: dict[str, int]
    found: dict[str, list[re.Pattern[str]]]


def days_in(text: str, as_of: dt.date) -> float | None:
    """Return the days meant by `text` ("3 weeks", "since March 2024"), or None.

    Vague plurals ("for years") count as three.
    """
    text = plain(text)
    if _first("ahead", text):
        return None
    cleaned = _cleaned(text)
    for known in _patterns(language()):
        for word, days in known.words.moments.items():
            if word in cleaned:
                return days
    if amount := _first("amounts", cleaned):
        return _amount(*amount)
    if vague := _first("vague", cleaned):
        return VAGUE_COUNT * _unit_days(vague[1]["unit"], vague[0])
    date = date_in(cleaned) or _latest_month(cleaned, as_of)
    return None if date is None else float((as_of - date).days)


def _cleaned(text: str) -> str:
    """Return a text without times of day and without how often."""
    for kind in ("clock", "frequency"):
        for known in _patterns(language()):
            for pattern in known.found[kind]:
                text = pattern.sub(" ", text)
    return text


def _first(kind: str, text: str) -> tuple[_Patterns, re.Match[str]] | None:
    """Return what of a kind stands first in a text, in whatever language understood."""
    matches = [
        (known, match)
        for known in _patterns(language())
        for pattern in known.found[kind]
        if (match := pattern.search(text))
    ]
    return min(matches, key=lambda item: item[1].start(), default=None)


def _amount(known: _Patterns, match: re.Match[str]) -> float:
    named = match.groupdict()
    count = _number(named.get("count") or "1", known) + (0.5 if named.get("half") else 0.0)
    return count * _unit_days(match["unit"], known)


def _latest_month(text: str, as_of: dt.date) -> dt.date | None:
    """Return the middle of the latest month of that name before `as_of`."""
    found = _first("month", text)
    if found is None:
        return None
    month = found[0].months[found[1]["month"]]
    date = dt.date(as_of.year, month, min(15, as_of.day) if month == as_of.month else 15)
    return date if date <= as_of else date.replace(year=as_of.year - 1)


def date_in(text: str) -> dt.date | None:
    """Return the date written in `text`; the middle of a month or year left open."""
    text = plain(text)
    if match := _ISO.search(text):
        return _date(int(match[1]), int(match[2]), int(match[3] or 15))
    if found := _first("month_year", text):
        return _date(int(found[1]["year"]), found[0].months[found[1]["month"]], 15)
    if found := _first("year", text):
        return _date(int(found[1]["year"]), 7, 1)
    return None


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _number(text: str, known: _Patterns) -> float:
    numbers = known.words.numbers
    return numbers[text] if text in numbers else float(text.replace(",", "."))


def _unit_days(unit: str, known: _Patterns) -> float:
    return known.units.get(unit) or known.units[unit.removesuffix("s")]


@functools.lru_cache(maxsize=8)
def _patterns(code: str) -> tuple[_Patterns, ...]:
    """Return the patterns of English, and of the language of a code after them."""
    understood = [words.time for words in spoken()]
    joined = {name for words in understood for name in words.not_apart}
    return tuple(_compiled(words, joined) for words in understood)


def _compiled(words: TimeWords, joined: set[str]) -> _Patterns:
    """Return the patterns of one language; short units in `joined` must follow a digit at once."""
    short = sorted(words.short, key=len, reverse=True)
    closed = [f"(?<=\\d){name}" if name in joined else name for name in short]
    parts = {
        "{unit}": _any(words.units),
        "{any_unit}": _any([*words.units, *closed]),
        "{number}": _any(words.numbers),
        "{month}": _any(words.months),
        "{mon}": _any(dict.fromkeys(name[:3] for name in words.months)),
    }
    names = ("ahead", "amounts", "vague", "month_year", "year", "month", "clock", "frequency")
    named = words.units | words.short
    return _Patterns(
        words=words,
        units={name: DAYS[unit] for name, unit in named.items()},
        months={name[:3]: number for name, number in words.months.items()} | words.months,
        found={name: list(_filled(getattr(words, name), parts)) for name in names},
    )


def _any(names: Iterable[str]) -> str:
    return "|".join(names)


def _filled(patterns: list[str], parts: dict[str, str]) -> Iterator[re.Pattern[str]]:
    for pattern in patterns:
        for place, text in parts.items():
            pattern = pattern.replace(place, text)
        yield re.compile(pattern)
