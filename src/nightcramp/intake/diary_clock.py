"""The person's clock: the zone they are in, and what the dates and times they type mean.

`last night` typed at 3 in the morning is the night that goes on. A bare time is the last time
the clock showed it. Nothing in the future is taken, and no date that can be read in two ways.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import uuid
from collections.abc import Collection, Mapping

from msgspec import Struct

from nightcramp.diary.clock import moment_at, wall_of, zone_named
from nightcramp.diary.entry import Cramp, Entry, Told
from nightcramp.diary.wording import day_in_words, night_in_words
from nightcramp.errors import InputError
from nightcramp.intake.spreadsheet.dates import clock_in, decide, moment_of, taken_apart
from nightcramp.knowledge.schema import Measure
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.night import evening_of

DAY = dt.timedelta(days=1)
GRACE = dt.timedelta(minutes=1)
SOON = dt.timedelta(hours=6)
DAYS_SHOWN = dt.timedelta(weeks=12)
EVENING_ENDS, MORNING_ENDS = 4, 12
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FORMS = noted("Write 2026-11-24, yesterday, Tuesday or 24 November.")
_AGO = re.compile(r"(\d{1,4})\s*(m|mins?|minutes?|h|hours?|d|days?)\s+ago")
_SPLIT = re.compile(r"(?P<date>.*?)[\s,]*(?:t|\bat\s+)?(?P<clock>\d{1,2}([:.]\d{2})?(\s*[ap]m)?)")
_NO_YEAR = re.compile(r"\d{1,2}(?:st|nd|rd|th)?\.?\s+[^\W\d_]{3,10}|[^\W\d_]{3,10}\s+\d{1,2}")


class PersonClock(Struct, frozen=True):
    """The moment it is, by the wall clock of the zone a person is in."""

    now: dt.datetime
    zone: dt.tzinfo
    name: str

    @property
    def today(self) -> dt.date:
        """The date on the wall calendar."""
        return self.now.date()

    def entry(self, body: Cramp | Told | None, replaces: str = "") -> Entry:
        """Return an entry made now, here, in the terminal."""
        return Entry(id=new_id(), made_at=self.now, zone=self.name, replaces=replaces, body=body)

    @property
    def tonight(self) -> dt.date:
        """The evening of the night that goes on, or will begin this evening."""
        return evening_of(self.now)


def new_id() -> str:
    """Return an id that no other entry has, made on any machine."""
    return uuid.uuid4().hex


def utc_now() -> dt.datetime:
    """Return the moment it is."""
    return dt.datetime.now(dt.UTC)


def person_clock(zone: str = "") -> PersonClock:
    """Return the clock of a zone named, else of this machine; raises InputError."""
    name = zone.strip() or machine_zone()
    info = zone_named(name)
    return PersonClock(wall_of(utc_now(), info), info, name)


def machine_zone() -> str:
    """Return the name of this machine's time zone; TZ comes first. Raises InputError."""
    import tzlocal

    try:
        tzlocal.reload_localzone()
        name = tzlocal.get_localzone_name()
    except (KeyError, ValueError, OSError):
        unknown = _("the time zone of this machine is not known")
        if zone := os.environ.get("TZ"):
            unknown = _("the time zone of this machine is not known (TZ is {zone!r})")
            unknown = unknown.format(zone=zone[:60])
        raise InputError(
            unknown,
            hint=_("Give it with --zone, or set TZ: Europe/Berlin, America/New_York, +02:00."),
        ) from None
    return str(name)


def evening_in(text: str, clock: PersonClock) -> dt.date:
    """Return the evening of the night that a text means: last, tonight, a weekday, a date.

    Raises InputError for what is no date, unclear, or a night that has not begun.
    """
    words = _plain(text).removeprefix("night of ").removesuffix(" night")
    if words in {"last", "yesterday", "the last"}:
        return clock.today - DAY
    if words in {"tonight", "this", "to"}:
        evening = clock.tonight
    elif _weekday(words) is not None:
        evening = _latest(_weekday(words), clock.today - DAY)
    else:
        evening = date_in(words, clock)
    if evening > clock.tonight:
        raise InputError(
            _("the night of {night} has not begun").format(
                night=night_in_words(evening, clock.today)
            ),
            hint=_("The night just past is `last`."),
        )
    return evening


