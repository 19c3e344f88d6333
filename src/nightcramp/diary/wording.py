"""What a night holds in plain words: names of measures, amounts, how many cramps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from nightcramp.knowledge.schema import Measure

MEDICINE, OWN, TRIAL = "medicine:", "own:", "trial:"
SINCE = {"minutes after noon": 720, "minutes after midnight": 0}
DAY = 1440


def name_in_words(key: str, measures: Mapping[str, Measure]) -> str:
    """Return what a value's key stands for, in words."""
    if key in measures:
        return measures[key].label
    if key.startswith(TRIAL):
        return f"did as the trial {key.removeprefix(TRIAL)} said"
    return key.removeprefix(MEDICINE).removeprefix(OWN).replace("_", " ")


def value_in_words(key: str, value: float, measures: Mapping[str, Measure]) -> str:
    """Return a value as a person says it: `1.5 L`, `22:30`, `yes`, `taken`."""
    measure = measures.get(key)
    if key.startswith(MEDICINE):
        return "taken" if value else "missed"
    if value in (0, 1) and (measure is None or measure.kind == "yes_no"):
        return "yes" if value else "no"
    if measure is None:
        return f"{value:g}"
    if measure.kind == "clock" and measure.unit in SINCE:
        return clock_in_words(value + SINCE[measure.unit])
    unit = measure.unit.removesuffix("s") if value == 1 else measure.unit
    return f"{_rounded(value)} {unit}".rstrip()


def clock_in_words(minutes: float) -> str:
    """Return minutes after midnight as the clock shows them."""
    whole = round(minutes) % DAY
    return f"{whole // 60:02}:{whole % 60:02}"


def cramps_in_words(count: int | None) -> str:
    """Return how many cramps in words; "not logged" is not "no cramp"."""
    if count is None:
        return "not logged"
    return "no cramp" if count == 0 else f"{count} cramp{'s' if count > 1 else ''}"


def _rounded(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def day_in_words(date: dt.date, now: dt.date | None = None) -> str:
    """Return a day as "Tue 24 November", with its year where it is not the year of `now`."""
    year = "" if now and now.year == date.year else f" {date.year}"
    return f"{date:%a} {date.day} {date:%B}{year}"


def night_in_words(evening: dt.date, now: dt.date | None = None) -> str:
    """Return a night's name that nobody can misread: "Tue 24 to Wed 25 November"."""
    return span_in_words(evening, evening + dt.timedelta(days=1), now)


def span_in_words(first: dt.date, last: dt.date, now: dt.date | None = None) -> str:
    """Return two days with what lies between them; month and year where they differ."""
    if (first.year, first.month) == (last.year, last.month):
        return f"{first:%a} {first.day} to {day_in_words(last, now)}"
    year = f" {first.year}" if last.year != first.year else ""
    return f"{first:%a} {first.day} {first:%B}{year} to {day_in_words(last, now)}"


def late_in_words(days: int) -> str:
    """Return how late something was told, or nothing for the next day."""
    return f"told {days} day{'s' if days > 1 else ''} later" if days else ""
