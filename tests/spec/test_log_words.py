"""The words in which a diary is told: a few words in, what is kept out, or what would fit."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from nightcramp.diary.entry import Cramp, Medicine, Told
from nightcramp.errors import InputError
from nightcramp.intake.diary_words import (
    cramp_from_words,
    detailed,
    named_first,
    told_from_words,
)
from nightcramp.knowledge.loader import knowledge

EVENING = dt.date(2026, 11, 24)
AT = dt.datetime(2026, 11, 25, 3, 10, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def told(*words: str) -> Told:
    """Return what words tell of a night and its day."""
    return told_from_words(words, EVENING, knowledge())


def cramp(*words: str) -> Cramp:
    """Return the cramp that words tell of."""
    return cramp_from_words(words, AT, knowledge())


@pytest.mark.parametrize(
    ("word", "measure", "value"),
    [
        ("effort=7", "effort", 7),
        ("effort=7/10", "effort", 7),
        ("effort_minutes=40", "effort_minutes", 40),
        ("effort-minutes=1:10", "effort_minutes", 70),
        ("unusual", "effort_unusual", 1),
        ("standing=5h", "stand_minutes", 300),
        ("standing=4:30", "stand_minutes", 270),
        ("water=1.5L", "water", 1.5),
        ("water=1,5 L", "water", 1.5),
        ("water=750mL", "water", 0.75),
        ("no-water", "water", 0),
        ("drinks=6", "drinks", 6),
        ("alcohol=2", "alcohol", 2),
        ("alcohol=none", "alcohol", 0),
        ("coffee=3", "caffeine_cups", 3),
        ("last_caffeine=16:00", "caffeine_last", 960),
        ("last_caffeine=4pm", "caffeine_last", 960),
        ("last_caffeine=1:00", "caffeine_last", 1500),
        ("last_caffeine=25:00", "caffeine_last", 1500),
        ("stretching", "stretching", 1),
        ("no-stretching", "stretching", 0),
        ("stretching=no", "stretching", 0),
        ("Heat", "heat", 1),
        ("sweating", "sweating", 1),
        ("diarrhea", "diarrhoea", 1),
        ("vomiting=yes", "vomiting", 1),
        ("bed=22:30", "bedtime", 630),
        ("bed=0:15", "bedtime", 735),
        ("wake=6:45", "wake_time", 1125),
        ("sleep=7", "sleep_hours", 7),
        ("sleep=7h", "sleep_hours", 7),
        ("sleep=6:30", "sleep_hours", 6.5),
        ("steps=8000", "steps", 8000),
        ("missed", "medicine_missed", 1),
        ("+chocolate", "own:chocolate", 1),
        ("+chocolate=no", "own:chocolate", 0),
        ("+Green tea=2", "own:green_tea", 2),
        ("+Käse", "own:käse", 1),
    ],
)
def test_words_of_a_day(word: str, measure: str, value: float) -> None:
    """Amounts with their units, yes and no, times of day, and the person's own things."""
    assert told(word).values == {measure: pytest.approx(value)}


@pytest.mark.parametrize(
    ("word", "count"),
    [("cramps=2", 2), ("cramps=none", 0), ("none", 0), ("no-cramps", 0), ("cramps=two", 2)],
)
def test_counts(word: str, count: int) -> None:
    """How many cramps the night had, none being a number."""
    assert told(word).cramps == count


@pytest.mark.parametrize(
    ("word", "medicines"),
    [
        ("took=indapamide 2.5 mg", [("indapamide", True, "2.5mg")]),
        ("missed=simvastatin", [("simvastatin", False, "")]),
        ("took=indapamid", [("indapamide", True, "")]),
        ("took=Zocor", [("simvastatin", True, "")]),
        (
            "took=indapamide,metformin 500mg",
            [("indapamide", True, ""), ("metformin", True, "500mg")],
        ),
        ("took=Foozle forte 5mg", [("Foozle forte", True, "5mg")]),
    ],
)
def test_medicines(word: str, medicines: list[tuple[str, bool, str]]) -> None:
    """Brands and slips of the pen become the ingredient; the unknown stays as written."""
    assert told(word).medicines == tuple(
        Medicine(name=name, taken=taken, dose=dose) for name, taken, dose in medicines
    )


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (["left"], "leg", "left"),
        (["leg=right"], "leg", "right"),
        (["left", "right"], "leg", "both"),
        (["calf", "foot"], "muscles", ("calf", "foot")),
        (["muscle=calf,toes"], "muscles", ("calf", "toes")),
        (["hamstring"], "muscles", ("thigh",)),
        (["pain=7"], "pain", 7),
        (["pain=0"], "pain", 0),
        (["minutes=4"], "minutes", 4),
        (["lasted=1.5"], "minutes", 1.5),
        (["minutes=30s"], "minutes", 0.5),
        (["woke"], "woke", True),
        (["woke=no"], "woke", False),
        (["stretch", "walked"], "relief", ("stretch", "walk")),
        (["helped=heat"], "relief", ("heat",)),
        (["nothing"], "relief", ("nothing",)),
        (["sore"], "sore_next_day", True),
        (["not-sore"], "sore_next_day", False),
        (["note=after turning over"], "note", "after turning over"),
    ],
)
def test_words_of_a_cramp(words: list[str], field: str, value: Any) -> None:
    """Where, how bad, how long, whether it woke, what helped, soreness; nothing else is set."""
    assert cramp(*words) == Cramp(at=AT, **{field: value})


