"""The person's clock: time zones, the moments that typed times mean, the bounds of nights.

A night is noon to noon by the wall clock of the place, so its name follows from the time of day
alone: where the clock is put forward or back, a typed time that did not exist, or came twice,
still names one night. `stretches_of` says which instants a night holds: mostly one stretch of 23
to 25 hours. A place that skipped a day (Apia 2011) has a short night on either side of it; where
a day came twice (Kwajalein 1969) a night can hold two stretches.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from msgspec import Struct

from nightcramp.errors import InputError
from nightcramp.language import gettext as _

NOON = dt.time(12)
DAY = dt.timedelta(days=1)
STEP = dt.timedelta(hours=6)
REACH = dt.timedelta(days=2)
SECOND = dt.timedelta(seconds=1)
MINUTE = dt.timedelta(minutes=1)
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?", re.I)
_NAME = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")


class Stretch(Struct, frozen=True):
    """The instants from `start` up to, not with, `end`, both in UTC."""

    start: dt.datetime
    end: dt.datetime


def zone_named(name: str) -> dt.tzinfo:
    """Return the zone of a name in the tz database, or of an offset such as +02:00.

    Raises InputError for a name that is neither.
    """
    offset = _OFFSET.fullmatch(name.strip())
    if offset and int(offset[2]) <= 15:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return dt.timezone(dt.timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        if _NAME.fullmatch(name.strip()):
            return ZoneInfo(name.strip())
    except (KeyError, ValueError, OSError):
        pass
    raise InputError(
        _("there is no time zone {name!r}").format(name=name[:60]),
        hint=_("Name one like Europe/Berlin or America/New_York, or an offset like +02:00."),
    )


def wall_of(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """Return a moment as a zone's wall clock shows it, with the offset of that moment.

    The offset is in whole minutes, as it is kept; the wall clock is exact.
    """
    return _fixed(moment.astimezone(zone))


def moment_at(wall: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """Return the moment a typed wall time means; its wall time stays as typed.

    A time that came twice is its first time. One that the clock skipped counts from before.
    """
    return _fixed(wall.replace(tzinfo=zone, fold=0))


def _fixed(moment: dt.datetime) -> dt.datetime:
    """Return a moment with its wall time and the bare offset, which can be written down."""
    offset = moment.utcoffset() or dt.timedelta()
    return moment.replace(tzinfo=dt.timezone(round(offset / MINUTE) * MINUTE), fold=0)


def stretches_of(evening: dt.date, zone: dt.tzinfo) -> tuple[Stretch, ...]:
    """Return the stretches of time a night holds, in order; those of all nights tile time."""
    noon = dt.datetime.combine(evening, NOON, dt.UTC)
    parts: list[Stretch] = []
    for steady, offset in _steady(zone, noon - REACH, noon + DAY + REACH):
        start, end = max(steady.start, noon - offset), min(steady.end, noon + DAY - offset)
        if start < end and parts and parts[-1].end == start:
            start = parts.pop().start
        if start < end:
            parts.append(Stretch(start, end))
    return tuple(parts)


def length_of(evening: dt.date, zone: dt.tzinfo) -> dt.timedelta:
    """Return how long a night was: 24 hours, unless the clock was changed in it."""
    return sum((part.end - part.start for part in stretches_of(evening, zone)), dt.timedelta())


def _steady(
    zone: dt.tzinfo, start: dt.datetime, end: dt.datetime
) -> Iterator[tuple[Stretch, dt.timedelta]]:
    """Yield the stretches in which a zone's offset from UTC stays the same, with that offset."""
    begun, at = start, start
    while at < end:
        ahead = min(at + STEP, end)
        if _offset(at, zone) != _offset(ahead, zone):
            ahead = _change(zone, at, ahead)
            yield Stretch(begun, ahead), _offset(at, zone)
            begun = ahead
        at = ahead
    yield Stretch(begun, end), _offset(begun, zone)


def _change(zone: dt.tzinfo, before: dt.datetime, after: dt.datetime) -> dt.datetime:
    """Return the second at which the offset changes between two moments."""
    old = _offset(before, zone)
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        before, after = (middle, after) if _offset(middle, zone) == old else (before, middle)
    return after


def _offset(moment: dt.datetime, zone: dt.tzinfo) -> dt.timedelta:
    return moment.astimezone(zone).utcoffset() or dt.timedelta()
