"""What a person can tell of one cramp: at once, or in the morning."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from msgspec import Meta, Struct

from nightcramp.app.asked import Asked
from nightcramp.app.routes import Act, Done, Nothing, Route, View
from nightcramp.diary.entry import Cramp, Entry, Leg, Muscle, Relief
from nightcramp.errors import UnknownIdError
from nightcramp.intake.diary_book import Book
from nightcramp.intake.diary_words import LONGEST_CRAMP, LONGEST_NOTE
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.night import evening_of
from nightcramp.store.database import Store
from nightcramp.store.entries import add_entries, all_entries

LEGS: dict[Leg, str] = {
    "left": noted("Left"),
    "right": noted("Right"),
    "both": noted("Both"),
}
MUSCLES: dict[Muscle, str] = {
    "calf": noted("Calf"),
    "foot": noted("Foot"),
    "toes": noted("Toes"),
    "shin": noted("Shin"),
    "thigh": noted("Thigh"),
    "buttock": noted("Buttock"),
    "hand": noted("Hand"),
    "arm": noted("Arm"),
    "trunk": noted("Belly or back"),
    "other": noted("Elsewhere"),
}
RELIEFS: dict[Relief, str] = {
    "stretch": noted("Stretching"),
    "stand": noted("Standing up"),
    "walk": noted("Walking"),
    "massage": noted("Rubbing"),
    "heat": noted("Warmth"),
    "cold": noted("Cold"),
    "medicine": noted("A medicine"),
    "drink": noted("A drink"),
    "nothing": noted("Nothing helped"),
    "other": noted("Something else"),
}
YES_NO: dict[Literal["yes", "no"], str] = {"yes": noted("Yes"), "no": noted("No")}
MINUTES = ("1", "2", "5", "10", "20")


class Choice(Struct, frozen=True):
    """One answer to choose: what is sent, and what is read."""

    value: str
    label: str


class CrampPage(Struct, frozen=True, kw_only=True):
    """One cramp as it is told so far, and what can be chosen; `two_ways`: it was corrected twice.

    What was not told is empty.
    """

    id: str
    at: dt.datetime
    evening: dt.date
    diary: str
    two_ways: bool
    leg: str
    muscles: list[str]
    pain: str
    minutes: str
    woke: str
    relief: list[str]
    sore: str
    note: str
    legs: list[Choice]
    places: list[Choice]
    reliefs: list[Choice]
    yes_no: list[Choice]
    pains: list[Choice]
    lengths: list[Choice]


class CrampForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is told of a cramp; what is left out is not known."""

    leg: Leg | None = None
    muscles: Annotated[list[Muscle], Meta(max_length=10)] = []
    pain: Annotated[int, Meta(ge=0, le=10)] | None = None
    minutes: Annotated[float, Meta(gt=0, le=LONGEST_CRAMP)] | None = None
    woke: Literal["yes", "no"] | None = None
    relief: Annotated[list[Relief], Meta(max_length=10)] = []
    sore: Literal["yes", "no"] | None = None
    note: Annotated[str, Meta(max_length=LONGEST_NOTE)] = ""


def cramp(asked: Asked) -> CrampPage:
    """Return the page of one cramp; raises UnknownIdError for none."""
    with asked.opened() as store:
        held = held_cramps(store, asked.params["id"])
    entry, told = held[-1]
    return CrampPage(
        id=entry.id,
        at=told.at,
        evening=evening_of(told.at),
        diary=asked.viewer.key,
        two_ways=len(held) > 1,
        leg=told.leg or "",
        muscles=list(told.muscles),
        pain="" if told.pain is None else str(told.pain),
        minutes="" if told.minutes is None else f"{told.minutes:g}",
        woke=_yes_no(told.woke),
        relief=list(told.relief),
        sore=_yes_no(told.sore_next_day),
        note=told.note,
        legs=[Choice(value, _(label)) for value, label in LEGS.items()],
        places=[Choice(value, _(label)) for value, label in MUSCLES.items()],
        reliefs=[Choice(value, _(label)) for value, label in RELIEFS.items()],
        yes_no=[Choice(value, _(label)) for value, label in YES_NO.items()],
        pains=[Choice(str(pain), str(pain)) for pain in range(11)],
        lengths=[Choice(minutes, minutes) for minutes in MINUTES],
    )


def tell(asked: Asked, form: CrampForm) -> Done:
    """Keep what is told of a cramp, in place of what was told of it before."""
    with asked.opened() as store:
        held = held_cramps(store, asked.params["id"])
        *others, (entry, before) = held
        more = _cramp(form, before.at)
        if more != before or others:
            made = [asked.entry(more, replaces=entry.id)]
            made += [asked.entry(None, replaces=other.id) for other, _told in others]
            add_entries(store, made)
    return Done(goto=f"/morning/{evening_of(before.at)}", said=_("Kept."))


def remove(asked: Asked, form: Nothing) -> Done:
    """Take a cramp back; it stays in the history."""
    with asked.opened() as store:
        held = held_cramps(store, asked.params["id"])
        add_entries(store, [asked.entry(None, replaces=entry.id) for entry, _told in held])
    evening = evening_of(held[-1][1].at)
    return Done(goto=f"/morning/{evening}", said=_("Taken back. It stays in the history."))


def held_cramps(store: Store, name: str) -> list[tuple[Entry, Cramp]]:
    """Return what holds of a cramp, in one or several ways; raises UnknownIdError for none."""
    held = Book(all_entries(store), [], {}).current(name)
    found = [(entry, entry.body) for entry in held if isinstance(entry.body, Cramp)]
    if not found:
        raise UnknownIdError(_("there is no such cramp, or it was taken back"))
    return found


def _cramp(form: CrampForm, at: dt.datetime) -> Cramp:
    return Cramp(
        at=at,
        leg=form.leg,
        muscles=tuple(form.muscles),
        pain=form.pain,
        minutes=form.minutes,
        woke=None if form.woke is None else form.woke == "yes",
        relief=tuple(form.relief),
        sore_next_day=None if form.sore is None else form.sore == "yes",
        note=note_of(form.note),
    )


def note_of(text: str) -> str:
    """Return a note as it is kept: one line of what can be read."""
    line = " ".join(text.split())
    return "".join(letter for letter in line if letter.isprintable())


def _yes_no(told: bool | None) -> str:
    return {None: "", True: "yes", False: "no"}[told]


ROUTES: tuple[Route, ...] = (
    View("/cramps/{id}", cramp, "details.html", "One cramp, and what can be told of it."),
    Act(
        "/cramps/{id}",
        tell,
        CrampForm,
        "Tell more of a cramp, or correct it.",
        again="/cramps/{id}",
    ),
    Act("/cramps/{id}/remove", remove, Nothing, "Take a cramp back.", again="/cramps/{id}"),
)