@pytest.mark.parametrize(
    ("word", "reason", "hint"),
    [
        ("watr=2L", "'watr=2L' is not a word of the diary", "Did you mean water"),
        ("chocolate", "'chocolate' is not a word", "+anything"),
        ("water=2", "no unit stands there", "water=2L"),
        ("standing=5", "no unit stands there", "standing=2h"),
        ("water=90L", "it lies between 0 and 25 L", "Write the unit"),
        ("water=-1L", "it lies between 0 and 25 L", ""),
        ("water=1.500L", "thousands or decimals", ""),
        ("water", "needs a value", "water=2L"),
        ("water=", "nothing stands after the =", ""),
        ("=3", "nothing stands before the =", ""),
        ("effort=11", "it lies between 0 and 10", "effort=7"),
        ("effort=lots", "not a number", ""),
        ("heat=3", "neither yes nor no", "heat=no"),
        ("bed=ten", "not a time of day", "bed=16:00"),
        ("alcohol=?", "leave out what is not known", ""),
        ("cramps=many", "does not say how many cramps", "cramps=2"),
        ("cramps=5000", "does not say how many cramps", ""),
        ("none=3", "does not say how many cramps", ""),
        ("took", "needs the name of a medicine", "took=indapamide"),
        ("+heat", "kept already, without the +", "heat"),
        ("+", "is not a name to keep", ""),
        ("+tea=lots", "neither yes, no nor a number", "+tea=2"),
        ("", "an empty word", ""),
    ],
)
def test_what_does_not_fit_a_day(word: str, reason: str, hint: str) -> None:
    """An error names the word, says why, and what would fit."""
    with pytest.raises(InputError) as raised:
        told(word)
    assert reason in raised.value.message
    assert hint in raised.value.hint


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["clf"], "'clf' is not a word of a cramp"),
        (["pain=11"], "a whole number from 0 (none) to 10"),
        (["pain=bad"], "a whole number from 0 (none) to 10"),
        (["pain=7", "pain=3"], "another word tells differently"),
        (["minutes=0"], "how many minutes"),
        (["minutes=2:30"], "how many minutes"),
        (["no-stretch"], "what did not help is left out"),
        (["leg=middle"], "'middle' does not fit"),
        (["woke=maybe"], "neither yes nor no"),
    ],
)
def test_what_does_not_fit_a_cramp(words: list[str], reason: str) -> None:
    """Nothing is guessed and nothing told twice in different ways."""
    with pytest.raises(InputError) as raised:
        cramp(*words)
    assert reason in raised.value.message


@pytest.mark.parametrize(
    "words", [("water=1L", "water=2L"), ("took=indapamide", "missed=indapamide")]
)
def test_told_twice_in_one_line(words: tuple[str, ...]) -> None:
    """Two words that contradict each other are asked back, not chosen from."""
    with pytest.raises(InputError, match="another word tells differently"):
        told(*words)


def test_no_words_tell_nothing() -> None:
    """An empty line is not kept."""
    with pytest.raises(InputError, match="no word tells anything"):
        told()


def test_details_add_to_a_cramp() -> None:
    """What was told before stays; what is told again is corrected; notes add up."""
    before = cramp("left", "pain=5", "note=first")
    after = detailed(before, ["pain=7", "calf", "note=second"], None, knowledge())
    assert after == Cramp(at=AT, leg="left", muscles=("calf",), pain=7, note="first; second")
    assert detailed(before, [], AT - dt.timedelta(minutes=5), knowledge()).leg == "left"
    with pytest.raises(InputError, match="nothing is told"):
        detailed(before, [], None, knowledge())


@pytest.mark.parametrize(
    ("words", "name", "rest"),
    [
        (["3f2a9c1d", "sore"], "3f2a9c1d", ["sore"]),
        (["last", "sore"], "last", ["sore"]),
        (["left", "calf"], "last", ["left", "calf"]),
        ([], "last", []),
    ],
)
def test_the_id_stands_first(words: list[str], name: str, rest: list[str]) -> None:
    """Without an id the last cramp is meant; no word of a cramp looks like one."""
    assert named_first(words) == (name, rest)
