"""The morning: one question about the night, and what the day before held for who likes to tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from nightcramp.app.asked import Asked
from nightcramp.app.pages.cramps import Choice, note_of
from nightcramp.app.routes import Act, Done, Route, View
from nightcramp.diary.entry import Cramp, Entry, Told
from nightcramp.diary.sheet import COLUMNS
from nightcramp.diary.wording import OWN, SINCE, clock_in_words, name_in_words
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.intake.diary_arrival import YEARS
from nightcramp.intake.diary_book import Book
from nightcramp.intake.diary_clock import DAY, MORNING_ENDS, PersonClock, night_just_past
from nightcramp.intake.diary_values import value_of
from nightcramp.intake.diary_words import LONGEST_NAME, LONGEST_NOTE, told_from_words
from nightcramp.intake.spreadsheet.cells import MOST_CRAMPS, factor_of
from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.schema import Measure
from nightcramp.language import gettext as _
from nightcramp.language import number
from nightcramp.report.diary import cramp_in_words
from nightcramp.store.entries import add_entries, all_entries
from nightcramp.store.imports import stored_readings

Typed = Annotated[str, Meta(max_length=20)]
MOST_OWN = 6
LESS = ("pain_worst", "sleep_lost")
"""What is asked of a night with cramps only; the pain of one is told with that cramp."""
SLEEP = ("bedtime", "wake_time")


class Ask(Struct, frozen=True, kw_only=True):
    """One thing that can be told: how it is asked, and what is told of it already."""

    name: str
    label: str
    kind: Literal["yes_no", "score", "amount", "clock"]
    hint: str = ""
    value: str = ""


class Own(Struct, frozen=True, kw_only=True):
    """Something the person named on a day before, and whether it was so on this one."""

    name: str
    label: str
    told: bool


class Logged(Struct, frozen=True, kw_only=True):
    """One cramp of the night, and what is told of it."""

    id: str
    at: dt.datetime
    told: str


class MorningPage(Struct, frozen=True, kw_only=True):
    """One night: whether there were cramps, and what is told of it.

    `evening`: None where it is to be chosen from `nights`, and on the page a phone keeps for
    all. `asks_count`: the question is still open. `count`: how many cramps are told or logged.
    """

    evening: dt.date | None = None
    morning: dt.date | None = None
    nights: list[dt.date] = []
    diary: str = ""
    last_night: bool = False
    over: bool = True
    asks_count: bool = True
    count: int | None = None
    cramps: list[Logged] = []
    conflicts: list[str] = []
    of_night: list[Ask] = []
    of_day: list[Ask] = []
    own: list[Own] = []
    note: str = ""
    yes_no: list[Choice] = []
    scores: list[str] = []


class NightForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is told of a night: how many cramps (`part` count), or all the rest (`part` day).

    In the rest, what is left empty is not known, and no longer told if it was. Values are as a
    person types them, in the unit asked for.
    """

    part: Literal["count", "day"] = "count"
    cramps: Annotated[int, Meta(ge=0, le=MOST_CRAMPS)] | None = None
    effort: Typed = ""
    effort_unusual: Typed = ""
    stand_minutes: Typed = ""
    drinks: Typed = ""
    alcohol: Typed = ""
    caffeine_cups: Typed = ""
    caffeine_last: Typed = ""
    stretching: Typed = ""
    heat: Typed = ""
    sweating: Typed = ""
    diarrhoea: Typed = ""
    vomiting: Typed = ""
    medicine_missed: Typed = ""
    bedtime: Typed = ""
    wake_time: Typed = ""
    pain_worst: Typed = ""
    sleep_lost: Typed = ""
    asked: Annotated[list[Typed], Meta(max_length=40)] = []
    """Names of what was asked: what was not asked stays as it was told."""
    own_asked: Annotated[list[Annotated[str, Meta(max_length=80)]], Meta(max_length=20)] = []
    own: Annotated[list[Annotated[str, Meta(max_length=80)]], Meta(max_length=20)] = []
    own_new: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""
    note: Annotated[str, Meta(max_length=LONGEST_NOTE)] = ""


def this_morning(asked: Asked) -> MorningPage:
    """Return the page of the night just past, or which night it may be where that is not clear."""
    try:
        evening = night_just_past(asked.clock)
    except InputError:
        today = asked.clock.today
        return MorningPage(nights=[today - DAY, today - 2 * DAY], diary=asked.viewer.key)
    return _page(asked, evening)


