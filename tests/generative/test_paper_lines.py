"""Sheets written by chance and typed in come back as they were; bad lines are named."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nightcramp.diary.entry import Entry
from nightcramp.diary.nights import nights_of
from nightcramp.diary.sheet import Sheet, sheet_of
from nightcramp.errors import InputError
from nightcramp.intake.diary_clock import PersonClock
from nightcramp.intake.paper import row_in_words, told_from_line
from nightcramp.intake.paper_rows import entries_of, rows_of
from nightcramp.knowledge.loader import knowledge

QUICK = settings(max_examples=60, deadline=None, derandomize=True)
FIRST = dt.date(2026, 10, 20)
CLOCK = PersonClock(dt.datetime(2026, 11, 26, 9, tzinfo=dt.UTC), dt.UTC, "UTC")
SHEET = sheet_of(FIRST, own=("chocolate", "tight shoes"))
PLACE = re.compile(r"line (\d+), (?:[^,:]+(?:, 0 to 10\))?, )?character \d+: ")

scores, small, yes_no = st.integers(0, 10), st.integers(0, 40), st.sampled_from([0, 1])
times = st.tuples(st.integers(4, 23), st.integers(0, 59))
written = st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(0, 30),
        "p": scores,
        "w": st.integers(0, 600),
        "e": st.tuples(scores, yes_no),
        "f": st.integers(0, 24),
        "g": small,
        "a": small,
        "c": small,
        "@": times,
        "x": yes_no,
        "hs": st.tuples(yes_no, yes_no),
        "dv": st.tuples(yes_no, yes_no),
        "m": yes_no,
        "o": small,
        "i": yes_no,
    },
)
MEASURES = {
    "p": "pain_worst",
    "w": "sleep_lost",
    "g": "drinks",
    "a": "alcohol",
    "c": "caffeine_cups",
    "x": "stretching",
    "m": "medicine_missed",
    "o": "own:chocolate",
    "i": "own:tight_shoes",
}


def pieces(row: dict[str, Any]) -> Iterator[str]:
    """Yield what is typed for each box of a row that was filled in."""
    for code, value in row.items():
        if code == "e":
            yield f"e{value[0]}{'u' * value[1]}"
        elif code == "@":
            yield f"@{value[0]:02}:{value[1]:02}"
        elif code in {"hs", "dv"}:
            ringed = "".join(letter for letter, on in zip(code, value, strict=True) if on)
            yield ringed or f"{code[0]}0"
        elif code in {"x", "m", "i"}:
            yield code if value else f"{code}0"
        else:
            yield f"{code}{value}"


def values(row: dict[str, Any]) -> dict[str, float]:
    """Return what a row tells, worked out here anew."""
    told: dict[str, float] = {MEASURES[code]: row[code] for code in MEASURES.keys() & row.keys()}
    if "e" in row:
        told |= {"effort": row["e"][0], "effort_unusual": row["e"][1]}
    if "f" in row:
        told["stand_minutes"] = row["f"] * 60
    if "@" in row:
        told["caffeine_last"] = row["@"][0] * 60 + row["@"][1]
    for code, names in {"hs": ("heat", "sweating"), "dv": ("diarrhoea", "vomiting")}.items():
        told |= dict(zip(names, row.get(code, ()), strict=False))
    return told


def nights(entries: list[Entry]) -> dict[dt.date, tuple[int | None, dict[str, float]]]:
    """Return what the diary then holds, by evening."""
    found = nights_of(entries, [], knowledge().measures)
    assert all(not night.conflicts for night in found)
    return {night.evening: (night.cramps, night.values) for night in found}


def typed(text: str, before: list[Entry], sheet: Sheet = SHEET) -> list[Entry]:
    """Return the entries of a person after a text was typed in."""
    rows = rows_of(text, sheet, knowledge(), CLOCK, "sheet.txt")
    return [*before, *entries_of(rows, before, CLOCK)]


def line_of(row: dict[str, Any], between: str, data: st.DataObject) -> str:
    """Return a row as a typist may type it: any order, and a dot where all the rest is no."""
    boxes = {code: list(pieces({code: value})) for code, value in row.items() if code != "n"}
    denied = {"x": 0, "hs": (0, 0), "dv": (0, 0), "m": 0}
    dot = denied.keys() <= row.keys() and data.draw(st.booleans())
    for code in [code for code in denied if dot and row[code] == denied[code]]:
        del boxes[code]
    rest = data.draw(st.permutations([piece for told in boxes.values() for piece in told]))
    count = [str(row["n"])] if "n" in row else []
    return between.join([*count, *rest]) + ("." if dot else "") or "-"


@QUICK
@given(st.lists(written, min_size=1, max_size=14), st.sampled_from(["", " ", "  "]), st.data())
def test_what_was_written_is_what_the_diary_holds(
    rows: list[dict[str, Any]], between: str, data: st.DataObject
) -> None:
    """Lines in any spacing, their letters in any order, become the nights that were written."""
    text = "\n".join(line_of(row, between, data) for row in rows)
    entries = typed(text, [])
    expected = {
        FIRST + dt.timedelta(days=day): (row.get("n"), values(row))
        for day, row in enumerate(rows)
        if row
    }
    assert nights(entries) == expected
    assert typed(text, entries) == entries
    assert all(entry.origin == "paper" for entry in entries)


@QUICK
@given(st.lists(st.lists(st.sampled_from(["0", "1", "2p7", "-"]), min_size=3, max_size=3)))
def test_the_sheet_typed_last_is_what_counts(versions: list[list[str]]) -> None:
    """Typed again with other lines, the diary holds the last version, with no conflict."""
    entries: list[Entry] = []
    for lines in versions:
        entries = typed("\n".join(lines), entries)
    counts = {"0": (0, {}), "1": (1, {}), "2p7": (2, {"pain_worst": 7.0})}
    last = versions[-1] if versions else []
    assert nights(entries) == {
        FIRST + dt.timedelta(days=day): counts[line] for day, line in enumerate(last) if line != "-"
    }
    assert len({entry.id for entry in entries}) == len(entries)
    assert all(re.fullmatch("[0-9a-f]{32}", entry.id) for entry in entries)


PIECES = """
0 1 2 p7 p77 e8u . x. 2. u x x0 xh0 h s d v m st5 al1 c3@15 @3pm @8 @99 o2 ; -3 = # - 2026-11-01
2026-13-01 9999-12-31 0001-01-01 é ſ K ² ٣ 2 p 0000-00-00 99999999999999999999
"""
near = st.lists(
    st.sampled_from([*PIECES.split(), "\u2028", "\x00", "\x1c", "\ud800"]) | st.text(max_size=6),
    max_size=8,
).map(" ".join)


def fault_of(line: str) -> InputError | None:
    """Return what is wrong with a line, where it cannot be understood."""
    try:
        told = told_from_line(line, FIRST, SHEET, knowledge())
    except InputError as error:
        return error
    assert row_in_words(told, SHEET, knowledge())
    return None


@settings(QUICK, max_examples=300)
@given(st.text(max_size=200) | near)
def test_any_line_is_understood_or_its_place_named(line: str) -> None:
    """Nothing typed breaks the reading; a fault names a character inside the line."""
    fault = fault_of(line)
    if fault is not None:
        place = re.search(r"character (\d+)$", fault.where)
        assert place
        assert 1 <= int(place[1]) <= len(line) + 1


def refusal_of(text: str) -> InputError | None:
    """Return why a text is not taken, or nothing where it is: then a second time adds nothing."""
    try:
        entries = typed(text, [])
    except InputError as error:
        return error
    assert typed(text, entries) == entries
    return None


@settings(QUICK, max_examples=200)
@given(st.lists(st.text(max_size=40) | near, max_size=8).map("\n".join))
def test_any_text_is_stored_or_every_faulty_line_named(text: str) -> None:
    """A text is taken whole, or not at all with the line and the character of each fault."""
    refusal = refusal_of(text)
    if refusal is not None and "cannot be read" in refusal.message:
        faults = refusal.hint.split("\n  ")
        assert refusal.message.startswith(f"{len(faults)} line")
        numbers = [int(found[1]) for fault in faults if (found := PLACE.match(fault))]
        assert len(numbers) == len(faults)
        assert numbers == sorted(set(numbers))
        assert numbers[-1] <= len(text.splitlines())
