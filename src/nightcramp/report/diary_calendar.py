"""The diary at a glance: a calendar of small marks, or a line a night, with totals in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from nightcramp.diary.wording import cramps_in_words, night_in_words, span_in_words
from nightcramp.intake.diary_book import Book
from nightcramp.language import gettext as _
from nightcramp.language import ngettext, noted
from nightcramp.language.dates import short_month, short_weekday
from nightcramp.person.night import Night
from nightcramp.report.words import wrap

MARKS = {None: ".", 0: "o", 1: "|", 2: "||", 3: "|||"}
LEGEND = noted("o no cramp   | one   || two   ||| three or more   . not logged")
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
    about = _("Each mark is the night that begins that evening.")
    return "\n".join([*lines, "", f"  {_(LEGEND)}", wrap(about)]) + "\n"


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
    begin = [_("`nightcramp log` logs a cramp, `nightcramp log none` a night without one.")]
    totals = wrap(totals_in_words(book, first, last, today), 0)
    return [totals, *([] if book.nights else begin), ""]


def totals_in_words(book: Book, first: dt.date, last: dt.date, today: dt.date) -> str:
    """Return how many nights were logged and how many had cramps, in plain words."""
    nights = [book.night(evening) for evening in evenings(first, last)]
    counts = [night.cramps for night in nights if night.cramps is not None]
    logged = ngettext(
        "You logged {count} of {nights} night", "You logged {count} of {nights} nights", len(nights)
    ).format(count=len(counts), nights=len(nights))
    span = _("the evenings from {span}").format(span=span_in_words(first, last, today))
    if first == last:
        span = _("the night of {night}").format(night=night_in_words(first, today))
    if not counts:
        return f"{logged}: {span}."
    shown = _("{logged}; {had}. Shown: {span}.")
    return shown.format(logged=logged, had=_had([count for count in counts if count]), span=span)


def _had(bad: list[int]) -> str:
    """Return on how many nights there were cramps, and how many in all."""
    if not bad:
        return _("no cramps")
    said = _("cramps on {nights}")
    if sum(bad) > len(bad):
        said = _("cramps on {nights} ({cramps} in all)")
    return said.format(nights=len(bad), cramps=sum(bad))


def _heading() -> str:
    days = (dt.date(2024, 1, 1) + NIGHT * day for day in range(7))
    return " " * 10 + "".join(short_weekday(day).center(CELL) for day in days).rstrip()


def _week(book: Book, monday: dt.date, first: dt.date, last: dt.date) -> str:
    evenings = (monday + NIGHT * day for day in range(7))
    cells = (
        _mark(book.night(evening)).center(CELL) if first <= evening <= last else " " * CELL
        for evening in evenings
    )
    return f"  {monday.day:>2} {short_month(monday)}  ".ljust(10) + "".join(cells).rstrip()


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
            said = cramps_in_words(night.cramps)
            if night.conflicts:
                said = _("{cramps} (something does not fit)").format(cramps=said)
            lines.append(f"{night_in_words(evening, today)}: {said}")
    return "\n".join(lines) + "\n"


def _not_logged(first: dt.date, last: dt.date, today: dt.date) -> str:
    count = (last - first).days + 1
    span = span_in_words(first, last + NIGHT, today)
    said = _("{span}: not logged ({count} nights)") if count > 1 else _("{span}: not logged")
    return said.format(span=span, count=count)


def evenings(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Yield every evening from the first to the last."""
    for day in range((last - first).days + 1):
        yield first + NIGHT * day
