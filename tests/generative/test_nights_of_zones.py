"""Nights over every time zone and every change of its clock: none twice, none missing."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightcramp.diary.clock import (
    Stretch,
    moment_at,
    stretches_of,
    wall_of,
    zone_named,
)
from nightcramp.person.night import evening_of
from zone_files import Zone, every_zone

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)
EVENINGS = Callable[[dt.datetime, dt.tzinfo], dt.date]
STRETCHES = Callable[[dt.date, dt.tzinfo], tuple[Stretch, ...]]
ZONES = every_zone()


def at(second: int) -> dt.datetime:
    """Return the moment so many seconds after 1970 began."""
    return EPOCH + dt.timedelta(seconds=second)


def night_of(moment: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """Return the night of a moment as nightcramp finds it."""
    return evening_of(wall_of(moment, zone))


def on_utc(moment: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """A wrong rule: noon by the clock of Greenwich."""
    return evening_of(moment.astimezone(dt.UTC))


def by_date(moment: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """A wrong rule: the date on the calendar, as most diaries have it."""
    return moment.astimezone(zone).date()


def always_24_hours(evening: dt.date, zone: dt.tzinfo) -> tuple[Stretch, ...]:
    """A wrong rule: a night ends 24 hours after its noon."""
    start = moment_at(dt.datetime.combine(evening, dt.time(12)), zone).astimezone(dt.UTC)
    return (Stretch(start, start + DAY),)


def telling_moments(zone: Zone) -> Iterator[tuple[int, int]]:
    """Yield (second, evening by whole numbers) around every change and the noons beside it."""
    for change in zone.times:
        noon = (change + zone.offset(change)) // 86_400 * 86_400 + 43_200
        moments = {change, noon - zone.offset(change), noon - zone.offset(change - 1)}
        for second in sorted({m + step for m in moments for step in (-1, 0, 1)}):
            yield second, zone.evening(second)


def wrong_nights(zone: Zone, rule: EVENINGS) -> list[dt.datetime]:
    """Return the moments a rule puts on another night than the zone's own file does."""
    info = ZoneInfo(zone.name)
    return [
        at(second)
        for second, evening in telling_moments(zone)
        if rule(at(second), info) != dt.date(1970, 1, 1) + dt.timedelta(days=evening)
    ]


def moved(zone: Zone, change: int) -> dt.timedelta:
    """Return by how much a change puts the clock forward."""
    listed = change in zone.times
    after = zone.offset(change) if listed else libc_offset(zone.name, change)
    before = zone.offset(change - 1) if listed else libc_offset(zone.name, change - 1)
    return (after - before) * SECOND


def libc_offset(zone: str, second: int) -> int:
    """Return a zone's offset from UTC at a moment, by the machine's C library."""
    if os.environ.get("TZ") != zone:
        os.environ["TZ"] = zone
        time.tzset()
    return time.localtime(second).tm_gmtoff


def untiled(zone: Zone, rule: STRETCHES, changes: Iterable[int]) -> list[str]:
    """Return where the nights around a zone's changes overlap, leave a gap or hold a wrong moment.

    Together they last 24 hours each, less what the clock was put forward.
    """
    info = ZoneInfo(zone.name)
    faults = []
    for change in changes:
        first = night_of(at(change), info) - DAY
        parts = sorted(
            (part.start, part.end, evening)
            for evening in (first + day * DAY for day in range(3))
            for part in rule(evening, info)
        )
        for (_, end, _), (start, _, _) in itertools.pairwise(parts):
            faults += [f"{zone.name}: {end} to {start}"] if start != end else []
        lasted = sum((end - start for start, end, _ in parts), dt.timedelta())
        if lasted != 3 * DAY - moved(zone, change):
            faults.append(f"{zone.name}: the nights around {at(change)} last {lasted}")
        for start, end, evening in parts:
            inside = {night_of(moment, info) for moment in (start, end - SECOND)}
            faults += [f"{zone.name}: {evening} holds {inside}"] if inside != {evening} else []
    return faults


def test_there_are_zones_to_check() -> None:
    """The tz database of this machine is whole: hundreds of zones, thousands of changes."""
    assert len(ZONES) > 300
    assert sum(len(zone.times) for zone in ZONES) > 10_000


def test_every_moment_has_the_night_its_wall_clock_says() -> None:
    """In every zone, around every change and every noon beside it, by two separate readers."""
    assert [moment for zone in ZONES for moment in wrong_nights(zone, night_of)] == []


@pytest.mark.parametrize("rule", [on_utc, by_date])
def test_the_check_of_moments_sees_a_wrong_rule(rule: EVENINGS) -> None:
    """A night by Greenwich, or by the calendar's date, does not pass."""
    caught = [zone.name for zone in ZONES if zone.times and wrong_nights(zone, rule)]
    assert "America/New_York" in caught
    assert len(caught) > 300


def test_nights_tile_time() -> None:
    """No moment falls on two nights or none, around every change of every zone."""
    assert [fault for zone in ZONES for fault in untiled(zone, stretches_of, zone.times)] == []


def test_the_check_of_tiles_sees_nights_of_24_hours() -> None:
    """Nights that always last 24 hours leave gaps, or overlap, where a clock is changed."""
    caught = [z.name for z in ZONES if untiled(z, always_24_hours, z.times[-4:])]
    assert "America/New_York" in caught
    assert len(caught) > 200


