"""Reads Apple's time stamps: the day and minute on the person's own clock.

Apple writes every moment by the clock of the place where the export is made, with that place's
offset on that date. At home this is the clock the person lived by, daylight saving included. On a
journey it is not: a night slept in Tokyo and exported in Zurich stands in the file by Zurich's
clock. Where a record says in which zone it was made (`HKTimeZone`; sleep and workouts mostly do),
that zone's clock is used; other records of a journey stay on the clock of the export.
"""

from __future__ import annotations

import datetime as dt
import functools
import re

EARLIEST = dt.date(2000, 1, 1).toordinal()
LATEST = dt.date(2100, 1, 1).toordinal()
DAY = 1440
MINUTES = {f"{minute // 60:02}:{minute % 60:02}": minute for minute in range(DAY)}
_MOST_OFFSETS = 1000
_TWELVE = re.compile(r"(\S{10})\s(\d{1,2})(:\d\d:\d\d)\s?([ap])\.?\s?m\.?\s?(\S*)", re.IGNORECASE)


class Days(dict[str, int]):
    """Ordinal of each `YYYY-MM-DD` asked for; ValueError for no date or none from 2000 to 2099."""

    def __missing__(self, text: str) -> int:
        ordinal = dt.date.fromisoformat(text).toordinal()
        if not EARLIEST <= ordinal < LATEST:
            raise ValueError
        self[text] = ordinal
        return ordinal


class Clock:
    """Turns time stamps into minutes, with small bounded memories for what comes again.

    `days[text[:10]]` and `minutes[text[11:16]]` are the quick way for a stamp without a zone;
    both raise (ValueError, KeyError) for what is no time.
    """

    def __init__(self) -> None:
        self.days = Days()
        self.minutes = MINUTES
        self._offsets: dict[str, int] = {}
        self.twelve_hours = False

    def learn(self, example: str) -> None:
        """See from one stamp whether this phone wrote `9:05:00 PM`; the quick way is shut then."""
        if _TWELVE.fullmatch(example):
            self.twelve_hours, self.minutes = True, {}

    def local(self, text: str, zone: str = "") -> int:
        """Return the minute (ordinal day x 1440) on the person's clock; KeyError, ValueError."""
        text = self._plain(text)
        written = self.days[text[:10]] * DAY + MINUTES[text[11:16]]
        if not zone:
            return written
        utc = written - self.offset(text)
        return utc + _zone_offset(zone, utc // 15, self.offset(text))

    def _plain(self, text: str) -> str:
        """Return a stamp with hours from 0 to 23."""
        found = _TWELVE.fullmatch(text) if self.twelve_hours else None
        if found is None:
            return text
        hour = int(found[2]) % 12 + (12 if found[4] in "pP" else 0)
        return f"{found[1]} {hour:02}{found[3]} {found[5]}"

    def offset(self, text: str) -> int:
        """Return the offset from UTC written in a stamp, in minutes; ValueError for none."""
        written = self._plain(text)[19:].strip()
        if written not in self._offsets:
            if len(self._offsets) > _MOST_OFFSETS:
                self._offsets.clear()
            self._offsets[written] = _minutes_of(written)
        return self._offsets[written]


def _minutes_of(text: str) -> int:
    if text in {"Z", "UTC"}:
        return 0
    plain = text.replace(":", "")
    if len(plain) != 5 or plain[0] not in "+-" or not plain[1:].isdecimal():
        raise ValueError
    minutes = int(plain[1:3]) * 60 + int(plain[3:])
    if minutes > 15 * 60:
        raise ValueError
    return -minutes if plain[0] == "-" else minutes


@functools.lru_cache(maxsize=2_000)
def _zone_offset(zone: str, quarter: int, written: int) -> int:
    """Return a zone's offset in a quarter of an hour of UTC, `written` for an unknown zone."""
    from zoneinfo import ZoneInfo

    try:
        moment = dt.datetime(1, 1, 1) + dt.timedelta(minutes=quarter * 15 - DAY)
        offset = moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone)).utcoffset()
    except (KeyError, ValueError, OSError, OverflowError):
        return written
    return written if offset is None else round(offset.total_seconds() / 60)
