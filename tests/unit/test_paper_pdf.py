"""The sheet of paper: what stands on it, for eyes, for screen readers, and for a pencil."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import math
import sys
from collections import Counter
from typing import Any

import pypdf
import pytest

from nightcramp.diary.sheet import COLUMNS, FREE_CODES, Sheet, night_name, sheet_of
from nightcramp.errors import InputError, NightcrampError
from nightcramp.knowledge.loader import knowledge
from nightcramp.report import pdf
from nightcramp.report.paper import PAPERS, WARNINGS, paper_pdf
from nightcramp.report.words import LEVEL_TITLES

FIRST = dt.date(2026, 11, 24)
NOW = dt.datetime(2026, 11, 26, 9, tzinfo=dt.UTC)
OWN = ("tight shoes", "chocolate", "compression stockings")
WIDEST = ("W" * 24, "magnesium tablets taken", "strudel & <b>*_$#")
POINTS_PER_MM = 72 / 25.4
LEAST_BOX = 9 * POINTS_PER_MM
LEAST_TYPE = 14
FOR_THE_TYPIST = ("2 p7", "nightcramp type", "--from", "--own")

Placed = tuple[str, float, float, float]


def printed(sheet: Sheet, size: str = "a4") -> pypdf.PdfReader:
    """Return the sheet as somebody would open it."""
    return pypdf.PdfReader(io.BytesIO(paper_pdf(sheet, size, knowledge(), now=NOW)))


def words(reader: pypdf.PdfReader, page: int | None = None) -> str:
    """Return the text of a page, or of all, on one line."""
    pages = reader.pages if page is None else [reader.pages[page]]
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def placed(page: pypdf.PageObject) -> list[Placed]:
    """Return (text, x, y, size) of everything printed on a page, in points."""
    found: list[Placed] = []

    def visit(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        if text.strip():
            x, y = tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
            found.append((text.strip(), x, y, round(size * math.hypot(tm[0], tm[1]), 2)))

    page.extract_text(visitor_text=visit)
    return found


def tags(reader: pypdf.PdfReader) -> Counter[str]:
    """Count the tags that a screen reader meets."""
    counted: Counter[str] = Counter()

    def walk(node: Any) -> None:
        node = node.get_object()
        for child in node if isinstance(node, list) else [node.get("/K", [])]:
            if hasattr(child.get_object(), "get_object") and not isinstance(child, int):
                walk(child)
        if isinstance(node, dict) and "/S" in node:
            counted[str(node["/S"])] += 1

    walk(reader.trailer["/Root"]["/StructTreeRoot"]["/K"])
    return counted


@pytest.mark.parametrize("own", [(), OWN, WIDEST], ids=["plain", "three own", "widest own"])
@pytest.mark.parametrize("size", sorted(PAPERS))
def test_a_sheet_is_one_page_to_write_on_and_one_that_says_how(
    size: str, own: tuple[str, ...]
) -> None:
    """Two landscape pages on either paper, with nothing printed beyond their edges."""
    reader = printed(sheet_of(FIRST, own=own), size)
    assert len(reader.pages) == 2
    for page in reader.pages:
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        assert width > height
        outside = [
            text
            for text, x, y, _ in placed(page)
            if not (5 * POINTS_PER_MM < x < width - 5 * POINTS_PER_MM and 5 < y < height - 5)
        ]
        assert outside == []


@pytest.mark.parametrize("size", sorted(PAPERS))
def test_boxes_are_high_enough_to_write_in(size: str) -> None:
    """From one row's name to the next are 9 mm at least."""
    sheet = sheet_of(FIRST, own=OWN)
    names = {night_name(evening) for evening in sheet.evenings}
    page = printed(sheet, size).pages[0]
    days = {name.split(" → ")[0] for name in names}
    rows = sorted({round(y) for text, _, y, _ in placed(page) if text.split(" →")[0] in days})
    assert len(rows) == sheet.nights
    assert min(above - below for below, above in itertools.pairwise(rows)) >= LEAST_BOX - 1


@pytest.mark.parametrize("size", sorted(PAPERS))
def test_type_is_large(size: str) -> None:
    """Nothing is smaller than 14 points but the letters and lines for whoever types it in."""
    sheet = sheet_of(FIRST, own=OWN)
    codes = {" ".join(part.code for part in column.parts) for column in sheet.columns}
    for page in printed(sheet, size).pages:
        small = [text for text, _, _, points in placed(page) if points < LEAST_TYPE]
        other = [t for t in small if t not in codes and not t.startswith(FOR_THE_TYPIST)]
        assert other == []
        assert len(placed(page)) > 30


def test_every_night_is_named_with_both_its_days() -> None:
    """A night has its evening and its morning, and the month where it changes."""
    text = words(printed(sheet_of(FIRST)), 0)
    assert "Tue 24 → Wed 25 Nov" in text
    assert "Mon 30 Nov → Tue 1 Dec" in text
    assert "Mon 7 → Tue 8 Dec" in text
    assert "24 Nov to 8 Dec 2026" in text
    assert night_name(dt.date(2026, 12, 31)) == "Thu 31 Dec → Fri 1 Jan"


