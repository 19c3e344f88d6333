"""Reminders: an evening and a morning note, in a calendar or sent to addresses the person gave.

No note holds a health detail: others see calendars and lock screens. Nothing is sent to any
address but those the person gave, and none is given by default.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nightcramp.app.access.people import people_here
from nightcramp.app.access.preferences import preferences_of
from nightcramp.app.access.reminders import (
    PARTS,
    Part,
    Reminders,
    all_reminders,
    note_fault,
    note_sent,
)
from nightcramp.diary.clock import wall_of
from nightcramp.diary.wording import TRIAL
from nightcramp.errors import InputError, NightcrampError
from nightcramp.intake.diary_book import Book
from nightcramp.intake.diary_clock import DAY, PersonClock, person_clock, utc_now
from nightcramp.intake.trial_run import this_evening, tonight_of
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import NAMES, noted, speaking
from nightcramp.language import gettext as _
from nightcramp.report.calendar_file import calendar_file, escaped
from nightcramp.store.database import opened
from nightcramp.store.entries import all_entries
from nightcramp.store.imports import stored_readings
from nightcramp.store.trials import KeptTrial, kept_trials
from nightcramp.trial.nights import adherence_key

TITLES: dict[Part, str] = {"evening": noted("Evening note"), "morning": noted("Morning note")}
BODY = noted("A minute for your notes, when you have one.")
LATE = dt.timedelta(hours=1)
"""A note that could not be sent for so long, such as while the machine slept, is left out."""
EVERY = 30.0
MINUTE, MINUTES_A_DAY = dt.timedelta(minutes=1), 1440
YEAR, YEARS_AHEAD = dt.timedelta(days=366), 4
TALKATIVE = ("apprise", "urllib3", "requests")
"""Libraries that may log an address."""
Send = Callable[[Sequence[str], str, str], bool]
log = logging.getLogger("nightcramp.app")


# --- in a calendar ---


def reminder_calendar(
    wanted: Reminders, clock: PersonClock, name: str, since: dt.datetime
) -> bytes:
    """Return a calendar of daily notes at the times wanted, by the clock of the person's zone.

    `name` tells the notes of one person from those of another. `since`: when the feed was made.
    """
    lines = list(_zone_lines(clock, since))
    for part in PARTS:
        if (at := wanted.at(part)) is not None:
            lines += _note_lines(part, at, clock, name, since)
    return calendar_file("notes", lines)


def _note_lines(
    part: Part, at: dt.time, clock: PersonClock, name: str, since: dt.datetime
) -> Iterator[str]:
    first = dt.datetime.combine(wall_of(since, clock.zone).date(), at)
    unique = hashlib.sha256(f"{name} {part}".encode()).hexdigest()[:32]
    title, body = escaped(_(TITLES[part])), escaped(_(BODY))
    yield from (
        "BEGIN:VEVENT",
        f"UID:{unique}@nightcramp.invalid",
        f"DTSTAMP:{since.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART{_moment(first, clock)}",
        "DURATION:PT5M",
        "RRULE:FREQ=DAILY",
        f"SUMMARY:{title}",
        f"DESCRIPTION:{body}",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{title}",
        "TRIGGER:PT0M",
        "END:VALARM",
        "END:VEVENT",
    )


def _moment(wall: dt.datetime, clock: PersonClock) -> str:
    if not _is_named(clock):
        return f":{wall.replace(tzinfo=clock.zone).astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
    return f";TZID={clock.name}:{wall:%Y%m%dT%H%M%S}"


def _is_named(clock: PersonClock) -> bool:
    """Return whether the zone changes with the year; +02:00 stays as it is, and so does UTC."""
    return not isinstance(clock.zone, dt.timezone)


def _zone_lines(clock: PersonClock, since: dt.datetime) -> Iterator[str]:
    """Yield the zone as a calendar needs it: each offset with the moment it begins."""
    if not _is_named(clock):
        return
    yield from ("BEGIN:VTIMEZONE", f"TZID:{clock.name}")
    first, last = since - YEAR, clock.now + YEARS_AHEAD * YEAR
    begins = first.astimezone(clock.zone)
    yield from _observance(begins, _offset(begins))
    for change in _changes(first, last, clock.zone):
        yield from _observance(change, _offset(change - MINUTE))
    yield "END:VTIMEZONE"


def _changes(first: dt.datetime, last: dt.datetime, zone: dt.tzinfo) -> Iterator[dt.datetime]:
    """Yield each first moment at which the clocks of a zone show another offset."""

    def at(minute: int) -> dt.datetime:
        return dt.datetime.fromtimestamp(60 * minute, zone)

    begin, end = int(first.timestamp() // 60), int(last.timestamp() // 60)
    for minute in range(begin, end, MINUTES_A_DAY):
        before, late = minute, minute + MINUTES_A_DAY
        if _offset(at(before)) == _offset(at(late)):
            continue
        while late - before > 1:
            middle = (before + late) // 2
            same = _offset(at(middle)) == _offset(at(minute))
            before, late = (middle, late) if same else (before, middle)
        yield at(late)


def _observance(begins: dt.datetime, before: dt.timedelta) -> Iterator[str]:
    kind = "DAYLIGHT" if begins.dst() else "STANDARD"
    wall = begins.astimezone(dt.UTC) + before
    yield from (
        f"BEGIN:{kind}",
        f"DTSTART:{wall:%Y%m%dT%H%M%S}",
        f"TZOFFSETFROM:{_signed(before)}",
        f"TZOFFSETTO:{_signed(_offset(begins))}",
        f"END:{kind}",
    )


def _offset(moment: dt.datetime) -> dt.timedelta:
    return moment.utcoffset() or dt.timedelta()


def _signed(offset: dt.timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


# --- sent to addresses ---


def can_send() -> bool:
    """Return whether the extra that sends is installed."""
    from importlib.util import find_spec

    return find_spec("apprise") is not None


def check_address(address: str) -> None:
    """Raise InputError for what is no address that a note can be sent to."""
    if not can_send():
        raise InputError(
            _("sending is not installed here"),
            hint=_("`pip install 'nightcramp[reminders]'` adds it."),
        )
    with _apprise() as apprise:
        is_one = apprise.Apprise().add(address)
    if not is_one:
        raise InputError(
            _("this is no address that notes can be sent to"),
            hint=_("For instance ntfy://ntfy.sh/name or mailto://user:password@example.org."),
        )


def shown_address(address: str) -> str:
    """Return an address with its secrets left out, as far as it can still be told from others."""
    scheme = address.partition("://")[0]
    if not can_send():
        return f"{scheme}://…"
    with _apprise() as apprise:
        found = apprise.Apprise.instantiate(address)
        told = str(found.url(privacy=True)) if found else f"{scheme}://…"
    return told.partition("?")[0]


def send(addresses: Sequence[str], title: str, body: str) -> bool:
    """Send a note to all addresses; return whether each of them took it."""
    try:
        with _apprise() as apprise:
            taken = [_sent(apprise, address, title, body) for address in addresses]
    except Exception:  # plugins raise many kinds, whose words may hold the address
        return False
    return all(taken)


def _sent(apprise: Any, address: str, title: str, body: str) -> bool:
    return bool(apprise.Apprise(address).notify(title=title, body=body))


@contextmanager
def _apprise() -> Iterator[Any]:
    """Load what sends; it and its libraries log nothing, and warn nobody of what they use."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import apprise

        yield apprise


