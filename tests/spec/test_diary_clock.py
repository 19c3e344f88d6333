"""Dates and times as a person types them at night: a few words in, a night or a moment out."""

from __future__ import annotations

import datetime as dt

import pytest

from nightcramp.diary.clock import moment_at, zone_named
from nightcramp.diary.entry import Told
from nightcramp.diary.wording import day_in_words, night_in_words
from nightcramp.errors import InputError
from nightcramp.intake import diary_clock
from nightcramp.intake.diary_clock import (
    PersonClock,
    check_over,
    date_in,
    evening_in,
    moment_in,
    night_just_past,
    person_clock,
    span_in,
)
from nightcramp.knowledge.loader import knowledge


def clock(text: str = "2026-11-25 03:12", zone: str = "Europe/Berlin") -> PersonClock:
    """Return the clock of somebody at a wall time; 25 November 2026 is a Wednesday."""
    info = zone_named(zone)
    return PersonClock(moment_at(dt.datetime.fromisoformat(text), info), info, zone)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", "2026-11-25 03:12"),
        ("03:10", "2026-11-25 03:10"),
        ("3.10", "2026-11-25 03:10"),
        ("3:10 am", "2026-11-25 03:10"),
        ("23:30", "2026-11-24 23:30"),
        ("11pm", "2026-11-24 23:00"),
        ("20 min ago", "2026-11-25 02:52"),
        ("2 hours ago", "2026-11-25 01:12"),
        ("yesterday 23:30", "2026-11-24 23:30"),
        ("last night 23:30", "2026-11-24 23:30"),
        ("last night 2:00", "2026-11-25 02:00"),
        ("tue 23:30", "2026-11-24 23:30"),
        ("2026-11-20 04:00", "2026-11-20 04:00"),
        ("2026-11-20T04:00", "2026-11-20 04:00"),
        ("20 November 4:00", "2026-11-20 04:00"),
        ("24 dec at 4:00", "2025-12-24 04:00"),
    ],
)
def test_moments(text: str, moment: str) -> None:
    """A bare time is the last time the clock showed it."""
    found = moment_in(text, clock())
    assert found.replace(tzinfo=None) == dt.datetime.fromisoformat(moment)
    assert found.utcoffset() == dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ("03:40", "03:40 on Wed 25 November has not come: it is 03:12", "yesterday 03:40"),
        ("2026-11-26 03:00", "a date in the future", ""),
        ("25:00", "no time of day", "20 min ago"),
        ("3", "no time of day", ""),
        ("2026-11-24", "no time of day", ""),
        ("03/04/2026 3:00", "can be 2026-04-03 or 2026-03-04", ""),
    ],
)
def test_moments_that_are_refused(text: str, reason: str, hint: str) -> None:
    """The future, and what can be read in two ways, with what to write instead."""
    with pytest.raises(InputError) as raised:
        moment_in(text, clock())
    assert reason in raised.value.message
    assert hint in raised.value.hint


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("today", "2026-11-25"),
        ("Yesterday", "2026-11-24"),
        ("3 days ago", "2026-11-22"),
        ("wednesday", "2026-11-25"),
        ("tue", "2026-11-24"),
        ("2026-11-20", "2026-11-20"),
        ("24.11.2026", "2026-11-24"),
        ("20/11/2026", "2026-11-20"),
        ("20 Nov", "2026-11-20"),
        ("December 24", "2025-12-24"),
        ("1 June 2024", "2024-06-01"),
    ],
)
def test_dates(text: str, date: str) -> None:
    """Dates written out, weekdays (the latest), years back, and a year left out."""
    assert date_in(text, clock()) == dt.date.fromisoformat(date)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("03/04/2026", "can be 2026-04-03 or 2026-03-04"),
        ("2026-11-26", "a date in the future"),
        ("31 February 2026", "no day of the calendar"),
        ("45123", "not a day"),
        ("soon", "not a day"),
        ("", "not a day"),
    ],
)
def test_dates_that_are_refused(text: str, reason: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(InputError) as raised:
        date_in(text, clock())
    assert reason in raised.value.message


@pytest.mark.parametrize(
    ("now", "text", "evening"),
    [
        ("2026-11-25 03:12", "last", "2026-11-24"),
        ("2026-11-25 03:12", "tonight", "2026-11-24"),
        ("2026-11-25 08:00", "last night", "2026-11-24"),
        ("2026-11-25 22:00", "last", "2026-11-24"),
        ("2026-11-25 22:00", "tonight", "2026-11-25"),
        ("2026-11-25 22:00", "wednesday", "2026-11-18"),
        ("2026-11-25 22:00", "monday night", "2026-11-23"),
        ("2026-11-25 22:00", "night of 2026-11-20", "2026-11-20"),
    ],
)
def test_nights(now: str, text: str, evening: str) -> None:
    """ "Last" at three in the morning is the night that goes on."""
    assert evening_in(text, clock(now)) == dt.date.fromisoformat(evening)


def test_a_night_that_has_not_begun_is_refused() -> None:
    """Before noon, the coming night is the future."""
    with pytest.raises(InputError, match="has not begun"):
        evening_in("2026-11-25", clock("2026-11-25 11:59"))
    assert evening_in("2026-11-25", clock("2026-11-25 12:00")) == dt.date(2026, 11, 25)


@pytest.mark.parametrize(("time", "asks"), [("04:00", False), ("11:59", False)])
def test_the_night_just_past_by_morning(time: str, asks: bool) -> None:
    """From four to noon it is plain which night is meant."""
    assert night_just_past(clock(f"2026-11-25 {time}")) == dt.date(2026, 11, 24)


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("00:30", "The one before is --night 2026-11-23 (Mon 23 to Tue 24 November)"),
        ("12:00", "For the night of Tue 24 to Wed 25 November add --night last"),
        ("22:00", "For the night of Tue 24 to Wed 25 November add --night last"),
    ],
)
def test_otherwise_it_asks_which_night(time: str, said: str) -> None:
    """From noon on, and in the small hours, the night takes a name."""
    with pytest.raises(InputError, match="which night do you mean") as raised:
        night_just_past(clock(f"2026-11-25 {time}"))
    assert said in raised.value.hint


