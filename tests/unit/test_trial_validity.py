"""That chance alone cannot fool a trial: proved by listing every schedule, not by simulation.

The outcomes of a made-up person are held fixed, as they are where the arms make no difference.
Then every schedule that could have been drawn is taken in turn.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from nightcramp.diary.history import Array
from nightcramp.diary.latent import Hyper
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.night import Night
from nightcramp.trial import joint
from nightcramp.trial.analysis import NODES, weigh
from nightcramp.trial.betting import Slab, place_bets
from nightcramp.trial.effect import problem_of
from nightcramp.trial.joint import p_with_looks
from nightcramp.trial.nights import TrialNights, trial_nights
from nightcramp.trial.protocol import Arm, Protocol
from nightcramp.trial.schedule import Schedule, Space
from nightcramp.trial.score import Looks, looks_of, randomisation_test, statistics

MODEL = knowledge().diary_model
FIRST = dt.date(2026, 5, 4)
BLOCK_NIGHTS = 3
SLAB = Slab(0.0, MODEL.unpublished_sd)
CLOSE = 1e-6
SPACES = {"two arms": Space(2, 6, 3), "short runs": Space(2, 6, 2), "three arms": Space(3, 6, 1)}
COUNTS = {
    "alike": lambda t, random: random.poisson(1.0, t),
    "spells": lambda t, random: np.repeat([0, 4, 1], t // 3 + 1)[:t],
    "getting better": lambda t, random: random.poisson(np.linspace(4, 0.2, t)),
    "one very bad night": lambda t, random: np.where(np.arange(t) == 7, 30, 0),
    "alternating": lambda t, random: (np.arange(t) // BLOCK_NIGHTS % 2) * 3,
}


def told(counts: Sequence[float], space: Space, over: int | None = None) -> TrialNights:
    """Return nights with these counts, NaN for not logged, blocks from `over` on to come."""
    block = np.repeat(np.arange(space.blocks), BLOCK_NIGHTS).astype(float)
    ended = space.blocks if over is None else over
    outcome = np.where(block < ended, np.asarray(counts, dtype=float), np.nan)
    return TrialNights(FIRST, outcome, block, np.ones(len(block)), np.full(len(block), 1.0), ended)


def made(kind: str, space: Space, gaps: bool = False) -> TrialNights:
    """Return the nights of a made-up person, some not logged after a bad one."""
    nights = space.blocks * BLOCK_NIGHTS
    counts = COUNTS[kind](nights, np.random.default_rng(5)).astype(float)
    if gaps:
        counts[1:][counts[:-1] >= 2] = np.nan
    return told(counts, space)


def looked(nights: TrialNights, hyper: Hyper = NODES) -> Looks:
    """Return what the nights showed at the end of each block."""
    return looks_of(problem_of(nights, MODEL), hyper, nights.block, nights.blocks_over)


def stakes(nights: TrialNights, space: Space, schedule: Schedule, hyper: Hyper = NODES) -> Array:
    """Return the stake after every block, had this schedule been drawn."""
    return place_bets(looked(nights, hyper), SLAB, space, schedule, (0, 1)).stakes


@pytest.mark.parametrize("space", SPACES.values(), ids=list(SPACES))
@pytest.mark.parametrize("kind", COUNTS)
def test_a_bet_on_arms_that_make_no_difference_gains_nothing(kind: str, space: Space) -> None:
    """Over all schedules the stake is 1 on average after every block: a fair game throughout."""
    nights = made(kind, space, gaps=True)
    average = np.mean([stakes(nights, space, schedule) for schedule in space], axis=0)
    assert average == pytest.approx(np.ones(space.blocks), abs=CLOSE)


def test_the_game_is_fair_whatever_the_bettor_believes() -> None:
    """A bettor with a wrong model (no drift, wild spread) cannot gain either."""
    space = SPACES["short runs"]
    wrong = Hyper(np.array([0.01, 2.0]), np.array([0.0, 0.9]), np.array([0.01, 3.0]))
    nights = made("spells", space)
    average = np.mean([stakes(nights, space, s, wrong) for s in space], axis=0)
    assert average == pytest.approx(np.ones(space.blocks), abs=CLOSE)


def test_a_stake_reaches_its_limit_no_oftener_than_it_may() -> None:
    """Over all schedules, a stake ever at 1/a is as rare as a, for every a (Ville)."""
    space = SPACES["two arms"]
    highest = [stakes(made("alternating", space), space, s).max() for s in space]
    for limit in (1.5, 2.0, 3.0, 5.0, 10.0, 20.0):
        assert np.mean([most >= limit - CLOSE for most in highest]) <= 1 / limit + CLOSE


def test_a_bet_that_sees_the_outcome_first_is_noticed() -> None:
    """Choosing the arm to bet on after the night is no fair game, and the average says so."""
    space = SPACES["short runs"]
    nights = made("spells", space)
    peeking = [max(stakes(nights, space, s)[-1], 1 / stakes(nights, space, s)[-1]) for s in space]
    assert np.mean(peeking) > 1.05


@pytest.mark.parametrize("kind", COUNTS)
def test_nights_to_come_do_not_move_the_stakes_so_far(kind: str) -> None:
    """A look changes nothing of what earlier looks saw: so one may look every morning."""
    space = SPACES["two arms"]
    whole = made(kind, space)
    schedule = space.draw("any")
    final = stakes(whole, space, schedule)
    for over in range(2, space.blocks):
        early = stakes(told(whole.outcome.tolist(), space, over), space, schedule)
        assert early == pytest.approx(final[:over], abs=CLOSE)


def lived(counts: Sequence[float], space: Space) -> tuple[Protocol, list[Night]]:
    """Return a protocol and its nights as a person would log them."""
    arms = tuple(
        Arm(id=str(arm), label=f"arm {arm}", instruction="do it", kind="action")
        for arm in range(space.arms)
    )
    protocol = Protocol(
        id="t",
        title="t",
        question="q",
        arms=arms,
        first_evening=FIRST,
        run_in=0,
        block_nights=BLOCK_NIGHTS,
        blocks=space.blocks,
        washout=0,
        longest_run=space.longest_run,
        outcome="cramps",
        smallest_effect=0.75,
        error=0.05,
        seed="any",
        schedule=space.draw("any"),
    )
    evenings = [FIRST + dt.timedelta(days=day) for day in range(len(counts))]
    pairs = zip(evenings, counts, strict=True)
    return protocol, [Night(evening=e, cramps=int(c)) for e, c in pairs]


def test_every_morning_sees_the_stakes_of_the_mornings_before() -> None:
    """From diary to stakes: whatever the morning, the blocks that ended keep their stakes."""
    space = SPACES["two arms"]
    counts = np.random.default_rng(3).poisson(1.5, space.blocks * BLOCK_NIGHTS).tolist()
    protocol, nights = lived(counts, space)
    final = weigh(protocol, trial_nights(protocol, nights), MODEL).bets.stakes
    for day in range(3 * BLOCK_NIGHTS, len(counts), 2):
        until = FIRST + dt.timedelta(days=day)
        early = weigh(protocol, trial_nights(protocol, nights, until), MODEL).bets.stakes
        assert early == pytest.approx(final[: len(early)], abs=CLOSE)


def p_values(nights: TrialNights, space: Space) -> Array:
    """Return the p-value every schedule would have given on the same outcomes."""
    scores = looked(nights).final()
    return np.array([randomisation_test(scores, space, s, (0, 1), 1).p for s in space])


@pytest.mark.parametrize("space", SPACES.values(), ids=list(SPACES))
@pytest.mark.parametrize("kind", COUNTS)
def test_small_p_values_are_as_rare_as_they_say(kind: str, space: Space) -> None:
    """Over all schedules a p-value of at most a comes up in at most a of them, for every a."""
    p = p_values(made(kind, space, gaps=True), space)
    for limit in np.unique(p):
        assert np.mean(p <= limit + 1e-12) <= limit + 1e-12


@pytest.mark.parametrize("kind", COUNTS)
def test_looks_and_test_together_err_no_oftener_than_they_may(kind: str) -> None:
    """Over all schedules, a verdict on the way or at the end comes up in at most that part."""
    space = SPACES["two arms"]
    looks = looked(made(kind, space, gaps=True))
    for error in (0.1, 0.2, 0.3, 0.5):
        fooled = [
            place_bets(looks, SLAB, space, schedule, (0, 1)).most >= 1 / error
            or p_with_looks(looks, SLAB, space, schedule, 1 / error, 1) <= error
            for schedule in space
        ]
        assert np.mean(fooled) <= error + 1e-12


def test_looking_with_the_fixed_test_after_every_block_is_noticed() -> None:
    """The check above fails for the test at the end taken again and again on the way."""
    space, error = SPACES["two arms"], 0.2
    nights = made("alike", space)
    ends = [looked(told(nights.outcome.tolist(), space, over)).final() for over in range(3, 7)]
    fooled = [
        any(randomisation_test(end, space, schedule, (0, 1), 1).p <= error for end in ends)
        for schedule in space
    ]
    assert np.mean(fooled) > error


def test_drawn_schedules_stand_for_all() -> None:
    """Where there are too many to list, the share among draws is close to the share of all."""
    space = Space(2, 12, 3)
    looks = looked(made("spells", space))
    schedule = space.draw("x")
    listed = p_with_looks(looks, SLAB, space, schedule, 3.0, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joint, "MOST_FOLLOWED", 0)
        drawn = p_with_looks(looks, SLAB, space, schedule, 3.0, 1)
    assert drawn == pytest.approx(listed, abs=0.03)


def test_the_test_is_full_enumeration() -> None:
    """The p-value is what counting over all orders of the two arms gives, written out anew."""
    space = SPACES["two arms"]
    nights = made("getting better", space)
    scores = looked(nights).final()
    orders = [
        order
        for order in itertools.product((0, 1), repeat=space.blocks)
        if sum(order) == space.blocks // 2
        and not any(len(set(order[i : i + 4])) == 1 for i in range(space.blocks - 3))
    ]
    sizes = np.abs(statistics(scores, orders, (0, 1)))
    for place in (0, 3, 11):
        wanted = np.mean(sizes >= sizes[place] - 1e-9)
        found = randomisation_test(scores, space, orders[place], (0, 1), 1)
        assert found.exact
        assert found.p == pytest.approx(wanted)


def test_with_a_third_arm_its_blocks_stay_where_they_are() -> None:
    """Only the two compared arms change places."""
    space = SPACES["three arms"]
    nights = made("alike", space)
    scores = looked(nights).final()
    schedule = space.draw("x")
    third = [place for place, arm in enumerate(schedule) if arm == 2]
    alike = [s for s in space if [place for place, arm in enumerate(s) if arm == 2] == third]
    assert randomisation_test(scores, space, schedule, (0, 1), 1).schedules == len(alike)


def test_a_test_that_ignores_the_draw_is_noticed() -> None:
    """The check above fails for p-values that take nights as independent draws."""
    space = SPACES["two arms"]
    counts = made("one very bad night", space).outcome
    z = [np.where(np.repeat(s, BLOCK_NIGHTS) == 0, 1, -1) @ counts for s in space]
    deviation = np.abs(z) / np.sqrt(counts.sum())
    p = np.array([1.0 if d < 1.959964 else 0.05 for d in deviation])
    assert np.mean(p <= 0.05) > 0.05
