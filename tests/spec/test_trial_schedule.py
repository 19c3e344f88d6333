"""Schedules of a trial: every balanced one, counted exactly, each as likely as any other."""

from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from nightcramp.trial.schedule import Schedule, Space
from nightcramp.trial.score import every_schedule, numbered

SMALL = [(2, 4, 1), (2, 4, 2), (2, 6, 3), (2, 8, 2), (2, 10, 3), (3, 6, 1), (3, 6, 2), (3, 9, 2)]
SPACES = [Space(*row) for row in SMALL]
CHI_SQUARE_LIMIT = {6: 20.5, 20: 43.8, 30: 58.3}
"""By size of the space: what chi-square exceeds once in a thousand, one degree less."""
SEEDS = 4000


def brute_force(space: Space) -> list[Schedule]:
    """Return the schedules of a space by trying every order there is."""
    each = space.blocks // space.arms
    orders = itertools.product(range(space.arms), repeat=space.blocks)
    return [
        order
        for order in orders
        if all(order.count(arm) == each for arm in range(space.arms))
        and max(len(list(run)) for _, run in itertools.groupby(order)) <= space.longest_run
    ]


def name(space: Space) -> str:
    """Return a space as the name of a test."""
    return f"{space.arms}-arms-{space.blocks}-blocks-run-{space.longest_run}"


def test_a_small_space_written_out() -> None:
    """Two arms, four blocks, at most two of a kind in a row: six schedules, in this order."""
    assert list(Space(2, 4, 2)) == [
        (0, 0, 1, 1),
        (0, 1, 0, 1),
        (0, 1, 1, 0),
        (1, 0, 0, 1),
        (1, 0, 1, 0),
        (1, 1, 0, 0),
    ]


@pytest.mark.parametrize("space", SPACES, ids=name)
def test_the_space_is_what_trying_every_order_gives(space: Space) -> None:
    """All distinct, all balanced, no run too long, none left out, counted exactly."""
    wanted = brute_force(space)
    assert list(space) == wanted
    assert space.size == len(wanted) == len(set(wanted))


@pytest.mark.parametrize("space", SPACES, ids=name)
def test_every_number_is_one_schedule(space: Space) -> None:
    """The schedule with number n is the nth in order; beyond the last there is none."""
    assert [space.at(index) for index in range(space.size)] == list(space)
    with pytest.raises(IndexError):
        space.at(space.size)


@pytest.mark.parametrize("space", SPACES, ids=name)
def test_chances_of_the_next_arm_are_counted(space: Space) -> None:
    """After any beginning an arm is as likely as the part of schedules that go on with it."""
    schedules = list(space)
    for begun in {schedule[:length] for schedule in schedules for length in range(space.blocks)}:
        going_on = [s[len(begun)] for s in schedules if s[: len(begun)] == begun]
        wanted = [Fraction(going_on.count(arm), len(going_on)) for arm in range(space.arms)]
        assert space.probabilities(begun) == wanted


@pytest.mark.parametrize("space", [Space(2, 4, 2), Space(2, 6, 3), Space(3, 6, 1)], ids=name)
def test_every_schedule_is_equally_likely(space: Space) -> None:
    """Chi-square of the schedules that 4,000 seeds stand for, against all alike."""
    drawn = Counter(space.draw(f"seed {number}") for number in range(SEEDS))
    assert set(drawn) <= set(space)
    assert misfit(drawn, space) < CHI_SQUARE_LIMIT[space.size]


def test_a_draw_that_favours_some_is_noticed() -> None:
    """Drawing each block on its own and mending the balance at the end fails the same check."""
    space = Space(2, 6, 3)
    drawn = Counter(mended(space, number) for number in range(SEEDS))
    assert misfit(drawn, space) > CHI_SQUARE_LIMIT[space.size]


def misfit(drawn: Counter[Schedule], space: Space) -> float:
    """Return the chi-square of counts against all schedules alike."""
    expected = SEEDS / space.size
    return sum((drawn[schedule] - expected) ** 2 / expected for schedule in space)


def mended(space: Space, number: int) -> Schedule:
    """Return a schedule by tossing a coin a block, as long as both arms have blocks left."""
    chosen: Schedule = ()
    for block in range(space.blocks):
        wanted = number >> block & 1
        arm = wanted if space.completions((*chosen, wanted)) else 1 - wanted
        chosen = (*chosen, arm)
    return chosen


FOR_EVER = {
    (2, 10, 3, "2026-11-26 margaret"): (1, 0, 0, 1, 1, 0, 1, 0, 0, 1),
    (2, 16, 3, "7f3a"): (0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1),
    (3, 12, 2, "dummy"): (0, 2, 1, 0, 2, 1, 1, 0, 2, 2, 1, 0),
}


@pytest.mark.parametrize("row", FOR_EVER)
def test_a_seed_stands_for_the_same_schedule_for_ever(row: tuple[int, int, int, str]) -> None:
    """A protocol locked today can be checked by any later version."""
    assert Space(*row[:3]).draw(row[3]) == FOR_EVER[row]


def test_large_spaces_are_counted_without_listing_them() -> None:
    """Forty blocks in two arms without limit on runs: as many as 20 places can be chosen of 40."""
    assert Space(2, 40, 20).size == 137846528820
    assert Space(2, 40, 3).draw("x").count(0) == 20


@pytest.mark.parametrize("row", [(1, 4, 2), (2, 5, 2), (2, 0, 2), (2, 4, 0)])
def test_a_space_that_cannot_be_is_refused(row: tuple[int, int, int]) -> None:
    """One arm, blocks that cannot be shared, no run at all."""
    with pytest.raises(ValueError, match=r"arms|long"):
        Space(*row)


@pytest.mark.parametrize("space", SPACES, ids=name)
def test_the_randomisation_test_lists_the_same_schedules(space: Space) -> None:
    """All at once in numbers: the same schedules in the same order."""
    assert [tuple(row) for row in every_schedule(space).tolist()] == list(space)


@pytest.mark.parametrize("row", [(2, 8, 2), (2, 20, 3), (2, 50, 3)])
def test_many_schedules_are_looked_up_at_once(row: tuple[int, int, int]) -> None:
    """The schedule with a number is the same whether looked up alone or with others."""
    space = Space(*row)
    numbers = np.random.default_rng(1).integers(0, space.size, 40)
    found = [tuple(schedule) for schedule in numbered(space, numbers).tolist()]
    assert found == [space.at(int(number)) for number in numbers]
