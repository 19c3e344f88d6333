"""The diary at a glance: a calendar of small marks, or a line a night, with totals in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from nightcramp.diary.wording import cramps_in_words, night_in_words, span_in_words
from nightcramp.intake.diary_book import Book
from nightcramp.person.night import Night
from nightcramp.report.words import wrap

MARKS = {None: ".", 0: "o", 1: "|", 2: "||", 3: "|||"}
LEGEND = "o no cramp   | one   || two   ||| three or more   . not logged"
MOST = 3
CELL = 6
NIGHT = dt.timedelta(days=1)


def diary_text(book: Book, first: dt.date, last: dt.date, today: dt.date) -> str:
    """Return the nights from `first` to `last` as a calendar, a week a line."""
    lines = [*_opening(book, first, last, today), _heading()]
    monday = first - NIGHT * first.weekday()
    while monday <= last:
        lines.append(_week(book, monday, first, last))
        monday += 7 * NIGHT
    about = "Each mark is the night that begins that evening."
    return "\n".join([*lines, "", f"  {LEGEND}", wrap(about)]) + "\n"


def diary_json(book: Book, first: dt.date, last: dt.date) -> dict[str, Any]:
    """Return the span for programs: totals, and every night, those not logged too."""
    nights = [book.night(evening) for evening in evenings(first, last)]
    counts = [night.cramps for night in nights if night.cramps is not None]
    return {
        "from": first,
        "to": last,
        "nights_in_all": len(nights),
        "nights_logged": len(counts),
        "nights_with_cramps": sum(count > 0 for count in counts),
        "cramps": sum(counts),
        "nights": nights,
    }


def _opening(book: Book, first: dt.date, last: dt.date, today: dt.date) -> list[str]:
    """Return the totals, and how to begin where nothing is known yet."""
    begin = ["`nightcramp log` logs a cramp, `nightcramp log none` a night without one."]
    totals = wrap(totals_in_words(book, first, last, today), 0)
    return [totals, *([] if book.nights else begin), ""]


def totals_in_words(book: Book, first: dt.date, last: dt.date, today: dt.date) -> str:
    """Return how many nights were logged and how many had cramps, in plain words."""
    nights = [book.night(evening) for evening in evenings(first, last)]
    counts = [night.cramps for night in nights if night.cramps is not None]
    bad = [count for count in counts if count]
    logged = f"You logged {len(counts)} of {_nights(len(nights))}"
    had = f"cramps on {len(bad)}" + (f" ({sum(bad)} in all)" if sum(bad) > len(bad) else "")
    span = f"the evenings from {span_in_words(first, last, today)}"
    if first == last:
        span = f"the night of {night_in_words(first, today)}"
    if not counts:
        return f"{logged}: {span}."
    return f"{logged}; {had if bad else 'no cramps'}. Shown: {span}."


def _heading() -> str:
    days = (dt.date(2024, 1, 1) + NIGHT * day for day in range(7))
    return " " * 10 + "".join(f"{day:%a}".center(CELL) for day in days).rstrip()


def _week(book: Book, monday: dt.date, first: dt.date, last: dt.date) -> str:
    evenings = (monday + NIGHT * day for day in range(7))
    cells = (
        _mark(book.night(evening)).center(CELL) if first <= evening <= last else " " * CELL
        for evening in evenings
    )
    return f"  {monday.day:>2} {monday:%b}  ".ljust(10) + "".join(cells).rstrip()


def _mark(night: Night) -> str:
    return MARKS[None if night.cramps is None else min(night.cramps, MOST)]


def list_text(book: Book, first: dt.date, last: dt.date, today: dt.date) -> str:
    """Return the nights a line each, those not logged one after the other in one line."""
    lines = _opening(book, first, last, today)
    open_from: dt.date | None = None
    for evening in [*evenings(first, last), last + NIGHT]:
        night = book.night(evening)
        silent = evening <= last and night.cramps is None
        if not silent and open_from is not None:
            lines.append(_not_logged(open_from, evening - NIGHT, today))
            open_from = None
        if silent:
            open_from = open_from or evening
        elif evening <= last:
            more = " (something does not fit)" if night.conflicts else ""
            said = cramps_in_words(night.cramps)
            lines.append(f"{night_in_words(evening, today)}: {said}{more}")
    return "\n".join(lines) + "\n"


def _not_logged(first: dt.date, last: dt.date, today: dt.date) -> str:
    count = (last - first).days + 1
    several = f" ({count} nights)" if count > 1 else ""
    return f"{span_in_words(first, last + NIGHT, today)}: not logged{several}"


def _nights(count: int) -> str:
    return f"{count} night{'' if count == 1 else 's'}"


def evenings(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Yield every evening from the first to the last."""
    for day in range((last - first).days + 1):
        yield first + NIGHT * day