def test_every_column_says_what_it_is_and_its_letter() -> None:
    """The labels of the measures and of what the person named stand on both pages."""
    reader = printed(sheet_of(FIRST, own=OWN))
    for page in (0, 1):
        text = words(reader, page).replace("\N{NO-BREAK SPACE}", " ")
        for column in sheet_of(FIRST, own=OWN).columns:
            label = column.parts[0].label(knowledge())
            assert label in text
            assert f" {' '.join(part.code for part in column.parts)} " in text


def test_letters_of_a_sheet_are_told_apart() -> None:
    """No letter stands for two things, none is a command, and own letters need no order."""
    for own in ((), OWN, WIDEST, ("quinoa", "quark", "quiz")):
        codes = [
            code
            for column in sheet_of(FIRST, own=own).columns
            for part in column.parts
            for code in part.codes
        ]
        assert len(codes) == len(set(codes))
        assert not {"b", "q"} & set(codes)
    fixed = {code for column in COLUMNS for part in column.parts for code in part.codes}
    assert not set(FREE_CODES) & set("".join(fixed))
    forwards, backwards = sheet_of(FIRST, own=OWN), sheet_of(FIRST, own=OWN[::-1])
    letters = [
        {part.measure: part.code for column in sheet.columns for part in column.parts}
        for sheet in (forwards, backwards)
    ]
    assert letters[0] == letters[1]


def test_red_flags_stand_on_the_sheet_at_their_own_level() -> None:
    """Each warning is under the heading of the level that its red flags have."""
    text = words(printed(sheet_of(FIRST)), 1)
    for warning in WARNINGS:
        assert warning.text in text
        assert LEVEL_TITLES[warning.level] in text
        for flag in warning.flags:
            assert knowledge().red_flags[flag].level == warning.level
    assert text.index(LEVEL_TITLES["emergency"]) < text.index(LEVEL_TITLES["same_day"])


def test_a_screen_reader_finds_language_title_tables_and_heads() -> None:
    """PDF/UA-1: language, title shown, a table with header cells for every column."""
    sheet = sheet_of(FIRST, own=OWN)
    reader = printed(sheet)
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Night cramps, 24 Nov to 8 Dec 2026"
    assert b"<pdfuaid:part>1<" in root["/Metadata"].get_data()
    counted = tags(reader)
    assert counted["/Table"] == 2
    assert counted["/TH"] >= len(sheet.columns) + 4
    assert counted["/TR"] >= sheet.nights + len(sheet.columns)


def test_names_are_printed_as_they_are_and_never_as_markup() -> None:
    """What looks like markup is only text."""
    assert "strudel & <b>*_$#" in words(printed(sheet_of(FIRST, own=WIDEST)), 1)


def test_the_same_sheet_gives_the_same_bytes() -> None:
    """Only the time of making and the content change the file."""
    sheet = sheet_of(FIRST, own=OWN)
    first = paper_pdf(sheet, "a4", knowledge(), now=NOW)
    assert paper_pdf(sheet, "a4", knowledge(), now=NOW) == first
    later = paper_pdf(sheet, "a4", knowledge(), now=NOW + dt.timedelta(days=1))
    assert later != first


@pytest.mark.parametrize("own", ["夜", "coffee 😀", "a\ud800b"])
def test_a_letter_that_no_font_has_is_named(own: str) -> None:
    """The person learns which letter cannot be printed, and gets no half sheet."""
    with pytest.raises(InputError, match="cannot be printed") as caught:
        paper_pdf(Sheet(first=FIRST, own=(own,)), "a4", knowledge(), now=NOW)
    assert "other letters" in caught.value.hint


def test_without_typst_the_person_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain install has no PDF; it says how to get it."""
    monkeypatch.setitem(sys.modules, "typst", None)
    pdf._fonts.cache_clear()
    with pytest.raises(NightcrampError, match="not installed here") as caught:
        paper_pdf(sheet_of(FIRST), "a4", knowledge(), now=NOW)
    assert "nightcramp[pdf]" in caught.value.hint


def test_a_template_that_fails_is_an_error_for_people() -> None:
    """A template asked for something it was not given names the template."""
    with pytest.raises(NightcrampError, match="the page cannot be set") as caught:
        pdf.compile_pdf("paper", {}, now=NOW)
    assert caught.value.where == "paper"
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("nights", "own"),
    [
        (0, ()),
        (15, ()),
        (14, ("a", "b", "c", "d")),
        (14, ("shoes", "Shoes")),
        (14, ("",)),
        (14, ("x" * 25,)),
        (14, ("a\nb\x00",)),
        (14, ("a=b",)),
    ],
)
def test_what_does_not_fit_on_a_sheet_is_refused(nights: int, own: tuple[str, ...]) -> None:
    """Too many nights, too many own things, or names that cannot head a column."""
    with pytest.raises(InputError):
        sheet_of(FIRST, nights, own)
