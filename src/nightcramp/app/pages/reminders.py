"""Reminders: a calendar to subscribe to, and notes to addresses of one's own."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from nightcramp.app.access.feeds import end_feed, feed_made_at, make_feed, person_of_feed
from nightcramp.app.access.preferences import preferences_of
from nightcramp.app.access.reminders import keep_reminders, note_fault, reminders_of
from nightcramp.app.asked import Asked
from nightcramp.app.pages.security import refuse_example
from nightcramp.app.problem import RefusedError
from nightcramp.app.reminders import (
    can_send,
    check_address,
    note_of,
    reminder_calendar,
    send,
    shown_address,
)
from nightcramp.app.routes import Act, Done, Download, File, Nothing, Route, View
from nightcramp.errors import InputError
from nightcramp.intake.diary_clock import person_clock
from nightcramp.language import ENGLISH, NAMES, speaking
from nightcramp.language import gettext as _

PAGE = "/settings/reminders"
CALENDAR = "text/calendar; charset=utf-8"
MOST_ADDRESSES = 10
Time = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class AddressLine(Struct, frozen=True, kw_only=True):
    """One address by its place in the list, its secrets left out."""

    place: int
    shown: str


class RemindersPage(Struct, frozen=True, kw_only=True):
    """When notes come and where to.

    `feed_since`: the day the calendar's address was made, None where there is none.
    `this_machine_only`: whether a calendar elsewhere cannot reach it. `failed_on`: the day the
    last note could not be sent, None where all is well.
    """

    evening: str
    morning: str
    zone: str
    feed_since: dt.date | None
    this_machine_only: bool
    addresses: list[AddressLine]
    can_send: bool
    failed_on: dt.date | None
    example: bool


class TimesForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the notes come; left empty, that one never comes."""

    evening: Time | None = None
    morning: Time | None = None


class AddressForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where notes are to be sent."""

    address: Annotated[str, Meta(max_length=1000)] = ""


class OneAddress(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which address is meant, by its place."""

    place: Annotated[int, Meta(ge=0, le=MOST_ADDRESSES)]


def reminders(asked: Asked) -> RemindersPage:
    """Return when notes come and where to; in the example none ever come."""
    wanted, made_at = reminders_of(asked.viewer.key), feed_made_at(asked.viewer.key)
    return RemindersPage(
        evening=wanted.evening,
        morning=wanted.morning,
        zone=asked.clock.name,
        feed_since=made_at.astimezone(asked.clock.zone).date() if made_at else None,
        this_machine_only=asked.door.local,
        addresses=[
            AddressLine(place=place, shown=shown_address(address))
            for place, address in enumerate(wanted.addresses)
        ],
        can_send=can_send(),
        failed_on=dt.date.fromisoformat(wanted.fault) if wanted.fault else None,
        example=asked.viewer.example,
    )


def keep_times(asked: Asked, form: TimesForm) -> Done:
    """Keep when the notes come."""
    refuse_example(asked)
    wanted = reminders_of(asked.viewer.key)
    times = {"evening": form.evening or "", "morning": form.morning or ""}
    keep_reminders(asked.viewer.key, replace(wanted, **times))
    return Done(goto=PAGE, said=_("Kept."))


def new_feed(asked: Asked, form: Nothing) -> Done:
    """Make the calendar's address, in place of one before; it is shown this once."""
    refuse_example(asked)
    token = make_feed(asked.viewer.key)
    return Done(
        goto=PAGE,
        said=_("Copy the address now: it is not shown again. One from before works no more."),
        secret=f"{asked.door.origin}/feed/{token}.ics",
    )


def close_feed(asked: Asked, form: Nothing) -> Done:
    """End the calendar: its address opens nothing any more."""
    refuse_example(asked)
    end_feed(asked.viewer.key)
    return Done(goto=PAGE, said=_("The calendar is ended. Its address opens nothing any more."))


def feed(asked: Asked) -> File:
    """Return the calendar that an address opens, and to nobody else says whether there is one."""
    person = person_of_feed(asked.params["token"], local=asked.door.local)
    made_at = feed_made_at(person) if person else None
    if person is None or made_at is None:
        raise RefusedError(404, _("this address opens no calendar"))
    kept = preferences_of(person)
    with speaking(kept.language if kept.language in NAMES else ENGLISH):
        wanted = reminders_of(person)
        content = reminder_calendar(wanted, person_clock(kept.zone), person, made_at)
    return File("notes.ics", CALENDAR, content)


def add_address(asked: Asked, form: AddressForm) -> Done:
    """Keep an address that notes are to be sent to."""
    refuse_example(asked)
    wanted, address = reminders_of(asked.viewer.key), form.address.strip()
    check_address(address)
    if len(wanted.addresses) >= MOST_ADDRESSES:
        raise InputError(_("{most} addresses are the most").format(most=MOST_ADDRESSES))
    listed = tuple(dict.fromkeys((*wanted.addresses, address)))
    keep_reminders(asked.viewer.key, replace(wanted, addresses=listed))
    return Done(goto=PAGE, said=_("Kept. Send a test note to see whether it arrives."))


def remove_address(asked: Asked, form: OneAddress) -> Done:
    """Remove an address."""
    refuse_example(asked)
    wanted = reminders_of(asked.viewer.key)
    left = tuple(one for place, one in enumerate(wanted.addresses) if place != form.place)
    keep_reminders(asked.viewer.key, replace(wanted, addresses=left, fault=""))
    return Done(goto=PAGE, said=_("Nothing is sent there any more."))


def send_test(asked: Asked, form: Nothing) -> Done:
    """Send a note to all addresses now."""
    refuse_example(asked)
    wanted = reminders_of(asked.viewer.key)
    if not wanted.addresses or not can_send():
        raise InputError(_("there is no address to send to"))
    title, body = note_of("evening")
    if not send(wanted.addresses, title, body):
        note_fault(asked.viewer.key, asked.clock.today.isoformat())
        raise InputError(
            _("a note could not be sent"), hint=_("See that each address is right and reachable.")
        )
    note_fault(asked.viewer.key, "")
    return Done(goto=PAGE, said=_("Sent. It should arrive within a minute."))


ROUTES: tuple[Route, ...] = (
    View(PAGE, reminders, "reminders.html", "When notes come and where to."),
    Act(PAGE, keep_times, TimesForm, "Keep when the notes come.", again=PAGE),
    Act(f"{PAGE}/feed", new_feed, Nothing, "Make the calendar's address anew.", again=PAGE),
    Act(f"{PAGE}/feed/end", close_feed, Nothing, "End the calendar.", again=PAGE),
    Act(f"{PAGE}/addresses", add_address, AddressForm, "Keep an address.", again=PAGE),
    Act(f"{PAGE}/addresses/remove", remove_address, OneAddress, "Remove an address.", again=PAGE),
    Act(f"{PAGE}/test", send_test, Nothing, "Send a note to all addresses now.", again=PAGE),
    Download("/feed/{token}.ics", feed, "The calendar of an address.", CALENDAR, public=True),
)
