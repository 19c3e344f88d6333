"""Verdicts on made-up people: false ones are rare with a look every morning, real ones are seen.

The long run is `benchmarks/trials.py`. Rules that are deliberately broken must fail the same
check. That chance cannot fool the rule at all is proved by listing schedules in
tests/unit/test_trial_validity.py.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

import trial_rivals as rivals
import trials
from nightcramp.diary.latent import Hyper
from nightcramp.knowledge.loader import knowledge
from nightcramp.trial.baseline import Baseline, published
from nightcramp.trial.planner import Draft, Wish, chances_of, simulated
from trial_people import SCENARIOS, Scenario, person

COUNT = 40
HARD = ("ar1-0.8", "everything", "zero-heavy")
MOST_FALSE = 13
"""Of 120: what 5 % exceed in fewer than three of a thousand cases."""
MODEL = knowledge().diary_model
CHOICES = knowledge().trial_model


SHORT = trials.Design(16, 4)
"""Sixty-four nights, so that whole trials stay quick."""


@functools.cache
def judged(name: str, count: int, design: trials.Design) -> list[trials.Judged]:
    """Return what becomes of some made-up trials of a scenario."""
    scenario = SCENARIOS[name]
    return [trials.judge(scenario, n, beside=True, design=design) for n in range(count)]


def hard() -> Iterator[tuple[Scenario, int]]:
    """Yield the scenarios without effect that are hardest to be right in, with numbers."""
    for name in HARD:
        yield from ((SCENARIOS[name], number) for number in range(COUNT))


def test_false_verdicts_are_rare_with_a_look_every_morning() -> None:
    """Spells, everything at once, many nights without: works or harms in at most 5 %."""
    found = [item for name in HARD for item in judged(name, COUNT, SHORT)]
    assert sum(bool(item.ever & {"works", "harms"}) for item in found) <= MOST_FALSE


def test_looking_every_morning_with_the_test_for_the_end_fails_the_same_check() -> None:
    """Looks that are not paid for make false verdicts several times as frequent."""
    false = [trials.fixed_test_every_morning(scenario, n, SHORT) for scenario, n in hard()]
    assert sum(false) > MOST_FALSE


def test_nights_taken_as_independent_fail_the_same_check() -> None:
    """Least squares without drift takes a spell of cramps for the work of an arm."""
    assert sum(independent(scenario, number) for scenario, number in hard()) > MOST_FALSE


def independent(scenario: Scenario, number: int) -> bool:
    """Return whether least squares, looked at after every block, ever finds something."""
    protocol = trials.protocol_of(scenario, number, SHORT)
    on = trials.on_nights(protocol)
    counts = person(scenario, len(on), number).lived(on)
    return rivals.two_lines_with_peeking(counts, on, protocol.block_nights)


def test_before_and_after_fails_the_same_check() -> None:
    """What a person gets better by over time looks like the remedy."""
    found = [item for name in HARD for item in judged(name, COUNT, SHORT)]
    assert sum(item.rivals["before and after"] for item in found) > MOST_FALSE


@pytest.mark.parametrize("name", ["trend-acting", "everything-acting"])
def test_effects_are_seen_more_often_than_by_the_published_rule(name: str) -> None:
    """At equal nights, whichever length of pairs the published rule takes."""
    found = judged(name, 24, trials.DESIGN)
    works = sum("works" in item.ever for item in found)
    assert works > sum(item.rivals["lab rule, pairs of nights"] for item in found)
    assert works > sum(item.rivals["lab rule, pairs of our blocks"] for item in found)


@pytest.mark.parametrize("name", ["trend-acting", "everything-acting"])
def test_a_real_effect_is_never_said_not_to_matter(name: str) -> None:
    """Less than half the cramps is no trifle, and no verdict points the wrong way."""
    for item in judged(name, 24, trials.DESIGN):
        assert not item.ever & {"does_not_matter", "harms"}


def test_that_nothing_is_there_can_be_said_where_nights_tell_enough() -> None:
    """With many cramps a night a trial without effect often ends so."""
    said = [item.last for item in judged("many-a-night", 12, trials.DESIGN)]
    assert said.count("does_not_matter") >= 3


@pytest.mark.parametrize("name", ["trend-acting", "harms-acting"])
def test_looks_that_are_left_out_could_not_have_given_a_verdict(name: str) -> None:
    """Every look in full gives what the quicker run gives."""
    for number in range(4):
        quick, full = (
            trials.judge(SCENARIOS[name], number, beside=False, every_look=every, design=SHORT)
            for every in (False, True)
        )
        assert full.ever - {"cannot_tell"} == quick.ever - {"cannot_tell"}


F3 = {0.72: (0.19, 0.12, 0.08), 0.5: (0.55, 0.32, 0.18), 0.25: (0.93, 0.68, 0.41)}
"""Power of three pairs of fortnights, 8.8 cramps in two weeks, two-sided 5 %, worked out from a
normal approximation for a variance of 1, 2 and 4 times the mean: the quinine series' design."""


def fortnights(spread: float) -> Baseline:
    """Return nights that make fortnights of 8.8 cramps with this variance over mean."""
    count, rate = 600, 8.8 / 14
    kappa = max(spread - 1, 0.01) / rate
    hyper = Hyper(np.full(count, 0.03), np.full(count, 0.1), np.full(count, kappa))
    level = np.full(count, math.log(rate))
    return replace(published(CHOICES), level=level, hyper=hyper, logged=1.0)


@pytest.mark.parametrize("ratio", F3)
def test_the_planner_agrees_with_the_power_worked_out_for_the_quinine_series(ratio: float) -> None:
    """The same nights in blocks of one week: within a tenth, and never above by more than chance.

    Allowing for trend and weekdays costs a little; a quinine-sized effect is seen in about one
    trial in seven.
    """
    draft = Draft(blocks=12, block_nights=7, washout=0, run_in=0)
    for spread, wanted in zip((1, 2, 4), F3[ratio], strict=True):
        p, _, _ = simulated(draft, ratio, "cramps", fortnights(spread), MODEL, CHOICES)
        found = float(np.mean(p <= 0.05))
        assert wanted - 0.13 < found < wanted + 0.07


@pytest.mark.parametrize(("rate", "ratio"), [(2.0, 0.5), (2.0, 1.0)])
def test_the_planner_agrees_with_the_full_analysis(rate: float, ratio: float) -> None:
    """Its shortcut gives the chances that whole trials give, within Monte Carlo error."""
    given, count = CHOICES.baseline, 60
    scenario = replace(
        SCENARIOS["identical-nights"],
        rate=rate,
        kappa=given.kappa,
        sigma=given.sigma,
        rho=given.rho,
        ratio=ratio,
    )
    found = [trials.judge(scenario, n, beside=False, design=SHORT) for n in range(count)]
    wish = Wish(
        expected=ratio, smallest_effect=0.75, shortest_block=4, washout=0, run_in=0, longest=80
    )
    draft = Draft(blocks=SHORT.blocks, block_nights=SHORT.nights, washout=0, run_in=0)
    level = np.full(CHOICES.simulated, math.log(rate) - 0.5 * given.sigma**2)
    baseline = replace(published(CHOICES), level=level, logged=1.0)
    planned = chances_of(draft, ratio, wish, baseline, MODEL, CHOICES)
    for verdict in ("works", "harms", "does_not_matter"):
        chance = getattr(planned, verdict)
        seen = sum(verdict in item.ever for item in found) / count
        error = math.sqrt(max(chance * (1 - chance), 0.02) * (1 / count + 1 / CHOICES.simulated))
        assert abs(seen - chance) < 3 * error, verdict
