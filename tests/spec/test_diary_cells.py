"""Cells of a spreadsheet that say yes or no, or a time of day, in the values of the measures."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from nightcramp.intake.spreadsheet.reader import read_spreadsheet
from nightcramp.knowledge.loader import knowledge

TODAY = dt.date(2026, 11, 23)


def values(folder: Path, heading: str, cell: str) -> dict[str, float]:
    """Return what one column of a diary tells of a night, besides its cramps."""
    path = folder / "diary.csv"
    rows = [f"date,cramps,{heading}", f'2026-11-20,1,"{cell}"', f'2026-11-21,0,"{cell}"']
    path.write_text("\n".join(rows), encoding="utf-8")
    nights = read_spreadsheet(path, knowledge(), as_of=TODAY).nights
    assert [night.cramps for night in nights] == [1, 0]
    return nights[0].values


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("yes", 1), ("x", 1), ("1", 1), ("no", 0), ("0", 0), ("none", 0)],
)
@pytest.mark.parametrize(
    ("heading", "measure"), [("stretching", "stretching"), ("heavy sweating", "sweating")]
)
def test_yes_and_no(tmp_path: Path, heading: str, measure: str, cell: str, expected: int) -> None:
    """In words, as a mark, or as one and nought."""
    assert values(tmp_path, heading, cell) == {measure: expected}


@pytest.mark.parametrize("cell", ["?", "2", "maybe"])
def test_neither_yes_nor_no_is_not_recorded(tmp_path: Path, cell: str) -> None:
    """An unclear cell makes neither of the two."""
    assert values(tmp_path, "stretching", cell) == {}


@pytest.mark.parametrize(
    ("heading", "cell", "expected"),
    [
        ("bedtime", "22:30", {"bedtime": 630}),
        ("bedtime", "0:15", {"bedtime": 735}),
        ("wake time", "6:45 am", {"wake_time": 1125}),
        ("last coffee", "16:00", {"caffeine_last": 960}),
        ("last coffee", "1:00", {"caffeine_last": 1500}),
        ("last coffee", "4:00", {"caffeine_last": 240}),
    ],
)
def test_times_of_day(tmp_path: Path, heading: str, cell: str, expected: dict[str, float]) -> None:
    """Counted from noon for a night; from midnight for a day, which ends at four."""
    assert values(tmp_path, heading, cell) == expected