def date_in(text: str, clock: PersonClock) -> dt.date:
    """Return the day a text means; raises InputError for no day, an unclear or a future one."""
    words = _plain(text)
    if words in {"today", "yesterday"}:
        return clock.today - DAY * (words == "yesterday")
    if (weekday := _weekday(words)) is not None:
        return _latest(weekday, clock.today)
    if (ago := _AGO.fullmatch(words)) and ago[2].startswith("d"):
        return clock.today - DAY * int(ago[1])
    return _written_date(words, clock.today)


def moment_in(text: str, clock: PersonClock) -> dt.datetime:
    """Return the moment a text means: 03:10, "yesterday 23:30", "20 min ago", now.

    Raises InputError for what is no time, or a time that has not come.
    """
    words = _plain(text)
    ago = _AGO.fullmatch(words)
    if words == "now" or ago:
        return wall_of(clock.now - (_length(ago) if ago else dt.timedelta()), clock.zone)
    found = _SPLIT.fullmatch(words)
    time = clock_in(found["clock"]) if found else None
    if found is None or time is None:
        raise InputError(
            _("{text!r} is no time of day").format(text=text[:60]),
            hint=_('Write 03:10, "yesterday 23:30", "2026-11-24 03:10" or "20 min ago".'),
        )
    moment = _on_its_day(found["date"].strip(), time, clock)
    hint = _('If it was the day before, write "yesterday {time}".')
    return _come(moment, clock, hint.format(time=f"{moment:%H:%M}"))


def moment_of_night(evening: dt.date, text: str, clock: PersonClock) -> dt.datetime:
    """Return when a time of day was in the night of an evening, from noon to noon.

    Raises InputError for what is no time, or a time that has not come.
    """
    time = clock_in(text)
    if time is None:
        raise InputError(_("{text!r} is no time of day").format(text=text[:60]))
    day = evening + DAY * (time.hour < MORNING_ENDS)
    return _come(moment_at(dt.datetime.combine(day, time), clock.zone), clock)


def _come(moment: dt.datetime, clock: PersonClock, hint: str = "") -> dt.datetime:
    """Return a moment that has come; raises InputError for one to come."""
    if moment > clock.now + GRACE:
        raise InputError(
            _("{time} on {day} has not come: it is {now}").format(
                time=f"{moment:%H:%M}",
                day=day_in_words(moment, clock.today),
                now=f"{clock.now:%H:%M}",
            ),
            hint=hint,
        )
    return min(moment, clock.now)


def night_just_past(clock: PersonClock) -> dt.date:
    """Return the night that ended this morning; raises InputError when it may be another.

    From noon on, and in the small hours, it takes a name.
    """
    if EVENING_ENDS <= clock.now.hour < MORNING_ENDS:
        return clock.tonight
    last = night_in_words(clock.today - DAY, clock.today)
    before = night_in_words(clock.today - 2 * DAY, clock.today)
    hint = _("For the night of {last} add --night last.")
    if clock.now.hour < EVENING_ENDS:
        hint = _(
            "For the night of {last} add --night last. The one before is --night {day} ({before})."
        )
    raise InputError(
        _("it is {time}: which night do you mean").format(time=f"{clock.now:%H:%M}"),
        hint=hint.format(last=last, day=clock.today - 2 * DAY, before=before),
    )