@pytest.mark.parametrize(
    ("zone", "evening", "hours"),
    [
        ("Europe/Berlin", "2026-03-28", [23]),
        ("Europe/Berlin", "2026-10-24", [25]),
        ("Europe/Berlin", "2026-11-24", [24]),
        ("Australia/Lord_Howe", "2026-10-03", [23.5]),
        ("Asia/Kathmandu", "1985-12-31", [23.75]),
        ("Pacific/Apia", "2011-12-29", [12]),
        ("Pacific/Apia", "2011-12-30", [12]),
        ("Pacific/Apia", "2011-12-31", [24]),
        ("Pacific/Kwajalein", "1993-08-20", [12]),
        ("Pacific/Kwajalein", "1993-08-21", [12]),
        ("Pacific/Kwajalein", "1969-09-29", [24, 11]),
        ("Pacific/Kwajalein", "1969-09-30", [12, 24]),
        ("Asia/Manila", "1844-12-30", [12]),
    ],
)
def test_nights_of_odd_days(zone: str, evening: str, hours: list[float]) -> None:
    """Half hours, skipped days (short nights on either side), days that came twice."""
    stretches = stretches_of(dt.date.fromisoformat(evening), ZoneInfo(zone))
    assert [(part.end - part.start) / dt.timedelta(hours=1) for part in stretches] == hours


# --- after the last listed change ---


@pytest.fixture
def _other_zones() -> Iterator[None]:
    """Let the C library be asked about other zones, then set its own again."""
    before = os.environ.get("TZ")
    yield
    os.environ.pop("TZ", None)
    os.environ.update({"TZ": before} if before else {})
    time.tzset()


@pytest.mark.usefixtures("_other_zones")
def test_the_years_after_the_last_listed_change() -> None:
    """By the rules that hold on without end, each night is the one the C library's clock says."""
    checked = 0
    for zone in (zone for zone in ZONES if "," in zone.rule):
        info = ZoneInfo(zone.name)
        for second in changes_in(zone.name, 2049):
            checked += 1
            for moment in (second - 1, second, second + 1):
                wall = moment + libc_offset(zone.name, moment)
                expected = dt.date(1970, 1, 1) + dt.timedelta(days=(wall - 43_200) // 86_400)
                assert night_of(at(moment), info) == expected
            assert untiled(zone, stretches_of, [second]) == []
    assert checked > 100


def changes_in(zone: str, year: int) -> Iterator[int]:
    """Yield the seconds of one year at which the C library changes a zone's offset."""
    start = int((dt.datetime(year, 1, 1, tzinfo=dt.UTC) - EPOCH) / SECOND)
    for day in range(start, start + 365 * 86_400, 86_400):
        before, after = day, day + 86_400
        if libc_offset(zone, before) != libc_offset(zone, after):
            while after - before > 1:
                middle = (before + after) // 2
                same = libc_offset(zone, middle) == libc_offset(zone, day)
                before, after = (middle, after) if same else (before, middle)
            yield after


# --- typed wall times ---


def typed_times(zone: Zone) -> Iterator[dt.datetime]:
    """Yield wall times in and beside the gap or the repeat of every change, and the usual ones."""
    for change in zone.times:
        walls = [change + zone.offset(change), change + zone.offset(change - 1)]
        middle = sum(walls) // 2
        day = walls[0] // 86_400 * 86_400
        for wall in {*walls, middle, walls[0] - 60, day + 11_400, day + 43_199, day + 43_200}:
            yield at(wall).replace(tzinfo=None)


def test_a_typed_time_keeps_its_night() -> None:
    """In every zone, skipped and repeated times too, and after being written down."""
    for zone in ZONES:
        info = ZoneInfo(zone.name)
        for wall in typed_times(zone):
            moment = moment_at(wall, info)
            assert moment.replace(tzinfo=None) == wall
            kept = msgspec.json.decode(msgspec.json.encode(moment), type=dt.datetime)
            assert evening_of(kept) == evening_of(wall), (zone.name, wall)
            assert kept.replace(tzinfo=None) == wall


def test_a_typed_time_that_existed_is_that_moment() -> None:
    """The clock showed it at that moment; where it showed it twice, it is the first time."""
    checked = 0
    for zone in (zone for zone in ZONES if not zone.name.startswith("Etc")):
        info = ZoneInfo(zone.name)
        for wall in typed_times(zone):
            second = int((wall.replace(tzinfo=dt.UTC) - EPOCH) / SECOND)
            changed = [zone.offset(second + step) for step in (-86_400, 86_400)]
            shown = [o for o in changed if zone.offset(second - o) == o]
            offset = moment_at(wall, info).utcoffset()
            if shown and offset is not None:
                checked += 1
                assert abs(offset.total_seconds() - max(shown)) <= 30, (zone.name, wall)
    assert checked > 10_000


@given(
    zone=st.sampled_from(ZONES).map(lambda zone: zone.name),
    moment=st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1)),
)
@settings(max_examples=300, deadline=None)
def test_any_moment_anywhere_is_in_its_night_only(zone: str, moment: dt.datetime) -> None:
    """Of the nights around it, the one that its wall clock names holds it, and no other."""
    info = zone_named(zone)
    instant = moment.replace(tzinfo=dt.UTC)
    evening = night_of(instant, info)
    holding = [
        evening + day * DAY
        for day in range(-3, 4)
        if any(p.start <= instant < p.end for p in stretches_of(evening + day * DAY, info))
    ]
    assert holding == [evening]
