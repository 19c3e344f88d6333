"""Dates as people and spreadsheet programs write them, in the order the whole column shows."""

from __future__ import annotations

import datetime as dt
import functools
import math
import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from nightcramp.intake.spreadsheet.words import plain
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.language.dates import month

Order = Literal["", "dmy", "mdy", "ymd"]
"""Day, month and year as they stand in dates of figures; empty while not known."""

ORDERS: tuple[Order, ...] = ("dmy", "mdy", "ymd")
ORDER_WORDS = {
    "dmy": noted("day, month, year"),
    "mdy": noted("month, day, year"),
    "ymd": noted("year, month, day"),
}
EARLIEST = dt.date(1900, 1, 1)
SERIAL_START = dt.date(1899, 12, 30)
SERIALS = (20_000, 80_000)
SHOWN = 3
MONTHS = (
    "january januar janvier enero gennaio januari jan",
    "february februar fevrier febrero febbraio februari feb",
    "march marz mars marzo maart mrz maerz",
    "april avril abril aprile",
    "may mai mayo maggio mei",
    "june juni juin junio giugno",
    "july juli juillet julio luglio",
    "august aout agosto augustus",
    "september septembre septiembre settembre sept",
    "october oktober octobre octubre ottobre",
    "november novembre noviembre",
    "december dezember decembre diciembre dicembre",
)
_TIME = (
    r"(?P<h>[01]?\d|2[0-3])(?:(?P<sep>[:.h])(?P<mi>[0-5]\d)(?::?(?P<s>[0-5]\d)(?:[.,]\d+)?)?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?:uhr|h)?"
)
_ZONE = r"(?:\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
_CLOCK = re.compile(_TIME + _ZONE, re.I)
_WEEKDAY = re.compile(r"^[^\W\d_]{2,10}\.?,?\s+(?=\d)")
_FIGURES = re.compile(
    r"(?P<a>\d{1,6})\s*(?P<mark>[-/.\u2010\u2011])\s*(?P<b>\d{1,2})\s*(?P=mark)\s*(?P<c>\d{1,6})\.?"
    r"(?:(?:\s+|T|,\s*)(?P<clock>\d.*))?",
    re.I | re.S,
)
_SPACED = re.compile(r"(?P<a>\d{4})\s(?P<b>\d{1,2})\s(?P<c>\d{1,2})")
_COMPACT = re.compile(r"((?:19|20)\d{2})(0[1-9]|1[0-2])([0-3]\d)(?:T?(\d{2})(\d{2})(\d{2})?)?")
_DAY_MONTH = re.compile(
    r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[.,]?[\s\-/]*(?:of\s+)?(?P<m>[^\W\d_]{3,10})\.?,?[\s\-/]*"
    r"'?(?P<y>\d{2,6})(?:,?\s+(?:at\s+|um\s+)?(?P<clock>\d.*))?",
    re.I | re.S,
)
_MONTH_DAY = re.compile(
    r"(?P<m>[^\W\d_]{3,10})\.?[\s\-/]*(?P<d>\d{1,2})(?:st|nd|rd|th)?(?:,\s*|[\s\-/]+)"
    r"'?(?P<y>\d{2,6})(?:,?\s+(?:at\s+|um\s+)?(?P<clock>\d.*))?",
    re.I | re.S,
)
_YEAR_MONTH_DAY = re.compile(
    r"(?P<y>\d{4})[\s\-/,]+(?P<m>[^\W\d_]{3,10})\.?[\s\-/]*(?P<d>\d{1,2})(?:st|nd|rd|th)?", re.I
)
_NO_YEAR = re.compile(
    r"\d{1,2}\s*[-/.]\s*\d{1,2}\.?|\d{1,2}\.?\s*[^\W\d_]{3,10}|[^\W\d_]{3,10}\s+\d{1,2}"
)
_NUMBER = re.compile(r"\d{5}(?:[.,]\d+)?")


class Written(Struct, frozen=True):
    """A date taken apart: its figures in the order they stand, whether that order is known."""

    figures: tuple[int, int, int]
    digits: tuple[int, int, int]
    order: Order = ""
    clock: dt.time | None = None
    how: Literal["figures", "named", "day number"] = "figures"


class Moment(Struct, frozen=True):
    """A date, and the time of day where one stands with it."""

    date: dt.date
    clock: dt.time | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """What a column of dates shows: its order, or the orders it leaves open with a question."""

    order: Order = ""
    open: tuple[Order, ...] = ()
    question: str = ""
    clash: str = ""


def is_date(text: str) -> bool:
    """Tell whether a cell is written like a whole date (a bare day number does not count)."""
    found = taken_apart(text)
    return found is not None and found.how != "day number"


@functools.lru_cache(maxsize=8192)
def taken_apart(text: str) -> Written | None:
    """Return a written date's parts; None when the text is no date."""
    bare = _WEEKDAY.sub("", text.strip()) if not text[:1].isdigit() else text.strip()
    if len(bare) > 60:
        return None
    return _named(text.strip()) or _named(bare) or _in_figures(bare) or _day_number(bare)


