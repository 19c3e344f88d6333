"""What a night holds in plain words: names of measures, amounts, how many cramps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from nightcramp.diary.amounts import amount_in_words
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.knowledge.schema import Measure
from nightcramp.language import gettext as _
from nightcramp.language import ngettext, noted, number
from nightcramp.language.dates import month, short_weekday

MEDICINE, OWN, TRIAL = "medicine:", "own:", "trial:"
SINCE = {"minutes after noon": 720, "minutes after midnight": 0}
DAY = 1440
WITH_YEAR = noted("{weekday} {day} {month} {year}")
UNITS_OF_ONE = (noted("step"), noted("flight"), noted("drink"), noted("puff"), noted("cup"))
"""What stands with a value of one; units as such stand in the measures."""
LEG_WORDS = {
    "left": noted("left leg"),
    "right": noted("right leg"),
    "both": noted("both legs"),
}
PLACES_OF = {
    "left": noted("left {places}"),
    "right": noted("right {places}"),
    "both": noted("both legs, {places}"),
}
MUSCLE_WORDS = {
    "calf": noted("calf"),
    "foot": noted("foot"),
    "toes": noted("toes"),
    "shin": noted("shin"),
    "thigh": noted("thigh"),
    "buttock": noted("buttock"),
    "hand": noted("hand"),
    "arm": noted("arm"),
    "trunk": noted("trunk"),
    "other": noted("other"),
}
RELIEF_WORDS = {
    "stretch": noted("stretch"),
    "stand": noted("stand"),
    "walk": noted("walk"),
    "massage": noted("massage"),
    "heat": noted("heat"),
    "cold": noted("cold"),
    "medicine": noted("medicine"),
    "drink": noted("drink"),
    "nothing": noted("nothing"),
    "other": noted("other"),
}
"""What helped, muscles and legs of a cramp as they are said; `{places}` are muscles."""


def name_in_words(key: str, measures: Mapping[str, Measure]) -> str:
    """Return what a value's key stands for, in words."""
    if key in measures:
        return measures[key].label
    if key.startswith(TRIAL):
        return _("did as the trial {trial} said").format(trial=key.removeprefix(TRIAL))
    if key.startswith(MEDICINE):
        return name_of_medicine(key.removeprefix(MEDICINE))
    return key.removeprefix(OWN).replace("_", " ")


def value_in_words(key: str, value: float, measures: Mapping[str, Measure]) -> str:
    """Return a value as a person says it: `1.5 L`, `22:30`, `yes`, `taken`."""
    measure = measures.get(key)
    if key.startswith(MEDICINE):
        return _("taken") if value else _("missed")
    if value in (0, 1) and (measure is None or measure.kind == "yes_no"):
        return _("yes") if value else _("no")
    if measure is None:
        return number(value)
    if measure.kind == "clock" and measure.unit in SINCE:
        return clock_in_words(value + SINCE[measure.unit])
    return amount_in_words(measure, value)


def clock_in_words(minutes: float) -> str:
    """Return minutes after midnight as the clock shows them."""
    whole = round(minutes) % DAY
    return f"{whole // 60:02}:{whole % 60:02}"


def cramps_in_words(count: int | None) -> str:
    """Return how many cramps in words; "not logged" is not "no cramp"."""
    if count is None:
        return _("not logged")
    if count == 0:
        return _("no cramp")
    return ngettext("{count} cramp", "{count} cramps", count).format(count=count)


def day_in_words(date: dt.date, now: dt.date | None = None) -> str:
    """Return a day as "Tue 24 November", with its year where it is not the year of `now`."""
    said = _("{weekday} {day} {month}") if now and now.year == date.year else _(WITH_YEAR)
    return said.format(weekday=short_weekday(date), day=date.day, month=month(date), year=date.year)


def night_in_words(evening: dt.date, now: dt.date | None = None) -> str:
    """Return a night's name that nobody can misread: "Tue 24 to Wed 25 November"."""
    return span_in_words(evening, evening + dt.timedelta(days=1), now)


def span_in_words(first: dt.date, last: dt.date, now: dt.date | None = None) -> str:
    """Return two days with what lies between them; month and year where they differ."""
    said = _("{weekday} {day} {month}") if last.year == first.year else _(WITH_YEAR)
    if (first.year, first.month) == (last.year, last.month):
        said = _("{weekday} {day}")
    begun = said.format(
        weekday=short_weekday(first), day=first.day, month=month(first), year=first.year
    )
    return _("{first} to {last}").format(first=begun, last=day_in_words(last, now))


def late_in_words(days: int) -> str:
    """Return how late something was told, or nothing for the next day."""
    late = ngettext("told {count} day later", "told {count} days later", days)
    return late.format(count=days) if days else ""
