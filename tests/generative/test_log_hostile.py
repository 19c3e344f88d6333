"""Whatever is typed to the diary: understood, or refused in a sentence; never a traceback."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nightcramp.diary.clock import moment_at, zone_named
from nightcramp.diary.entry import Cramp, Told
from nightcramp.diary.nights import nights_of
from nightcramp.errors import InputError
from nightcramp.intake.diary_clock import (
    GRACE,
    PersonClock,
    date_in,
    evening_in,
    moment_in,
    person_clock,
)
from nightcramp.intake.diary_words import cramp_from_words, told_from_words
from nightcramp.knowledge.loader import knowledge

EVENING = dt.date(2026, 11, 24)
ZONE = zone_named("Europe/Berlin")
CLOCK = PersonClock(moment_at(dt.datetime(2026, 11, 25, 3, 12), ZONE), ZONE, "Europe/Berlin")
NAMES = [
    *knowledge().measures,
    "pain",
    "minutes",
    "took",
    "missed",
    "cramps",
    "none",
    "note",
    "leg",
]
VALUES = ["7", "-1", "1e999", "nan", "inf", "25:00", "1.500", "yes", "no", "?", "5h", "2 L", "½"]
PIECES = ["03:10", "23:59", "00", "24", "11", "31", "2026", "2026-11-24", "nov", "feb", "tue"]
PIECES += ["last", "night", "today", "yesterday", "at", "9999", "days", "min", "ago", "pm", "T"]
PIECES += ["/", ".", "-"]
WORDS = st.one_of(
    st.text(max_size=40),
    st.tuples(st.sampled_from(NAMES), st.one_of(st.sampled_from(VALUES), st.text(max_size=12))).map(
        "=".join
    ),
    st.tuples(st.sampled_from(["+", "no-", "not "]), st.text(max_size=20)).map("".join),
)
TIMES = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(PIECES),
        max_size=5,
    ).map(" ".join),
)


def try_to(read: Callable[[], object]) -> object:
    """Return what was read, or None where it was refused with a sentence and a hint."""
    try:
        return read()
    except InputError as error:
        refusal = error
    assert refusal.message
    assert "\n" not in refusal.message
    return None


@given(words=st.lists(WORDS, max_size=4))
@settings(deadline=None, max_examples=300)
def test_words_are_read_or_refused(words: list[str]) -> None:
    """What is read can be kept, comes back the same, and makes a night of possible values."""
    measures = knowledge().measures
    told = try_to(lambda: told_from_words(words, EVENING, knowledge()))
    cramp = try_to(lambda: cramp_from_words(words, CLOCK.now, knowledge()))
    for body in (told, cramp):
        if isinstance(body, Told | Cramp):
            kept = msgspec.json.decode(msgspec.json.encode(body), type=type(body))
            assert kept == body
            nights_of([CLOCK.entry(body)], [], measures)
    if isinstance(told, Told):
        for name, value in told.values.items():
            low, high = measures[name].plausible if name in measures else (-1e9, 1e9)
            assert low <= value <= high


@given(text=TIMES)
@settings(deadline=None, max_examples=500)
def test_times_are_understood_or_refused(text: str) -> None:
    """Never in the future; a night that is named has begun."""
    moment = try_to(lambda: moment_in(text, CLOCK))
    date = try_to(lambda: date_in(text, CLOCK))
    evening = try_to(lambda: evening_in(text, CLOCK))
    assert not isinstance(moment, dt.datetime) or moment <= CLOCK.now + GRACE
    assert not isinstance(date, dt.date) or date <= CLOCK.today
    assert not isinstance(evening, dt.date) or evening <= CLOCK.tonight


@given(zone=st.text(max_size=30))
@settings(deadline=None)
def test_zones_are_known_or_refused(zone: str) -> None:
    """Any text as the name of a zone."""
    if zone.strip():
        try_to(lambda: person_clock(zone))