def clock_in(text: str) -> dt.time | None:
    """Return the time of day written in a cell ("3:10", "3.10 pm", "03h10", "15 Uhr"), or None."""
    found = _CLOCK.fullmatch(text.strip())
    if found:
        return _time(found)
    return _day_fraction(text)


def moment_of(text: str, order: Order, as_of: dt.date) -> Moment | str:
    """Return the moment a cell says, or in words why it says none."""
    written = taken_apart(text)
    if written is None:
        if _NO_YEAR.fullmatch(text.strip()):
            return noted("a date without its year")
        return noted("not a date")
    chosen = written.order or order
    if not chosen:
        return noted("a date whose order is not known")
    date = _date(written, chosen, as_of)
    if isinstance(date, str):
        return date
    if date > as_of:
        return noted("a date in the future")
    if date < EARLIEST:
        return noted("a date before 1900")
    return Moment(date, written.clock)


def decide(cells: Sequence[tuple[int, str]], as_of: dt.date, *, typed: bool = False) -> Decision:
    """Return the order that a whole column of (line, cell) shows.

    Never guesses: when several orders fit, the decision holds the question to ask; when no
    order fits all lines, it names lines that clash. `typed`: the file keeps dates as dates.
    """
    dates = [(line, text, found) for line, text in cells if (found := taken_apart(text))]
    figures = [(line, text, found) for line, text, found in dates if not found.order]
    sane = [(line, text, found) for line, text, found in figures if _orders(found, as_of)]
    if not sane:
        return Decision()
    fitting = [order for order in ORDERS if all(order in _orders(w, as_of) for _, _, w in sane)]
    fitting = _year_first_or_last(fitting, [found for _, _, found in sane])
    if not fitting:
        return Decision(clash=_clash(sane, as_of))
    ready = [found for _, _, found in dates if found.order and found.how == "figures"]
    if typed and ready and fitting != ["ymd"] and all(found.figures[2] <= 12 for found in ready):
        return Decision(open=tuple(fitting), question=_half_converted(sane))
    if len(fitting) == 1:
        return Decision(order=fitting[0])
    return Decision(open=tuple(fitting), question=_question(sane, fitting, as_of))


def _named(text: str) -> Written | None:
    """Return a date whose month is a word."""
    for shape in (_YEAR_MONTH_DAY, _DAY_MONTH, _MONTH_DAY):
        found = shape.fullmatch(_WEEKDAY.sub("", text) if shape is _DAY_MONTH else _unday(text))
        month = _month(found["m"]) if found else None
        if found and month:
            clock, good = _clock_of(found.groupdict().get("clock"))
            if good:
                parts = (int(found["y"]), month, int(found["d"]))
                return Written(parts, (len(found["y"]), 2, 2), "ymd", clock, "named")
    return None


def _unday(text: str) -> str:
    """Return the text without a weekday before a month's name ("Tue Mar 3 2026")."""
    first, _, rest = text.partition(" ")
    return rest.strip() if rest and not rest[:1].isdigit() and not _month(first) else text


@functools.lru_cache(maxsize=256)
def _month(word: str) -> int | None:
    """Return the month a name or its beginning (three letters or more) means, if only one."""
    start = plain(word)
    found = {
        number
        for number, names in enumerate(MONTHS, start=1)
        if any(name.startswith(start) for name in names.split())
    }
    return found.pop() if len(found) == 1 and len(start) >= 3 else None


def _in_figures(text: str) -> Written | None:
    compact = _COMPACT.fullmatch(text)
    if compact:
        year, month, day, hour, minute, second = compact.groups()
        clock, good = _clock_of(f"{hour}:{minute}:{second or '00'}" if hour else None)
        parts = (int(year), int(month), int(day))
        return Written(parts, (4, 2, 2), "ymd", clock) if good else None
    found = _FIGURES.fullmatch(text) or _SPACED.fullmatch(text)
    if not found:
        return None
    clock, good = _clock_of(found.groupdict().get("clock"))
    if not good:
        return None
    figures = (int(found["a"]), int(found["b"]), int(found["c"]))
    digits = (len(found["a"]), len(found["b"]), len(found["c"]))
    return Written(figures, digits, "ymd" if digits[0] >= 4 else "", clock)


def _day_number(text: str) -> Written | None:
    """Return the date that a spreadsheet's day number means."""
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text.replace(",", "."))
    if not SERIALS[0] <= number < SERIALS[1]:
        return None
    date = SERIAL_START + dt.timedelta(days=math.floor(number))
    part = number - math.floor(number)
    clock = _of_day(part) if part else None
    return Written((date.year, date.month, date.day), (4, 2, 2), "ymd", clock, "day number")


def _clock_of(text: str | None) -> tuple[dt.time | None, bool]:
    """Return (the time, whether the text is one or empty)."""
    if not text:
        return None, True
    found = _CLOCK.fullmatch(text.strip())
    clock = _time(found) if found else None
    return clock, clock is not None


