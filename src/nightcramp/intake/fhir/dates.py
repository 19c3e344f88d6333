"""FHIR dates, which may leave out the day or the month, as calendar days."""

from __future__ import annotations

import datetime as dt

EARLIEST = 1850


def day_of(text: str, as_of: dt.date | None = None) -> dt.date | None:
    """Return the local day of a FHIR date or dateTime; None when it cannot be a date.

    The middle of a month or a year left open, but not a day after `as_of` because of that.
    """
    try:
        if len(text) == 10 or text[10:11] in ("T", " "):
            day = dt.date.fromisoformat(text[:10])
        elif len(text) == 7:
            day = dt.date(int(text[:4]), int(text[5:7]), 15)
        elif len(text) == 4:
            day = dt.date(int(text), 7, 1)
        else:
            return None
    except ValueError:
        return None
    if day.year < EARLIEST:
        return None
    if as_of and len(text) < 10 and day > as_of and as_of.isoformat().startswith(text):
        return as_of
    return day


def is_full(text: str) -> bool:
    """Return whether a date names its day."""
    return len(text) >= 10
