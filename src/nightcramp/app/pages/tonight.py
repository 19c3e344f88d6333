"""The page for 3 in the morning: one button, and what helps while it hurts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from nightcramp.app.asked import Asked
from nightcramp.app.example import SLOWER
from nightcramp.app.routes import Act, Done, Nothing, Route, View
from nightcramp.diary.corrections import standing
from nightcramp.diary.entry import Cramp, Entry
from nightcramp.errors import InputError
from nightcramp.intake.diary_book import Book
from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.schema import Action
from nightcramp.language import gettext as _
from nightcramp.report.words import BE_SEEN_NOTE, LEVEL_TITLES
from nightcramp.store.entries import add_entries, all_entries, latest_entries

AGAIN = dt.timedelta(seconds=20)
"""A press so soon after another is the same cramp, pressed twice."""
RECENT = dt.timedelta(minutes=30)
LATEST = 40
"""Among so many entries a press of the last seconds is found."""


class Step(Struct, frozen=True):
    """One thing to do: what to read while it hurts, and the rest of it."""

    now: str
    more: str = ""


class Press(Struct, frozen=True, kw_only=True):
    """A cramp just kept: its entry, which can be taken back, and when it was."""

    entry: str
    at: dt.datetime


class TonightPage(Struct, frozen=True, kw_only=True):
    """The button, and the cramps of this night so far.

    `diary`: the key of whose it is. Without both, it is the page a phone keeps for all.
    """

    now: dt.datetime | None = None
    cramps: list[dt.datetime] = []
    diary: str = ""


class ReliefPage(Struct, frozen=True, kw_only=True):
    """What to do against a cramp, a step each; then when not to, and when it is no cramp."""

    press: Press | None = None
    diary: str = ""
    steps: list[Step]
    after: list[Step]
    not_when: str
    call: str
    call_when: list[str]
    be_seen: str


class Undo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entry to take back: that of the press."""

    entry: Annotated[str, Meta(max_length=32)] = ""


def tonight(asked: Asked) -> TonightPage:
    """Return the page with the button."""
    cramps = [press.at for press in _presses(asked)]
    return TonightPage(now=asked.clock.now, cramps=cramps, diary=asked.viewer.key)


def relief(asked: Asked) -> ReliefPage:
    """Return what helps now."""
    now = asked.clock.now
    recent = [press for press in _presses(asked) if abs(now - press.at) < RECENT]
    return relief_page(recent[-1] if recent else None, asked.viewer.key)


def relief_page(press: Press | None = None, diary: str = "") -> ReliefPage:
    """Return what helps against a cramp, from the knowledge."""
    from nightcramp.report.paper import WARNINGS

    actions = knowledge().actions
    stretch, walk = actions["relief_stretch_now"], actions["massage_and_walk"]
    return ReliefPage(
        press=press,
        diary=diary,
        steps=_steps(stretch),
        after=_steps(walk),
        not_when=f"{stretch.harms} {walk.harms}",
        call=_(LEVEL_TITLES["emergency"]),
        call_when=[_(urgent.text) for urgent in WARNINGS if urgent.level == "emergency"],
        be_seen=_(BE_SEEN_NOTE),
    )


def log_cramp(asked: Asked, form: Nothing) -> Done:
    """Keep a cramp of this moment, before anything else is done; a second press is the first."""
    entry = asked.entry(Cramp(at=asked.clock.now.replace(microsecond=0)))
    with asked.opened() as store:
        within = AGAIN / SLOWER if asked.viewer.example else AGAIN
        before = pressed_before(latest_entries(store, LATEST), entry, within)
        if before is None:
            add_entries(store, [entry])
    return Done(goto="/tonight/relief", said=pressed_twice() if before else "")


def pressed_twice() -> str:
    """Return what is said after a second press."""
    return _("You pressed twice. It counts once.")


def pressed_before(
    entries: Sequence[Entry], press: Entry, within: dt.timedelta = AGAIN
) -> Entry | None:
    """Return the cramp that was pressed within seconds of this one, if there is one."""
    for entry in standing(entries):
        is_press = isinstance(entry.body, Cramp) and entry.origin == "app" and not entry.replaces
        if is_press and abs(press.made_at - entry.made_at) < within:
            return entry
    return None


def take_back(asked: Asked, form: Undo) -> Done:
    """Take the cramp back that was just pressed; it stays in the history."""
    with asked.opened() as store:
        book = Book(all_entries(store), [], {})
        gone = [entry for entry in book.current(form.entry) if isinstance(entry.body, Cramp)]
        if not gone:
            raise InputError(_("this is taken back already; nothing was changed"))
        add_entries(store, [asked.entry(None, replaces=entry.id) for entry in gone])
    return Done(goto="/tonight", said=taken_back())


def taken_back() -> str:
    """Return what is said after a press was taken back."""
    return _("Taken back. That press does not count.")


def _presses(asked: Asked) -> list[Press]:
    """Return the cramps of the night that goes on, in their order."""
    with asked.opened() as store:
        book = Book(all_entries(store), [], {})
    told = book.told(asked.clock.tonight)
    found = [Press(entry=e.id, at=e.body.at) for e in told if isinstance(e.body, Cramp)]
    return sorted(found, key=lambda press: press.at)


def _steps(action: Action) -> list[Step]:
    """Return the steps of an action, each with its first sentence to be read first."""
    parts = [line.partition(". ") for line in action.how]
    return [Step(f"{now}." if more else now, more) for now, _dot, more in parts]


ROUTES: tuple[Route, ...] = (
    View("/tonight", tonight, "tonight.html", "The button for a cramp, and this night's cramps."),
    View("/tonight/relief", relief, "relief.html", "What to do against a cramp now."),
    Act("/tonight", log_cramp, Nothing, "Keep a cramp of this moment.", again="/tonight"),
    Act("/tonight/undo", take_back, Undo, "Take a cramp back.", again="/tonight/relief"),
)