def _time(found: re.Match[str]) -> dt.time | None:
    hour, half = int(found["h"]), (found["half"] or "").lower()[:1]
    written = found[0].lower()
    if not found["mi"] and not half and not written.rstrip().endswith(("uhr", "h")):
        return None
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return dt.time(hour, int(found["mi"] or 0), int(found["s"] or 0))


def _day_fraction(text: str) -> dt.time | None:
    """Return the time that a fraction of a day means, as spreadsheets keep times."""
    if not re.fullmatch(r"0?[.,]\d{2,}", text.strip()):
        return None
    return _of_day(float(text.strip().replace(",", ".")))


def _of_day(part: float) -> dt.time:
    seconds = min(round(part * 86_400), 86_399)
    return dt.time(seconds // 3600, seconds // 60 % 60, seconds % 60)


def _date(written: Written, order: Order, as_of: dt.date) -> dt.date | str:
    by_place = dict(zip(order, zip(written.figures, written.digits, strict=True), strict=True))
    year, digits = by_place["y"]
    if digits > 4 or digits == 3 or digits == 1:
        return noted("a date with an impossible year")
    if digits == 2:
        year += 2000 if year + 2000 <= as_of.year + 1 else 1900
    try:
        return dt.date(year, by_place["m"][0], by_place["d"][0])
    except ValueError:
        fits = [o for o in ORDERS if o != order and o in _orders(written, as_of)]
        return (
            noted("a date in another order than the column's")
            if fits
            else noted("no day of the calendar")
        )


def _orders(written: Written, as_of: dt.date) -> list[Order]:
    """Return the orders in which a date of figures is a day of the calendar."""
    return [order for order in ORDERS if _fits(written, order, as_of)]


def _fits(written: Written, order: Order, as_of: dt.date) -> bool:
    by_place = dict(zip(order, zip(written.figures, written.digits, strict=True), strict=True))
    (year, digits), month, day = by_place["y"], by_place["m"][0], by_place["d"][0]
    if digits not in (2, 4) or by_place["d"][1] > 2 or by_place["m"][1] > 2:
        return False
    if order == "ymd" and digits == 2 and year + 2000 > as_of.year:
        return False
    try:
        dt.date(year + 2000 if digits == 2 else max(year, 1), month, day)
    except ValueError:
        return False
    return True


def _year_first_or_last(fitting: list[Order], dates: list[Written]) -> list[Order]:
    """Drop the reading of two-figure years that puts every date into a year of its own.

    A diary is written day by day: of 13/08/12, 14/08/12, 15/08/12 the last figure is the year.
    """
    if "ymd" not in fitting or len(fitting) == 1 or len(dates) < SHOWN:
        return fitting
    first, last = ({w.figures[place] for w in dates} for place in (0, 2))
    if len(last) * SHOWN <= len(first):
        return [order for order in fitting if order != "ymd"]
    return ["ymd"] if len(first) * SHOWN <= len(last) else fitting


def _clash(dates: list[tuple[int, str, Written]], as_of: dt.date) -> str:
    """Name a line for each order that only some lines have."""
    named = []
    for order in ORDERS:
        only = [line for line, _text, found in dates if _orders(found, as_of) == [order]]
        if only:
            said = (
                _("{order} on line {lines} and {more} more")
                if len(only) > SHOWN
                else _("{order} on line {lines}")
            )
            shown = ", ".join(str(line) for line in only[:SHOWN])
            more = len(only) - SHOWN
            named.append(said.format(order=_(ORDER_WORDS[order]), lines=shown, more=more))
    return "; ".join(named)


def _half_converted(dates: list[tuple[int, str, Written]]) -> str:
    return _(
        "Some dates are kept as dates and some as text (line {line}), as when a spreadsheet "
        "program has turned day and month around. Mend the column, or name the order of the "
        "others; the dates kept as dates are then taken as they are."
    ).format(line=dates[0][0])


def _question(dates: list[tuple[int, str, Written]], orders: list[Order], as_of: dt.date) -> str:
    different = [item for item in dates if len({_read(item[2], o, as_of) for o in orders}) > 1]
    shown = (different or dates)[:SHOWN]
    one = _("line {line} is {date}")
    readings = [
        f"{_(ORDER_WORDS[order])} ({order}): "
        + ", ".join(
            one.format(line=line, date=_read(found, order, as_of)) for line, _text, found in shown
        )
        for order in orders
    ]
    return _("Which order do the dates have? {readings}.").format(
        readings=_("; or ").join(readings)
    )


def _read(written: Written, order: Order, as_of: dt.date) -> str:
    date = _date(written, order, as_of)
    return _(date) if isinstance(date, str) else _long(date)


def _long(date: dt.date) -> str:
    said = _("{day} {month} {year}")
    return said.format(day=date.day, month=month(date), year=f"{date:%Y}")
