"""The paper diary typed in: a line as typed, and what it tells of the night."""

from __future__ import annotations

import datetime as dt

import pytest

from nightcramp.diary.entry import Told
from nightcramp.diary.sheet import Sheet, sheet_of
from nightcramp.errors import InputError
from nightcramp.intake.paper import check_own, row_in_words, told_from_line
from nightcramp.knowledge.loader import knowledge

EVENING = dt.date(2026, 11, 24)
SHEET = sheet_of(EVENING, own=("chocolate", "tight shoes"))


def told(line: str, sheet: Sheet = SHEET) -> Told | None:
    """Return what a line tells."""
    return told_from_line(line, EVENING, sheet, knowledge())


NO_REST = {"heat": 0, "diarrhoea": 0, "vomiting": 0, "medicine_missed": 0}
LINES = {
    "0": (0, {}),
    "3": (3, {}),
    "n3": (3, {}),
    "2 p7 w20": (2, {"pain_worst": 7, "sleep_lost": 20}),
    "e8": (None, {"effort": 8, "effort_unusual": 0}),
    "e8u": (None, {"effort": 8, "effort_unusual": 1}),
    "u": (None, {"effort_unusual": 1}),
    "f5": (None, {"stand_minutes": 300}),
    "st5": (None, {"stand_minutes": 300}),
    "f2.5": (None, {"stand_minutes": 150}),
    "f2,5": (None, {"stand_minutes": 150}),
    "g6 a1": (None, {"drinks": 6, "alcohol": 1}),
    "al0": (None, {"alcohol": 0}),
    "c3@15": (None, {"caffeine_cups": 3, "caffeine_last": 900}),
    "@15:30": (None, {"caffeine_last": 930}),
    "@3pm": (None, {"caffeine_last": 900}),
    "@3:30 PM": (None, {"caffeine_last": 930}),
    "@08": (None, {"caffeine_last": 480}),
    "@12pm": (None, {"caffeine_last": 720}),
    "@12am": (None, {"caffeine_last": 1440}),
    "@1am": (None, {"caffeine_last": 1500}),
    "x": (None, {"stretching": 1}),
    "x0": (None, {"stretching": 0}),
    "h": (None, {"heat": 1, "sweating": 0}),
    "hs": (None, {"heat": 1, "sweating": 1}),
    "s": (None, {"heat": 0, "sweating": 1}),
    "h0": (None, {"heat": 0, "sweating": 0}),
    "d v0 m": (None, {"diarrhoea": 1, "vomiting": 0, "medicine_missed": 1}),
    "o2 i": (None, {"own:chocolate": 2, "own:tight_shoes": 1}),
    "o0": (None, {"own:chocolate": 0}),
    "0e3 x s.": (0, {"effort": 3, "effort_unusual": 0, "stretching": 1, "sweating": 1} | NO_REST),
    "2P7E8U": (2, {"pain_worst": 7, "effort": 8, "effort_unusual": 1}),
    "1p4xh0m0": (
        1,
        {"pain_worst": 4, "stretching": 1, "heat": 0, "sweating": 0, "medicine_missed": 0},
    ),
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_tells_the_night_and_the_day(line: str) -> None:
    """The count first, then letters of the sheet with their values, spaces or not."""
    cramps, values = LINES[line]
    assert told(line) == Told(evening=EVENING, cramps=cramps, values=values)
    assert told(f"  {line}  ") == told(line)


@pytest.mark.parametrize("line", ["", "  ", "-", " - ", "–", ";", "- ;  "])
def test_an_empty_row_is_not_logged(line: str) -> None:
    """A dash or nothing is no night without cramps."""
    assert told(line) is None
    assert row_in_words(None, SHEET, knowledge()) == "not logged"


def test_a_note_follows_a_semicolon() -> None:
    """What is written in the margin is kept, whatever letters it has."""
    assert told("1 p4; new shoes; x") == Told(
        evening=EVENING, cramps=1, values={"pain_worst": 4}, note="new shoes; x"
    )


FAULTS = {
    "2 p17": ("column p (worst pain, 0 to 10), character 3", "between 0 and 10", "p2"),
    "2000": ("column n (cramps), character 1", "how many cramps", "n2"),
    "f30": ("column f (time on the feet), character 1", "not possible", "f2 for 2 h"),
    "2 p": ("column p (worst pain, 0 to 10), character 3", "nothing stands with it", "p2"),
    "x7": ("column x (stretching before bed), character 1", "neither yes nor no", "x0 for no"),
    "c2@8": ("column @ (hour of the last caffeine), character 3", "morning or evening", "@3pm"),
    "c2@13pm": ("column @ (hour of the last caffeine), character 3", "13pm", "@3pm"),
    "c2@15:99": ("column @ (hour of the last caffeine), character 3", "not a time", "@3pm"),
    "p7 p6": ("column p (worst pain, 0 to 10), character 4", "stands twice", "p2"),
    "2 3": ("character 3", "'3' belongs to no column", "n p w e"),
    "2 zz": ("character 3", "'z' is no letter of the sheet", "n p w e"),
    "2 %": ("character 3", "'%' belongs to no column", "n p w e"),
    "2 xp": ("column p (worst pain, 0 to 10), character 4", "nothing stands", "p2"),
    "2 . p7": ("character 3", "'.' belongs to no column", "n p w e"),
    "2..": ("character 2", "'.' belongs to no column", "n p w e"),
    "p-3": ("column p (worst pain, 0 to 10), character 1", "nothing stands", "p2"),
    f"1;{'a' * 2100}": ("note, character 3", "2000 characters", "`;`"),
    "9" * 3000: ("character 2501", "too long", "2500"),
    "1;\ud800": ("character 3", "no letter", "anew"),
}


@pytest.mark.parametrize(
    "line", FAULTS, ids=[line[:10].encode("ascii", "replace") for line in FAULTS]
)
def test_a_fault_names_its_column_and_character(line: str) -> None:
    """What was wrong, where in the line, and what would fit there."""
    where, reason, fits = FAULTS[line]
    with pytest.raises(InputError) as caught:
        told(line)
    assert caught.value.where == where
    assert reason in caught.value.message
    assert fits in caught.value.hint
    assert "=" not in caught.value.message.split("'")[0]


def test_a_row_is_told_back_as_it_stands_on_paper() -> None:
    """In words, in the order of the columns, hours as hours."""
    row = told("2 p7 w20 e8u f5 g6 a1 c2@15 x s m0 o2; new shoes")
    assert row_in_words(row, SHEET, knowledge()) == (
        "2 cramps; worst pain 7 of 10; sleep lost to cramps 20 min; effort of the legs 8 of 10; "
        "unusual effort yes; time on the feet 5 h; drinks without alcohol 6; "
        "alcoholic drinks 1 drink; cups with caffeine 2; hour of the last caffeine 15:00; "
        "stretching before bed yes; "
        'great heat no; heavy sweating yes; medicine missed no; chocolate 2; "new shoes"'
    )


@pytest.mark.parametrize("own", [("alcohol",), ("tight shoes", "Tight-Shoes"), ("!!",)])
def test_own_things_are_new_and_different(own: tuple[str, ...]) -> None:
    """What the diary has a column for, or would keep under one name, cannot be added."""
    with pytest.raises(InputError) as caught:
        check_own(sheet_of(EVENING, own=own), knowledge())
    assert own[0] in caught.value.message