def note_of(part: Part) -> tuple[str, str]:
    """Return title and body of a note, in the language of whoever is being answered."""
    return _(TITLES[part]), _(BODY)


def send_due(now: dt.datetime, how: Send = send) -> int:
    """Send what is due at a moment and not told yet, to all people here; return how many notes."""
    everybody = all_reminders()
    people = people_here() if everybody else {}
    return sum(
        _sent_to(person, people[person], wanted, now, how)
        for person, wanted in everybody.items()
        if person in people
    )


def _sent_to(person: str, name: str, wanted: Reminders, now: dt.datetime, how: Send) -> int:
    kept = preferences_of(person)
    usual = person_clock(kept.zone)
    clock = PersonClock(wall_of(now, usual.zone), usual.zone, usual.name)
    sent, day = 0, clock.today.isoformat()
    for part in PARTS:
        if wanted.sent(part) == day or not _is_time(wanted.at(part), clock):
            continue
        if _is_open(part, name, clock) and note_sent(person, part, day):
            with speaking(kept.language if kept.language in NAMES else "en"):
                title, body = note_of(part)
            note_fault(person, "" if how(wanted.addresses, title, body) else day)
            sent += 1
    return sent


def _is_time(at: dt.time | None, clock: PersonClock) -> bool:
    if at is None:
        return False
    wall = clock.now.replace(tzinfo=None)
    return dt.timedelta() <= wall - dt.datetime.combine(clock.today, at) < LATE


def _is_open(part: Part, name: str, clock: PersonClock) -> bool:
    """Return whether there is still something to tell: of last night, or of this evening."""
    with opened(name) as store:
        book = Book(all_entries(store), stored_readings(store), knowledge().measures)
        trials = list(kept_trials(store).values())
    if part == "morning":
        return book.night(clock.today - DAY).cramps is None
    evening = this_evening(clock)
    values = book.night(evening).values
    asked = [one for one in trials if tonight_of(one, evening).phase == "block"]
    return not _answered(asked, values) if asked else not _day_told(values)


def _answered(trials: Sequence[KeptTrial], values: dict[str, float]) -> bool:
    return all(adherence_key(one.protocol) in values for one in trials)


def _day_told(values: dict[str, float]) -> bool:
    return any(not key.startswith(TRIAL) for key in values)


class Reminding:
    """A thread that sends what is due, for as long as the server runs."""

    def __init__(
        self,
        now: Callable[[], dt.datetime] = utc_now,
        how: Send = send,
        every: float = EVERY,
    ) -> None:
        self._now, self._how, self._every = now, how, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reminders", daemon=True)

    def __enter__(self) -> Reminding:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                send_due(self._now(), self._how)
            except NightcrampError as error:
                log.warning("reminders wait: a %s", type(error).__name__)
            except Exception as error:
                log.error("a %s in reminders", type(error).__name__)
            self._over.wait(self._every)
