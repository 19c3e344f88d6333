"""Durations and points in time as people write them, in days before the story's date."""

from __future__ import annotations

import datetime as dt
import re

DAYS = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "night": 1.0, "week": 7.0}
DAYS |= {"fortnight": 14.0, "month": 30.44, "year": 365.25}
SHORT = {"d": "day", "w": "week", "wk": "week", "m": "month", "mo": "month", "mth": "month"}
SHORT |= {"y": "year", "yr": "year", "h": "hour", "hr": "hour", "min": "minute"}
NUMBERS = {
    word: float(value)
    for value, words in {
        0.5: "half",
        1: "a an one",
        2: "two couple",
        3: "three few",
        4: "four several",
        5: "five",
        6: "six",
        7: "seven",
        8: "eight",
        9: "nine",
        10: "ten",
        11: "eleven",
        12: "twelve",
        15: "fifteen",
        20: "twenty",
        30: "thirty",
    }.items()
    for word in words.split()
}
MONTHS = "january february march april may june july august september october november december"
_LONG_UNIT = "|".join(DAYS)
_UNIT = "|".join([*DAYS, *sorted(SHORT, key=len, reverse=True)])
_AMOUNT = re.compile(
    rf"\b(\d+(?:[.,]\d+)?)(?:\s+(?:or|to|-)\s*\S+)?(?:\s+(?:full|long|whole|more))*\s*({_UNIT})s?\b"
    rf"|\b({'|'.join(NUMBERS)})(?:\s+(?:or|to)\s+\S+)?"
    rf"(?:\s+(?:of|full|long|whole|more|an?))*\s+({_LONG_UNIT})s?\b"
)
_CLOCK = re.compile(
    r"\bat\s+\d{1,2}(?:[:.]\d\d)?\s*(?:am|pm|h|o'clock)?\b|\b\d{1,2}(?::\d\d)?\s*(?:am|pm)\b"
)
_FREQUENCY = re.compile(
    r"\b(?:(?:once|twice|times|every|each|per|daily|weekly|puffs?|nights?|days?|tablets?)"
    r"\s*(?:a|an|per|every|other|\d+)?|/)\s*(?:\d+\s*)?(?:hours?|days?|nights?|weeks?|months?|years?)\b"
)
_AHEAD = re.compile(r"(?:^|\s)[-−]\s*\d|^\s*in\s+(?:\d{1,3}|an?)\s+[a-z]|\bfrom now\b")
_ISO = re.compile(r"\b(\d{4})-(\d{2})(?:-(\d{2}))?\b")
_MONTH_ONLY = re.compile(rf"\b(?:since|in|from|last)\s+({MONTHS.replace(' ', '|')})\b")
_VAGUE = re.compile(r"\b(?:for|many|some|over|these|several|a few)\s+(weeks|months|years)\b")
VAGUE_COUNT = 3.0
_MONTH_YEAR = re.compile(rf"\b({'|'.join(m[:3] for m in MONTHS.split())})[a-z]*\.?\s+(\d{{4}})\b")
_YEAR = re.compile(r"(?:^|\b(?:since|in|from|started|until|till)\s+)((?:19|20)\d{2})\b")
_WORDS = {"today": 0.0, "tonight": 0.0, "yesterday": 1.0, "last night": 1.0, "this morning": 0.0}
_WORDS |= {"last week": 7.0, "last month": 30.44, "last year": 365.25, "this week": 3.0}


def days_in(text: str, as_of: dt.date) -> float | None:
    """Return the days meant by `text` ("3 weeks", "since March 2024"), or None.

    Vague plurals ("for years") count as three.
    """
    if _AHEAD.search(text.lower()):
        return None
    cleaned = _FREQUENCY.sub(" ", _CLOCK.sub(" ", text.lower()))
    for word, days in _WORDS.items():
        if word in cleaned:
            return days
    amount = _AMOUNT.search(cleaned)
    if amount:
        return _number(amount[1] or amount[3]) * _unit_days(amount[2] or amount[4])
    if vague := _VAGUE.search(cleaned):
        return VAGUE_COUNT * _unit_days(vague[1].removesuffix("s"))
    date = date_in(cleaned) or _latest_month(cleaned, as_of)
    return None if date is None else float((as_of - date).days)


def _latest_month(text: str, as_of: dt.date) -> dt.date | None:
    """Return the middle of the latest month of that name before `as_of`."""
    match = _MONTH_ONLY.search(text)
    if match is None:
        return None
    month = MONTHS.split().index(match[1]) + 1
    date = dt.date(as_of.year, month, min(15, as_of.day) if month == as_of.month else 15)
    return date if date <= as_of else date.replace(year=as_of.year - 1)


def date_in(text: str) -> dt.date | None:
    """Return the date written in `text`; the middle of a month or year left open."""
    text = text.lower()
    if match := _ISO.search(text):
        return _date(int(match[1]), int(match[2]), int(match[3] or 15))
    if match := _MONTH_YEAR.search(text):
        month = [m[:3] for m in MONTHS.split()].index(match[1]) + 1
        return _date(int(match[2]), month, 15)
    if match := _YEAR.search(text):
        return _date(int(match[1]), 7, 1)
    return None


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _number(text: str) -> float:
    return NUMBERS[text] if text in NUMBERS else float(text.replace(",", "."))


def _unit_days(unit: str) -> float:
    return DAYS[SHORT.get(unit, unit)]