def any_morning(asked: Asked) -> MorningPage:
    """Return the page of one night, named by its evening; raises InputError for a night to come."""
    return _page(asked, evening_in_path(asked))


def evening_in_path(asked: Asked) -> dt.date:
    """Return the evening a path names; raises UnknownIdError, and InputError for one to come."""
    try:
        evening = dt.date.fromisoformat(asked.params["evening"])
    except ValueError:
        evening = dt.date.min
    if evening.year not in YEARS:
        raise UnknownIdError(_("there is no such night"))
    if evening > asked.clock.tonight:
        raise InputError(_("this night has not begun yet"))
    return evening


def _page(asked: Asked, evening: dt.date) -> MorningPage:
    book, measures = book_of(asked), knowledge().measures
    night, told = book.night(evening), told_of(book, evening)
    cramps = [(e, e.body) for e in book.told(evening) if isinstance(e.body, Cramp)]
    asks = {name: _ask(name, unit, told, measures) for name, unit in _asked_of_day()}
    of_night = [*SLEEP, *(LESS[len(cramps) > 0 :] if night.cramps else ())]
    is_open = told.cramps is None and (night.cramps is None or bool(cramps))
    return MorningPage(
        evening=evening,
        morning=evening + DAY,
        diary=asked.viewer.key,
        last_night=evening == asked.clock.today - DAY,
        over=is_over(evening, asked.clock),
        asks_count=is_open,
        count=night.cramps,
        cramps=[Logged(id=e.id, at=c.at, told=cramp_in_words(c)) for e, c in _by_time(cramps)],
        conflicts=list(night.conflicts),
        of_night=[_ask(name, measures[name].unit, told, measures) for name in of_night],
        of_day=list(asks.values()),
        own=[*_own(book, told, evening)],
        note=told.note,
        yes_no=[Choice("yes", _("Yes")), Choice("no", _("No"))],
        scores=[str(score) for score in range(11)],
    )


def tell(asked: Asked, form: NightForm) -> Done:
    """Keep what is told of a night in place of what was told before; raises InputError."""
    evening = evening_in_path(asked)
    book = book_of(asked)
    told = _counted(form, book, evening) if form.part == "count" else _rest(form, book, evening)
    said_zero = told.cramps == 0 and form.part == "count"
    if said_zero and not is_over(evening, asked.clock):
        raise InputError(
            _("this night is not over yet"), hint=_("Say in the morning that there was no cramp.")
        )
    with asked.opened() as store:
        now = Book(all_entries(store), [], {})
        add_entries(store, list(instead(now, told, asked)))
    return Done(goto=f"/morning/{evening}", said=_("Kept."))


def told_of(book: Book, evening: dt.date) -> Told:
    """Return all that is told of a night beside its single cramps, as one; the later counts."""
    all_told = Told(evening=evening)
    for entry in _told_entries(book, evening):
        assert isinstance(entry.body, Told)
        more = entry.body
        medicines = {m.name: m for m in (*all_told.medicines, *more.medicines)}
        notes = dict.fromkeys(note for note in (all_told.note, more.note) if note)
        all_told = Told(
            evening=evening,
            cramps=more.cramps if more.cramps is not None else all_told.cramps,
            values={**all_told.values, **more.values},
            medicines=tuple(medicines.values()),
            note="; ".join(notes)[:LONGEST_NOTE],
        )
    return all_told


def instead(book: Book, told: Told, asked: Asked) -> Iterator[Entry]:
    """Yield the entries after which `told` is all that is told of its night beside cramps."""
    before = _told_entries(book, told.evening)
    if len(before) < 2 and told == told_of(book, told.evening):
        return
    body = None if told == Told(evening=told.evening) else told
    if body is not None:
        yield asked.entry(body, replaces=before.pop().id if before else "")
    yield from (asked.entry(None, replaces=entry.id) for entry in before)


def is_over(evening: dt.date, clock: PersonClock) -> bool:
    """Whether it can be told of a night that it had no cramp: from midnight on."""
    return evening < clock.tonight or clock.now.hour < MORNING_ENDS


def is_told(book: Book, evening: dt.date) -> bool:
    """Whether a night's question is answered: by the person, or by an import."""
    logged = any(isinstance(entry.body, Cramp) for entry in book.told(evening))
    return told_of(book, evening).cramps is not None or (
        book.night(evening).cramps is not None and not logged
    )


def book_of(asked: Asked) -> Book:
    """Return the diary of whoever asks."""
    with asked.opened() as store:
        return Book(all_entries(store), stored_readings(store), knowledge().measures)


