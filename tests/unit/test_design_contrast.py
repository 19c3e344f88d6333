"""The contrast of every colour on every ground, by day, in the dark and at night."""

from __future__ import annotations

import re
from typing import Any

import pytest

from nightcramp.app.design import (
    GROUNDS,
    MODES,
    ORNAMENTS,
    PARTS,
    TEXTS,
    Mode,
    contrast,
    pairs,
    palettes,
)
from nightcramp.app.templating import STATIC

STYLE = (STATIC / "nightcramp.css").read_text(encoding="utf-8")


@pytest.mark.parametrize("mode", MODES)
def test_every_pair_has_enough_contrast(mode: Mode) -> None:
    """Text 4.5 to 1, large text and parts 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11)."""
    found = pairs(mode)
    assert len(found) >= 19
    lacking = [f"{p.colour} on {p.ground}: {p.contrast:.2f}" for p in found if not p.holds]
    assert not lacking


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#000000", 5.25),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    """Numbers as other checkers give them; which of the two is the ground does not matter."""
    assert contrast(one, other) == pytest.approx(expected, abs=0.005)
    assert contrast(one, other) == contrast(other, one)


def test_no_colour_goes_unchecked() -> None:
    """Each property that is a colour is a ground, a text, a part or an ornament."""
    known = {*GROUNDS, *TEXTS, *PARTS, *ORNAMENTS, "on-accent"}
    named = set(re.findall(r"--([a-z0-9-]+):\s*#", STYLE))
    assert named == known
    assert set(palettes()["day"]) == set(palettes()["dark"]) == known


def test_night_is_red_and_no_brighter_than_needed() -> None:
    """Only red light leaves the eyes dark-adapted: no green, no blue, and 4.5 to 1 is enough."""
    night = palettes()["night"]
    assert all(colour.endswith("0000") for colour in night.values())
    assert 4.5 <= contrast(night["ink"], night["ground"]) < 5


def test_rules_take_their_colours_from_the_properties() -> None:
    """Outside the palettes there are colours only on paper, and where a button is pressed."""
    rules = re.sub(r":root(\.night)?\s*\{[^}]*\}", "", STYLE)
    written = {line.strip() for line in rules.split("\n") if re.search(r"#[0-9a-f]{3,8}\b", line)}
    allowed = re.compile(r"\.night \.now:active|^body \{ background: #fff|\.doctor|^/\*")
    assert not {line for line in written if not allowed.search(line)}


def test_the_page_shows_what_the_style_sheet_holds(app: Any) -> None:
    page = app.get("/api/design").json()
    assert [one["mode"] for one in page["palettes"]] == list(MODES)
    for one in page["palettes"]:
        assert {s["name"]: s["colour"] for s in one["swatches"]} == palettes()[one["mode"]]
        assert all(pair["holds"] for pair in one["pairs"])
    shown = app.get("/design?mode=night").text
    assert 'class="night"' in shown
    assert "style=" not in shown
