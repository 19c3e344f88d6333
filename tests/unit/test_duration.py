"""Lengths of time as people write them."""

from __future__ import annotations

import datetime as dt

import pytest

from nightcramp.person.duration import days_in

TODAY = dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("3 weeks", 21),
        ("about 2 months ago", 60.88),
        ("for the last eight years", 2922),
        ("a fortnight", 14),
        ("six weeks", 42),
        ("yesterday", 1),
        ("2 wk", 14),
        ("a couple of months", 60.88),
        ("2026-11-13", 10),
        ("since March 2026", 253),
        ("since 2025", 510),
        ("half a year", 182.6),
        ("for years", 1095.8),
        ("some weeks", 21),
        ("since September", 69),
        ("2014", 4528),
    ],
)
def test_lengths_of_time(text: str, days: float) -> None:
    """Words, numbers, dates and years all become days before the story's date."""
    assert days_in(text, TODAY) == pytest.approx(days, rel=0.01)


@pytest.mark.parametrize(
    "text",
    [
        "40 mg daily",
        "at 7 am",
        "cisplatin and cyclophosphamide",
        "once a month",
        "three times a week",
        "often",
        "",
    ],
)
def test_how_often_is_not_how_long(text: str) -> None:
    """A frequency is no length of time."""
    assert days_in(text, TODAY) is None