@pytest.mark.parametrize(
    ("now", "evening", "told", "refused"),
    [
        ("2026-11-25 22:00", "2026-11-25", {"cramps": 0}, True),
        ("2026-11-25 22:00", "2026-11-25", {"cramps": 1}, False),
        ("2026-11-25 14:00", "2026-11-25", {"values": {"bedtime": 630.0}}, True),
        ("2026-11-25 14:00", "2026-11-25", {"values": {"water": 1.0}}, False),
        ("2026-11-25 08:00", "2026-11-25", {"values": {"water": 1.0}}, False),
        ("2026-11-25 08:00", "2026-11-25", {"cramps": 1}, True),
        ("2026-11-25 08:00", "2026-11-24", {"cramps": 0}, False),
    ],
)
def test_what_is_known_only_after_a_night(
    now: str, evening: str, told: dict[str, object], refused: bool
) -> None:
    """ "No cramp" and sleep are not taken of a night that is not over; drinks of a day are."""
    words = Told(evening=dt.date.fromisoformat(evening), **told)  # type: ignore[arg-type]
    if not refused:
        check_over(words, clock(now), knowledge().measures)
        return
    with pytest.raises(InputError, match="is not over"):
        check_over(words, clock(now), knowledge().measures)


def test_the_span_of_a_calendar() -> None:
    """Twelve weeks back or the first night logged, up to the night just past; tonight if known."""
    now = clock("2026-11-25 22:00")
    old, recent, tonight = dt.date(2020, 1, 1), dt.date(2026, 11, 1), dt.date(2026, 11, 25)
    last = dt.date(2026, 11, 24)
    assert span_in("", "", [recent], now) == (recent, last)
    assert span_in("", "", [old, recent], now) == (last - dt.timedelta(days=83), last)
    assert span_in("", "", [recent, tonight], now) == (recent, tonight)
    assert span_in("", "", [], now) == (last, last)
    assert span_in("2026-11-10", "2026-11-12", [old], now)[0] == dt.date(2026, 11, 10)
    with pytest.raises(InputError, match="is after"):
        span_in("2026-11-12", "2026-11-10", [old], now)


# --- the zone ---


@pytest.mark.parametrize(
    ("zone", "hour"),
    [("Europe/Berlin", 3), ("Asia/Tokyo", 11), ("+02:00", 4), ("-0330", 22), ("UTC", 2)],
)
def test_the_zone_that_is_given(zone: str, hour: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of the tz database or an offset; the wall clock there counts."""
    now = dt.datetime(2026, 11, 25, 2, 0, tzinfo=dt.UTC)
    monkeypatch.setattr(diary_clock, "utc_now", lambda: now)
    found = person_clock(zone)
    assert (found.now.hour, found.name) == (hour, zone)
    assert found.now == now


def test_the_zone_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """TZ comes before what the machine is set to; --zone before both."""
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    assert person_clock().now.utcoffset() == dt.timedelta(hours=5, minutes=45)
    assert person_clock("Asia/Tokyo").name == "Asia/Tokyo"


@pytest.mark.parametrize("zone", ["Foo/Bar", "+25:00", "../etc/passwd", "Europe", "berlin"])
def test_unknown_zones_are_refused(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given or in TZ, with what a name looks like."""
    with pytest.raises(InputError, match="there is no time zone") as given:
        person_clock(zone)
    assert "Europe/Berlin" in given.value.hint
    monkeypatch.setenv("TZ", zone)
    with pytest.raises(InputError, match="the time zone of this machine is not known"):
        person_clock()


# --- in words ---


def test_nights_in_words() -> None:
    """Both days with their weekdays; the month and year where they differ."""
    this_year = dt.date(2026, 12, 31)
    words = {
        "2026-11-24": "Tue 24 to Wed 25 November",
        "2026-11-30": "Mon 30 November to Tue 1 December",
        "2025-12-31": "Wed 31 December 2025 to Thu 1 January",
        "2024-02-28": "Wed 28 to Thu 29 February 2024",
    }
    for evening, expected in words.items():
        assert night_in_words(dt.date.fromisoformat(evening), this_year) == expected
    assert day_in_words(dt.date(2026, 11, 24)) == "Tue 24 November 2026"