def _told_entries(book: Book, evening: dt.date) -> list[Entry]:
    return [entry for entry in book.told(evening) if isinstance(entry.body, Told)]


def _by_time(cramps: Sequence[tuple[Entry, Cramp]]) -> list[tuple[Entry, Cramp]]:
    return sorted(cramps, key=lambda pair: pair[1].at)


def _asked_of_day() -> Iterator[tuple[str, str]]:
    """Yield (measure, unit it is asked in) of what is asked of a day on paper, in its order."""
    for column in COLUMNS:
        if column.group == "day":
            for part in column.parts:
                yield part.measure, part.unit


def _ask(name: str, unit: str, told: Told, measures: Mapping[str, Measure]) -> Ask:
    from nightcramp.report.paper import WRITE

    measure = measures[name]
    hint = _(WRITE[name]) if measure.kind == "amount" and name in WRITE else ""
    value = told.values.get(name)
    text = "" if value is None else _as_typed(value, measure, unit)
    return Ask(name=name, label=measure.label, kind=measure.kind, hint=hint, value=text)


def _as_typed(value: float, measure: Measure, unit: str) -> str:
    """Return a value as it would be typed in the unit it is asked in."""
    if measure.kind == "yes_no":
        return "yes" if value else "no"
    if measure.kind == "clock":
        return clock_in_words(value + SINCE[measure.unit])
    factor, offset = factor_of(measure, unit or measure.unit) or (1.0, 0.0)
    return f"{(value - offset) / factor:.4g}"


def _own(book: Book, told: Told, evening: dt.date) -> Iterator[Own]:
    """Yield what the person named of this day and, the newest first, of days before."""
    named = {key: None for key in told.values if key.startswith(OWN)}
    for night in sorted(book.nights.values(), key=lambda night: night.evening, reverse=True):
        if night.evening < evening:
            named |= {key: None for key in night.values if key.startswith(OWN)}
    for key in list(named)[:MOST_OWN]:
        label = name_in_words(key, {})
        yield Own(name=key, label=label, told=bool(told.values.get(key)))


def _counted(form: NightForm, book: Book, evening: dt.date) -> Told:
    if form.cramps is None:
        raise InputError(_("say how many cramps there were, or none"))
    return replace(told_of(book, evening), cramps=form.cramps)


def _rest(form: NightForm, book: Book, evening: dt.date) -> Told:
    """Return a night with all but its number of cramps as the form tells it."""
    before, measures = told_of(book, evening), knowledge().measures
    units = dict(_asked_of_day())
    values = {key: value for key, value in before.values.items() if key not in form.asked}
    for name in form.asked:
        if name in measures and (text := getattr(form, name, "")):
            values[name] = _value(text, measures[name], units.get(name, ""))
    for key in form.own_asked:
        if key.startswith(OWN) and key.isprintable():
            told = {key: values.pop(key, 0.0) or 1.0}
            values |= told if key in form.own else {}
    if form.own_new:
        values |= told_from_words([f"+{form.own_new}"], evening, knowledge()).values
    count = book.night(evening).cramps if before.cramps is not None else None
    return replace(before, cramps=count, values=values, note=note_of(form.note))


def _value(text: str, measure: Measure, unit: str) -> float:
    """Return what was typed in the measure's unit; raises InputError that names it as asked."""
    asked_in = unit or measure.unit
    bare = measure.kind == "amount" and text.replace(",", ".").replace(".", "", 1).isdigit()
    try:
        return value_of(measure.label, f"{text} {asked_in}" if bare else text, measure)
    except InputError:
        factor, offset = factor_of(measure, asked_in) or (1.0, 0.0)
        low, high = ((limit - offset) / factor for limit in measure.plausible)
        span = _("It lies between {low} and {high}.").format(low=number(low), high=number(high))
        raise InputError(
            _("{what}: {typed} does not fit").format(what=measure.label, typed=repr(text)),
            hint=span if measure.kind in ("amount", "score") else "",
        ) from None


ROUTES: tuple[Route, ...] = (
    View("/morning", this_morning, "morning.html", "The night just past, and what is told of it."),
    View("/morning/{evening}", any_morning, "morning.html", "One night, named by its evening."),
    Act(
        "/morning/{evening}",
        tell,
        NightForm,
        "Tell how many cramps a night had, or what the day before it held.",
        again="/morning/{evening}",
    ),
)
