"""Twelve cramps as dots: what each row of a picture says, and how its dots look."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest

from nightcramp.knowledge.loader import knowledge
from nightcramp.report.share_picture import (
    HUES,
    SHAPES,
    ShareRow,
    note_of,
    share_picture,
    share_rows,
    shares_svg,
    title_of,
)
from nightcramp.report.words import TWELVE
from people import EXAMPLES, STORIES, assessed

SVG = "{http://www.w3.org/2000/svg}"


def cause(label: str, count: int, low: int, high: int, ladder: str = "possible") -> ShareRow:
    return ShareRow(
        id=label,
        label=label,
        belongs="cause",
        share=count / 12,
        count=count,
        low=low,
        high=high,
        spread=f"{low} to {high}",
        ladder=ladder,
    )


def left(count: int, low: int, high: int) -> ShareRow:
    return ShareRow(
        id="",
        label="not explained by anything we know",
        belongs="unexplained",
        share=count / 12,
        count=count,
        low=low,
        high=high,
        spread=f"{low} to {high}",
    )


TABLET = [cause("Water tablet", 4, 1, 7, "suspected"), left(8, 5, 11)]
"""A person of whom a water tablet explains 4 of 12 cramps, or 1 to 7."""


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" '))


def letters(svg: str) -> Counter[str]:
    """Return how many dots stand above each letter."""
    texts = [text.text or "" for text in parsed(svg).iter(f"{SVG}text")]
    return Counter(text for text in texts if len(text) == 1 and not text.isdigit())


def half_filled(svg: str, hue: str) -> int:
    """Return how many large dots of a hue are half filled: an outline and a left half."""
    groups = [g for g in parsed(svg).iter(f"{SVG}g") if g.get("class") == hue]
    return sum(g[0].get("fill") == "none" and g[0].tag == f"{SVG}path" for g in groups)


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        (
            TABLET,
            "Of 12 of your cramps, about 4 fit this: water tablet (it could be 1 to 7). "
            "Not explained: about 8 (it could be 5 to 11)",
        ),
        (
            [left(12, 9, 12)],
            "Of 12 of your cramps, about 12 are not explained by anything we know "
            "(it could be 9 to 12)",
        ),
        (
            [cause("Alcohol", 0, 0, 1), left(12, 11, 12)],
            "Of 12 of your cramps, about 12 are not explained by anything we know "
            "(it could be 11 to 12)",
        ),
    ],
)
def test_the_title_states_the_finding(rows: list[ShareRow], title: str) -> None:
    assert title_of(rows) == title
    assert parsed(shares_svg(rows))[0].text == title


def test_each_cramp_is_one_dot_under_its_letter() -> None:
    assert letters(shares_svg(TABLET)) == {"A": 4, "?": 8}


def test_dots_above_the_low_end_are_half_filled() -> None:
    assert half_filled(shares_svg(TABLET), "cause-1") == 3


def test_the_interval_is_spoken() -> None:
    assert note_of(TABLET[0]) == "it could be 1 to 7; suspected (?)"
    assert note_of(TABLET[1]) == "it could be 5 to 11"
    words = parsed(shares_svg(TABLET))[1].text or ""
    assert "Water tablet: about 4, it could be 1 to 7" in words


def test_causes_differ_by_shape_and_not_by_hue_alone() -> None:
    rows = [cause(name, 2, 1, 3) for name in "VWXYZ"] + [left(2, 1, 3)]
    svg = shares_svg(rows)
    assert set(letters(svg)) == {"A", "B", "C", "D", "E", "?"}
    assert len({str(points) for points in SHAPES.values()}) == len(SHAPES)


def test_hues_have_a_class_for_pages_and_a_fill_for_paper() -> None:
    svg = shares_svg(TABLET)
    for hue in ("cause-1", "unexplained"):
        assert f'class="{hue}" fill="{HUES[hue]}"' in svg
    assert "style=" not in svg


def test_every_hue_has_a_colour_in_the_style_of_pages() -> None:
    from nightcramp.app.templating import STATIC

    style = (STATIC / "nightcramp.css").read_text(encoding="utf-8")
    assert all(re.search(rf"\.shares [^{{]*\.{hue}\b", style) for hue in HUES)


def test_a_name_cannot_break_out_of_the_picture() -> None:
    svg = shares_svg([cause("<script>alert(1)</script>", 6, 0, 9), left(6, 2, 9)])
    assert "<script" not in svg


@pytest.mark.parametrize("path", [*EXAMPLES, *STORIES], ids=lambda path: path.stem)
def test_the_dots_of_every_person_are_twelve(path: Path) -> None:
    found = assessed(path)
    rows = share_rows(found, knowledge().model)
    assert sum(row.count for row in rows) == TWELVE
    assert rows[-1].belongs == "unexplained"
    picture = share_picture(found, knowledge().model)
    assert sum(letters(picture.svg).values()) == TWELVE
    assert len(picture.table) == len(rows)
    assert all(len(row) == len(picture.head) for row in picture.table)
