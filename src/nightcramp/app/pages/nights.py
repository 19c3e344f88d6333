"""The calendar of nights, and one night whole: what was told, and how to correct it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from nightcramp.app.asked import Asked
from nightcramp.app.routes import Act, Done, Route, View
from nightcramp.diary.entry import Cramp, Entry
from nightcramp.diary.nights import evening_told
from nightcramp.diary.wording import cramps_in_words, night_in_words
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.intake.diary_book import Book
from nightcramp.intake.diary_clock import DAYS_SHOWN, PersonClock, moment_of_night, span_in
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import gettext as _
from nightcramp.language.dates import month, short_weekday
from nightcramp.person.night import Night
from nightcramp.report.diary import (
    clock_changed,
    cramp_in_words,
    elsewhere,
    entry_in_words,
    values_in_words,
)
from nightcramp.report.diary_calendar import evenings, totals_in_words
from nightcramp.report.document import Picture
from nightcramp.report.nights_picture import (
    SIGNS,
    sign_drawing,
    sign_of,
    weeks_of,
    weeks_picture,
    weeks_table,
)
from nightcramp.report.words import printable
from nightcramp.store.entries import add_entries, all_entries
from nightcramp.store.imports import stored_readings

DAY = dt.timedelta(days=1)
EARLIEST = dt.date(1990, 1, 1)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
SOME_MONDAY = dt.date(2024, 1, 1)


class Sign(Struct, frozen=True, kw_only=True):
    """One of the five signs of a night: its name, what it means, and parts of an SVG."""

    name: str
    words: str
    drawing: str


class NightMark(Struct, frozen=True, kw_only=True):
    """One night in the calendar; `words` say all of it, `odd`: something does not fit together."""

    evening: dt.date
    weekday: str
    sign: str
    words: str
    odd: bool


class Month(Struct, frozen=True, kw_only=True):
    """The nights of one month that are shown; `gaps`: weekdays before the first of them."""

    title: str
    gaps: int
    nights: list[NightMark]


class NightsPage(Struct, frozen=True, kw_only=True):
    """Twelve weeks of nights, the latest month first. `older`, `newer`: the last evening there.

    `last_night`: the night that can be told of now.
    """

    totals: str
    empty: bool
    last_night: dt.date
    weekdays: list[str]
    months: list[Month]
    signs: list[Sign]
    older: dt.date | None
    newer: dt.date | None
    chart: Picture | None
    chart_head: list[str]
    chart_rows: list[list[str]]


class CrampShown(Struct, frozen=True, kw_only=True):
    """One cramp: the id of its entry, when it was, and what was told of it."""

    id: str
    at: dt.datetime
    told: str


class ValueShown(Struct, frozen=True, kw_only=True):
    """Something known of a day or a night, and who told it."""

    name: str
    value: str
    origin: str


class EntryShown(Struct, frozen=True, kw_only=True):
    """One entry as it was told; `holds`: it was not replaced, and can be taken back."""

    id: str
    told_at: dt.datetime
    told: str
    holds: bool


class NightPage(Struct, frozen=True, kw_only=True):
    """Everything known of one night. `entries` hold; `history`: all there ever were, if more."""

    evening: dt.date
    name: str
    sign: str
    signs: list[Sign]
    cramps: str
    logged: bool
    counted_in: str
    clock_changed: str
    cramps_told: list[CrampShown]
    day_before: list[ValueShown]
    night_itself: list[ValueShown]
    note: str
    conflicts: list[str]
    entries: list[EntryShown]
    history: list[EntryShown]
    before: dt.date | None
    after: dt.date | None


class TakeBack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The entry to take back."""

    entry: Annotated[str, Meta(min_length=32, max_length=32)]


