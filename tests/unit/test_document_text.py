"""A document in the terminal: tables in columns, whole, and never wider than the page."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from nightcramp.report.document import Bullets, Document, Para, Section, Table
from nightcramp.report.document_text import aligned, page_text
from nightcramp.report.words import WIDTH


def table(*rows: tuple[str, ...]) -> Table:
    return Table(caption="People", head=rows[0], rows=rows[1:], widths=(1.0,) * len(rows[0]))


def lines(of: Table, most: int | None = None) -> list[str]:
    return list(aligned(of, most))


def test_numbers_stand_to_the_right_under_their_heads() -> None:
    assert lines(table(("group", "people", "area"), ("men", "12", "0.7"), ("women", "4", "–"))) == [
        "  People",
        "  group  people  area",
        "  men        12   0.7",
        "  women       4     –",
    ]


def test_columns_without_room_stand_below_with_the_first_again() -> None:
    wide = "0.123 (0.101 to 0.145)"
    found = lines(
        table(("model", "area", "slope", "Brier", "more"), ("ours", wide, wide, wide, "7"))
    )
    assert found == [
        "  People",
        f"  model  {'area':>22}  {'slope':>22}",
        f"  ours   {wide}  {wide}",
        "",
        f"  model  {'Brier':>22}  more",
        f"  ours   {wide}     7",
    ]


def test_heads_go_on_two_lines_before_a_column_goes_below() -> None:
    heads = ("what", *("a head of thirty letters",) * 3)
    assert lines(table(heads, ("this", "1", "2", "3"))) == [
        "  People",
        "  what       a head of       a head of       a head of",
        "        thirty letters  thirty letters  thirty letters",
        "  this               1               2               3",
    ]


def test_rows_that_are_left_out_are_counted() -> None:
    found = lines(table(("n",), ("one",), ("two",), ("three",)), most=1)
    assert found[-2:] == ["  one", "  and 2 more in the report"]
    assert lines(table(("n",), ("one",)), most=1)[-1] == "  one"


WORD = st.text("abcdefgh", min_size=1, max_size=60)
CELL = st.lists(WORD, min_size=1, max_size=8).map(" ".join)


@given(st.integers(1, 7).flatmap(lambda n: st.lists(st.tuples(*[CELL] * n), min_size=2)))
def test_no_line_is_wider_than_the_page_and_nothing_is_lost(rows: list[tuple[str, ...]]) -> None:
    """Every letter of every cell is there, that of the first column once in every part."""
    found = lines(table(*rows))
    assert max(map(len, found)) <= WIDTH
    said = Counter("".join("".join(found[1:]).split()))
    cells = Counter("".join("".join(cell for row in rows for cell in row[1:]).split()))
    firsts = Counter("".join("".join(row[0] for row in rows).split()))
    parts = found[1:].count("") + 1
    assert said == cells + Counter({letter: parts * count for letter, count in firsts.items()})


def test_a_page_shows_the_sections_that_are_asked_for_and_no_line_too_long() -> None:
    long = "word " * 40
    document = Document(
        language="en",
        title=long,
        about=long,
        sections=(
            Section(
                id="a",
                title="First",
                blocks=(Para(text=long), Bullets(items=(long,)), table(("n",), ("one",))),
            ),
            Section(id="b", title="Second", blocks=(Para(text="not this"),)),
        ),
    )
    text = page_text(document, only={"a"})
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "First\n-----\n" in text
    assert "not this" not in text
    assert "not this" in page_text(document)
    assert "\n\n  People\n" in text
