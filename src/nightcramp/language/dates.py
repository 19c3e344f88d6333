"""Names of days and months in the language of whoever is being answered."""

from __future__ import annotations

import datetime as dt

from nightcramp.language import ENGLISH, language

_BABEL = {"%A": "EEEE", "%a": "EEE", "%B": "MMMM", "%b": "MMM"}


def weekday(date: dt.date) -> str:
    """Return the name of a date's weekday: "Tuesday"."""
    return _name(date, "%A")


def short_weekday(date: dt.date) -> str:
    """Return the short name of a date's weekday: "Tue"."""
    return _name(date, "%a")


def month(date: dt.date) -> str:
    """Return the name of a date's month: "November"."""
    return _name(date, "%B")


def short_month(date: dt.date) -> str:
    """Return the short name of a date's month: "Nov"."""
    return _name(date, "%b")


def _name(date: dt.date, form: str) -> str:
    if language() == ENGLISH:
        return f"{date:{form}}"
    from babel.dates import format_date

    return format_date(date, _BABEL[form], locale=language())