class AddCramp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The time of day of a cramp in this night."""

    at: Annotated[str, Meta(min_length=1, max_length=20)]


def nights(asked: Asked) -> NightsPage:
    """Return the calendar; `until` in the address is the last evening shown."""
    book = _book(asked)
    since, until, newest = _span(asked, book)
    shown = [book.night(evening) for evening in evenings(since, until)]
    weeks = weeks_of(shown)
    head, rows = weeks_table(weeks)
    logged = any(night.cramps is not None for night in shown)
    earlier = any(evening < since for evening in book.nights)
    return NightsPage(
        totals=totals_in_words(book, since, until, asked.clock.today),
        empty=not book.nights,
        last_night=asked.clock.today - DAY,
        weekdays=[short_weekday(SOME_MONDAY + DAY * day) for day in range(7)],
        months=list(_months(shown, asked.clock)),
        signs=signs(),
        older=since - DAY if earlier else None,
        newer=min(until + DAYS_SHOWN, newest) if until < newest else None,
        chart=weeks_picture(weeks) if logged else None,
        chart_head=head,
        chart_rows=rows,
    )


def night(asked: Asked) -> NightPage:
    """Return one night whole."""
    evening, book, clock = evening_of_address(asked), _book(asked), asked.clock
    found = book.night(evening)
    told, history = book.told(evening), book.history(evening)
    return NightPage(
        evening=evening,
        name=night_in_words(evening, clock.today),
        sign=sign_of(found.cramps),
        signs=signs(),
        cramps=cramps_in_words(found.cramps),
        logged=found.cramps is not None,
        counted_in=printable(found.origins.get("cramps", "")),
        clock_changed=clock_changed(evening, clock),
        cramps_told=list(_cramps(book, evening, clock)),
        day_before=list(_values(found, "day")),
        night_itself=list(_values(found, "night")),
        note=printable(found.note),
        conflicts=[printable(conflict) for conflict in found.conflicts],
        entries=_shown(told, book, clock),
        history=_shown(history, book, clock) if len(history) > len(told) else [],
        before=evening - DAY if evening > EARLIEST else None,
        after=evening + DAY if evening < clock.tonight else None,
    )


def take_back(asked: Asked, form: TakeBack) -> Done:
    """Take an entry of a night back; it stays in the history."""
    evening = evening_of_address(asked)
    with asked.opened() as store:
        gone = Book(all_entries(store), [], {}).to_take_back(form.entry)
        if any(evening_told(entry) != evening for entry in gone):
            raise UnknownIdError(_("there is no such entry in this night"))
        add_entries(store, [asked.entry(None, replaces=entry.id) for entry in gone])
    return Done(goto=f"/nights/{evening}", said=_("Taken back. It stays in the history."))


def add_cramp(asked: Asked, form: AddCramp) -> Done:
    """Keep a cramp at a time of day, on the day which that is in a night from noon to noon."""
    evening = evening_of_address(asked)
    moment = moment_of_night(evening, form.at, asked.clock)
    with asked.opened() as store:
        add_entries(store, [asked.entry(Cramp(at=moment.replace(microsecond=0)))])
    said = _("Kept: a cramp at {time}.").format(time=f"{moment:%H:%M}")
    return Done(goto=f"/nights/{evening}", said=said)


def evening_of_address(asked: Asked) -> dt.date:
    """Return the evening a page is about; raises for no date (404), and a night to come (422)."""
    evening = _date(asked.params["evening"])
    if evening is None or evening < EARLIEST:
        raise UnknownIdError(_("there is no such night"))
    return _begun(evening, asked.clock)


def _begun(evening: dt.date, clock: PersonClock) -> dt.date:
    if evening > clock.tonight:
        raise InputError(_("this night has not begun"))
    return evening


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if DATE.fullmatch(text) else None
    except ValueError:
        return None


def _span(asked: Asked, book: Book) -> tuple[dt.date, dt.date, dt.date]:
    """Return (first, last evening shown, the newest there is)."""
    since, newest = span_in("", "", book.logged, asked.clock)
    wanted = asked.query.get("until", "")
    if not wanted:
        return since, newest, newest
    until = _date(wanted)
    if until is None or until < EARLIEST:
        raise InputError(_("that is no date"))
    until = min(_begun(until, asked.clock), newest)
    first = min(book.nights, default=until)
    return max(min(first, until), until - DAYS_SHOWN + DAY), until, newest


def _months(shown: list[Night], clock: PersonClock) -> Iterator[Month]:
    """Yield the months of nights, the latest first."""
    by_month: dict[tuple[int, int], list[Night]] = {}
    for one in shown:
        by_month.setdefault((one.evening.year, one.evening.month), []).append(one)
    for (year, _number), of_month in reversed(by_month.items()):
        first = of_month[0].evening
        yield Month(
            title=f"{month(first)} {year}".capitalize(),
            gaps=first.weekday(),
            nights=[_mark(one, clock) for one in of_month],
        )


def _mark(one: Night, clock: PersonClock) -> NightMark:
    words = f"{night_in_words(one.evening, clock.today)}: {cramps_in_words(one.cramps)}"
    if one.conflicts:
        words = _("{cramps} (something does not fit)").format(cramps=words)
    return NightMark(
        evening=one.evening,
        weekday=short_weekday(one.evening),
        sign=sign_of(one.cramps),
        words=words,
        odd=bool(one.conflicts),
    )


def signs() -> list[Sign]:
    """Return the five signs of nights, with what they mean."""
    return [
        Sign(name=name, words=_(words), drawing=sign_drawing(name))
        for name, (_count, words) in SIGNS.items()
    ]


def _book(asked: Asked) -> Book:
    with asked.opened() as store:
        return Book(all_entries(store), stored_readings(store), knowledge().measures)


def _cramps(book: Book, evening: dt.date, clock: PersonClock) -> Iterator[CrampShown]:
    cramps = [(entry, entry.body) for entry in book.told(evening) if isinstance(entry.body, Cramp)]
    for entry, cramp in sorted(cramps, key=lambda pair: pair[1].at):
        parts = (cramp_in_words(cramp), elsewhere(entry, clock))
        yield CrampShown(
            id=entry.id, at=cramp.at, told=printable("; ".join(part for part in parts if part))
        )


def _shown(entries: list[Entry], book: Book, clock: PersonClock) -> list[EntryShown]:
    holding, measures = {entry.id for entry in book.chains.standing}, knowledge().measures
    return [
        EntryShown(
            id=entry.id,
            told_at=entry.made_at,
            told=printable(entry_in_words(entry, holding, clock, measures)),
            holds=entry.id in holding,
        )
        for entry in entries
    ]


def _values(found: Night, belongs: str) -> Iterator[ValueShown]:
    for name, value, origin in values_in_words(found, knowledge().measures, belongs):
        yield ValueShown(name=printable(name), value=value, origin=printable(origin))


ROUTES: tuple[Route, ...] = (
    View("/nights", nights, "nights.html", "Twelve weeks of nights as a calendar, with totals."),
    View("/nights/{evening}", night, "night.html", "Everything known of one night."),
    Act(
        "/nights/{evening}/take-back",
        take_back,
        TakeBack,
        "Take back what was told of a night; it stays in the history.",
        again="/nights/{evening}",
    ),
    Act(
        "/nights/{evening}/add",
        add_cramp,
        AddCramp,
        "Keep a cramp at a time of day in a night.",
        again="/nights/{evening}",
    ),
)
