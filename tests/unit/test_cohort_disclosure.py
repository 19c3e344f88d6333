"""What may be printed of counts: no hidden one can be worked out from what is shown.

The reader here is independent of the code: it solves the equations of the printed table, or
tries every value. The same reader finds the hidden count where only small cells are hidden.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from nightcramp.cohort.tables.disclosure import (
    WITHHELD,
    Shown,
    TwoWay,
    amounts_hidden,
    any_of,
    both,
    checked,
    each_of,
    of_total,
    parts_of,
    steps_shown,
    sum_and_parts,
    two_way,
    within,
)
from nightcramp.errors import InputError

Equation = Mapping[str, int]
COUNTS = st.one_of(st.integers(0, 9), st.integers(0, 60))
SMALLEST = st.integers(3, 8)


def bounds(shown: Shown, smallest: int) -> tuple[float, float | None]:
    """What a reader knows of one count."""
    if shown.count is not None:
        return shown.count, shown.count
    if shown.below is not None:
        return 1, shown.below - 1
    return (smallest, None) if shown.above is None else (shown.above + 1, None)


def told(printed: Mapping[str, Shown], equations: Iterable[Equation], smallest: int) -> set[str]:
    """Return the hidden counts that a reader can work out: they can have one value only."""
    names = sorted({name for one in equations for name in one} | set(printed))
    matrix = np.array([[one.get(name, 0) for name in names] for one in equations], dtype=float)
    limits = [bounds(printed[name], smallest) if name in printed else (0, None) for name in names]
    found = set()
    for name in names:
        if name in printed and not printed[name].hidden:
            continue
        aim = np.array([float(other == name) for other in names])
        least = linprog(aim, A_eq=matrix, b_eq=np.zeros(len(matrix)), bounds=limits)
        most = linprog(-aim, A_eq=matrix, b_eq=np.zeros(len(matrix)), bounds=limits)
        assert least.status in (0, 3), least.message
        assert most.status in (0, 3), most.message
        if most.status == 0 and -most.fun - least.fun < 0.5:
            found.add(name)
    return found


def told_by_table(table: TwoWay[str], smallest: int) -> set[str]:
    """Return what a reader works out of a table with margins."""
    printed = {f"cell {row} {column}": one for (row, column), one in table.cells.items()}
    printed |= {f"row {name}": one for name, one in table.rows.items()}
    printed |= {f"column {name}": one for name, one in table.columns.items()}
    printed["total"] = Shown(count=table.total)
    equations: list[Equation] = []
    for row in table.rows:
        cells = {f"cell {row} {column}": 1 for r, column in table.cells if r == row}
        equations.append({**cells, f"row {row}": -1})
    for column in table.columns:
        cells = {f"cell {row} {column}": 1 for row, c in table.cells if c == column}
        equations.append({**cells, f"column {column}": -1})
    equations.append({**{f"row {name}": 1 for name in table.rows}, "total": -1})
    return told(printed, equations, smallest)


@st.composite
def tables(draw: st.DrawFn) -> dict[tuple[str, str], int]:
    """Tables of people, mostly with small cells."""
    rows = [f"r{place}" for place in range(draw(st.integers(1, 5)))]
    columns = [f"c{place}" for place in range(draw(st.integers(1, 4)))]
    return {(row, column): draw(COUNTS) for row in rows for column in columns}


@settings(max_examples=150, deadline=None)
@given(tables(), SMALLEST)
def test_no_hidden_cell_of_a_table_can_be_worked_out(
    counts: dict[tuple[str, str], int], smallest: int
) -> None:
    table = two_way(counts, smallest)
    if table is None:
        return
    shown = [*table.cells.values(), *table.rows.values(), *table.columns.values()]
    assert not [one for one in shown if one.count is not None and 0 < one.count < smallest]
    assert all(one.count in (None, counts[name]) for name, one in table.cells.items())
    assert told_by_table(table, smallest) == set()


def small_cells_only(counts: dict[tuple[str, str], int], smallest: int) -> TwoWay[str]:
    """Hide small cells and nothing beside them: what the check must find wanting."""
    whole = two_way(counts, 0)
    assert whole is not None

    def hide(one: Shown) -> Shown:
        return Shown(below=smallest) if 0 < (one.count or 0) < smallest else one

    cells = {name: hide(one) for name, one in whole.cells.items()}
    return replace(whole, cells=cells)


TELLING = {
    ("women", "today"): 3,
    ("women", "later"): 40,
    ("men", "today"): 20,
    ("men", "later"): 50,
}


def test_hiding_small_cells_alone_is_found_out() -> None:
    """The same reader works out the 3 women, unless other cells are withheld with them."""
    assert told_by_table(small_cells_only(TELLING, 5), 5) == {"cell women today"}
    table = two_way(TELLING, 5)
    assert table is not None
    assert table.cells["women", "today"] == Shown(below=5)
    assert told_by_table(table, 5) == set()


def test_margins_of_a_table_stay_where_cells_suffice() -> None:
    table = two_way(TELLING, 5)
    assert table is not None
    assert table.rows == {"women": Shown(count=43), "men": Shown(count=70)}
    assert table.columns == {"today": Shown(count=23), "later": Shown(count=90)}
    assert list(table.cells.values()).count(WITHHELD) == 3


def test_a_table_without_small_cells_is_whole_and_zero_is_shown() -> None:
    counts = {("a", "x"): 5, ("a", "y"): 0, ("b", "x"): 17, ("b", "y"): 9}
    table = two_way(counts, 5)
    assert table is not None
    assert {name: one.count for name, one in table.cells.items()} == counts


def test_a_table_of_small_cells_alone_is_left_out() -> None:
    """Five rows of one person each sum to five: each can only be one."""
    assert two_way({(f"r{place}", "x"): 1 for place in range(5)}, 5) is None


@settings(max_examples=150, deadline=None)
@given(st.lists(COUNTS, min_size=1, max_size=6), SMALLEST)
def test_parts_of_a_total_cannot_be_worked_out(counts: list[int], smallest: int) -> None:
    named = {f"p{place}": count for place, count in enumerate(counts)}
    parts = parts_of(named, smallest)
    if parts is not None:
        total = Shown(count=sum(counts))
        equation = {**dict.fromkeys(named, 1), "total": -1}
        assert told({**parts, "total": total}, [equation], smallest) == set()
    loose = sum_and_parts(named, smallest)
    if loose is not None:
        printed = {**loose[1], "total": loose[0]}
        assert told(printed, [{**dict.fromkeys(named, 1), "total": -1}], smallest) == set()


def test_one_small_part_takes_the_next_smallest_with_it() -> None:
    found = parts_of({"a": 3, "b": 90, "c": 20, "d": 0}, 5)
    assert found == {
        "a": Shown(below=5),
        "b": Shown(count=90),
        "c": WITHHELD,
        "d": Shown(count=0),
    }


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=6), SMALLEST)
def test_steps_of_an_attrition_cannot_be_worked_out(drops: list[int], smallest: int) -> None:
    left = list(itertools.accumulate(drops[::-1]))[::-1]
    found = steps_shown(left, smallest)
    if found is None:
        return
    people, out = found
    printed = {f"left {place}": one for place, one in enumerate(people)}
    printed |= {f"out {place}": one for place, one in enumerate(out) if place}
    equations = [
        {f"left {place}": 1, f"out {place + 1}": -1, f"left {place + 1}": -1}
        for place in range(len(left) - 1)
    ]
    if equations:
        assert told(printed, equations, smallest) == set()
    if left[-1] >= smallest:
        assert people[-1].count == left[-1]


# --- by trying every value ---


def fits(shown: Shown, count: int, smallest: int) -> bool:
    """Whether a count could stand behind what is shown."""
    least, most = bounds(shown, smallest)
    return least <= count and (most is None or count <= most)


@pytest.mark.parametrize("smallest", [3, 5])
def test_few_and_nearly_all_stand_for_several_counts(smallest: int) -> None:
    """A reader who knows the rule itself still cannot tell a hidden count."""
    for total in range(smallest, 40):
        every = [of_total(count, total, smallest) for count in range(total + 1)]
        for count, shown in enumerate(every):
            if shown.hidden:
                assert every.count(shown) > 1, (count, total)
            for small in (count, total - count):
                assert shown.hidden or not 0 < small < smallest


@pytest.mark.parametrize("smallest", [3, 5])
def test_some_of_some_cannot_be_worked_out(smallest: int) -> None:
    for total in range(smallest, 26):
        for some in range(total + 1):
            for inner in range(some + 1):
                _no_small_part(total, some, inner, smallest)


def _no_small_part(total: int, some: int, inner: int, smallest: int) -> None:
    shown, shown_inner = within(some, inner, total, smallest)
    worlds = [
        (s, i)
        for s in range(total + 1)
        if fits(shown, s, smallest)
        for i in range(s + 1)
        if fits(shown_inner, i, smallest)
    ]
    if (some, inner) not in worlds:
        assert (shown, shown_inner) == (WITHHELD, WITHHELD)
        return
    derived: list[Callable[[int, int], int]] = [
        lambda s, i: s,
        lambda s, i: i,
        lambda s, i: s - i,
        lambda s, i: total - s,
    ]
    for of in derived:
        if 0 < of(some, inner) < smallest:
            assert len({of(*world) for world in worlds}) > 1, (total, some, inner)


def test_people_with_two_things_are_shown_only_where_no_part_is_small() -> None:
    """The numbers with each thing stand beside it, so all four parts of the people are told."""
    assert both(40, 30, 20, 100, 5) == Shown(count=20)
    assert both(40, 30, 0, 100, 5) == Shown(count=0)
    for together, second, total in ((4, 30, 100), (36, 50, 100), (26, 30, 100), (20, 30, 53)):
        assert both(40, second, together, total, 5) == WITHHELD
        assert both(40, second, together, total, 0) == Shown(count=together)


def test_two_signs_do_not_tell_who_has_both() -> None:
    """60 and 43 of 100 who have one of two signs would tell that 3 have both."""
    assert any_of([60, 43], 100, 300, 5) == WITHHELD
    assert any_of([60, 50], 100, 300, 5) == Shown(count=100)
    assert any_of([60, 43, 20], 100, 300, 5) == Shown(count=100)
    assert each_of({"a": 60, "b": 43}, 100, 5, whole=True) == {"a": WITHHELD, "b": WITHHELD}
    assert each_of({"a": 60, "b": 43}, 100, 5, whole=False)["a"] == Shown(count=60)


AMOUNTS = st.dictionaries(
    st.sampled_from("abcd"),
    st.dictionaries(st.sampled_from("uvwxyz"), st.integers(0, 40), min_size=1),
    min_size=1,
)


@settings(max_examples=150, deadline=None)
@given(AMOUNTS, st.sets(st.sampled_from("uvwxyz")), st.integers(0, 90))
def test_no_mean_share_can_be_worked_out(
    groups: dict[str, dict[str, int]], few: set[str], rest: int
) -> None:
    groups = {g: {f"{g}{name}": a for name, a in members.items()} for g, members in groups.items()}
    small = {name for members in groups.values() for name in members if name[1] in few}
    found = amounts_hidden(groups, small, {"rest": rest})
    amounts = {name: a for members in groups.values() for name, a in members.items()}
    printed = {name: Shown(count=a) for name, a in amounts.items() if name not in found.members}
    printed |= {
        f"group {name}": Shown(count=sum(members.values()))
        for name, members in groups.items()
        if name not in found.groups
    }
    printed["whole"] = Shown(count=sum(amounts.values()))
    equations: list[Equation] = [
        {**dict.fromkeys(members, 1), f"group {name}": -1} for name, members in groups.items()
    ]
    equations.append({**{f"group {name}": 1 for name in groups}, "whole": -1})
    telling = {name for name in small if amounts[name]}
    if len(telling) == len([a for a in amounts.values() if a]) == 1:
        return  # one amount alone is the whole, and the rest tells the whole
    assert not telling & told(printed, equations, 0)
    assert telling <= found.members


# --- the choice ---


def test_a_smallest_cell_of_two_is_refused_and_nought_shows_all() -> None:
    with pytest.raises(InputError, match="smallest cell of 2"):
        checked(2)
    assert checked(0) == 0
    assert parts_of({"a": 1, "b": 90}, 0) == {"a": Shown(count=1), "b": Shown(count=90)}
    assert of_total(1, 2, 1) == Shown(count=1)
    assert within(3, 1, 50, 0) == (Shown(count=3), Shown(count=1))