def check_over(told: Told, clock: PersonClock, measures: Mapping[str, Measure]) -> None:
    """Refuse what can only be known of a night after it, for one that is not over."""
    of_night = [m.label for m in measures.values() if m.belongs == "night" and m.id in told.values]
    of_night += [_("no cramp")] if told.cramps == 0 else []
    begun = told.evening <= clock.tonight
    over = begun and (told.evening < clock.tonight or clock.now.hour < MORNING_ENDS)
    if (of_night and not over) or (told.cramps and not begun):
        night = night_in_words(told.evening, clock.today)
        last = night_in_words(clock.today - DAY, clock.today)
        raise InputError(
            _("the night of {night} is not over ({told})").format(
                night=night, told=", ".join(of_night) or _("cramps")
            ),
            hint=_("For the night of {last} add --date yesterday, or --night last.").format(
                last=last
            ),
        )


def span_in(
    first: str, last: str, logged: Collection[dt.date], clock: PersonClock
) -> tuple[dt.date, dt.date]:
    """Return the evenings from which to which to show: as told, else the last weeks logged.

    Tonight is shown once a cramp of it is logged. Raises InputError for a span that ends
    before it begins.
    """
    past = [evening for evening in logged if evening <= clock.tonight]
    until = clock.tonight if clock.tonight in past else clock.tonight - DAY
    until = date_in(last, clock) if last else until
    since = max(min(past, default=until), until - DAYS_SHOWN + DAY)
    since = date_in(first, clock) if first else min(since, until)
    if since > until:
        raise InputError(
            _("--from {since} is after --to {until}").format(since=since, until=until),
            hint=_("Turn them around."),
        )
    return since, until


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).removeprefix("on ")


def _weekday(words: str) -> int | None:
    """Return the number of a weekday by its name or three letters of it or more."""
    bare = words.removeprefix("last ").rstrip(".")
    found = [i for i, name in enumerate(WEEKDAYS) if len(bare) >= 3 and name.startswith(bare)]
    return found[0] if found else None


def _latest(weekday: int | None, day: dt.date) -> dt.date:
    assert weekday is not None
    return day - DAY * ((day.weekday() - weekday) % 7)


def _written_date(words: str, today: dt.date) -> dt.date:
    """Return a date written out; raises InputError for what is none, unclear or to come."""
    if _NO_YEAR.fullmatch(words):
        this_year = moment_of(f"{words} {today.year}", "", today)
        ahead = isinstance(this_year, str) and _(this_year) == _("a date in the future")
        words = f"{words} {today.year - ahead}"
    written = taken_apart(words)
    decided = decide([(1, words)], today)
    if len(decided.open) > 1:
        read = [moment_of(words, order, dt.date.max) for order in decided.open]
        days = [str(item.date) for item in read if not isinstance(item, str)]
        raise InputError(
            _("{words!r} can be {days}").format(
                words=words[:60], days=_(" or ").join(dict.fromkeys(days))
            ),
            hint=_("Write it that way."),
        )
    found = moment_of(words, decided.order, today)
    if isinstance(found, str) or (written and written.how == "day number"):
        reason = _(found) if isinstance(found, str) and written else _("not a day")
        raise InputError(
            _("{words!r} is {reason}").format(words=words[:60], reason=reason), hint=_(FORMS)
        )
    return found.date


def _length(ago: re.Match[str]) -> dt.timedelta:
    unit = {"m": "minutes", "h": "hours", "d": "days"}[ago[2][0]]
    return dt.timedelta(**{unit: int(ago[1])})


def _on_its_day(date: str, time: dt.time, clock: PersonClock) -> dt.datetime:
    """Return a time on the day named; without a day, the last such time, if it is not soon."""
    if date in {"last night", "tonight", "last"}:
        evening = clock.today - DAY if date != "tonight" else clock.tonight
        day = evening + DAY * (time.hour < MORNING_ENDS)
        return moment_at(dt.datetime.combine(day, time), clock.zone)
    if date:
        return moment_at(dt.datetime.combine(date_in(date, clock), time), clock.zone)
    moment = moment_at(dt.datetime.combine(clock.today, time), clock.zone)
    if moment - clock.now > SOON:
        return moment_at(dt.datetime.combine(clock.today - DAY, time), clock.zone)
    return moment
