"""What a trial can show before it starts, and when it is better left undone."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import replace

import numpy as np
import pytest
from msgspec.structs import replace as changed

from nightcramp.diary.replicas import counts_around
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.night import Night
from nightcramp.trial.baseline import Baseline, baseline_of, published
from nightcramp.trial.planner import Draft, Plan, Wish, chances_of, designs, plan
from nightcramp.trial.schedule import Space

MODEL = knowledge().diary_model
CHOICES = changed(knowledge().trial_model, simulated=160)
FIRST = dt.date(2026, 6, 1)
LITTLE = Wish(
    expected=0.72, smallest_effect=0.75, shortest_block=4, washout=0, run_in=0, longest=84
)
MUCH = changed(LITTLE, expected=0.35)


def diary(rate: float, nights: int, every: int = 1) -> list[Night]:
    """Return so many nights with about this many cramps, every so many of them logged."""
    counts = np.random.default_rng(2).poisson(rate, nights)
    evenings = [FIRST + dt.timedelta(days=day) for day in range(nights)]
    logged = zip(evenings[::every], counts[::every], strict=True)
    return [Night(evening=evening, cramps=int(count)) for evening, count in logged]


def often() -> Baseline:
    """Return the baseline of somebody with two cramps a night, hardly changing."""
    baseline = published(CHOICES)
    steady = replace(baseline.hyper, sigma=baseline.hyper.sigma * 0.2)
    return replace(baseline, level=np.full(CHOICES.simulated, np.log(2.0)), hyper=steady)


@functools.cache
def planned(wish: Wish, frequent: bool) -> Plan:
    """Return the plan for a wish, of somebody with frequent cramps or as published."""
    return plan(wish, often() if frequent else published(CHOICES), MODEL, CHOICES)


def test_a_small_effect_with_usual_cramps_is_advised_against() -> None:
    """An effect the size of quinine's cannot be seen in twelve weeks, and the plan says so."""
    found = planned(LITTLE, False)
    assert found.advice == "against"
    assert found.best is not None
    assert found.best.answer < 0.4
    assert "better left undone" in found.why
    assert found.nights_needed is None or found.nights_needed > LITTLE.longest


def test_a_large_effect_with_frequent_cramps_is_worth_a_trial() -> None:
    """The design proposed keeps within the longest duration and says how often it would tell."""
    found = planned(MUCH, True)
    assert found.advice == "do"
    assert found.best is not None
    assert found.best.answer >= 0.8
    assert found.best.nights <= MUCH.longest
    assert "65 of 100" in found.why


def test_the_shortest_design_that_is_good_enough_is_proposed() -> None:
    """A longer one with a better chance is shown, not proposed."""
    found = planned(MUCH, True)
    assert found.best is not None
    good = [draft.nights for draft in found.drafts if draft.answer >= CHOICES.good_answer]
    assert found.best.nights == min(good)


@pytest.mark.parametrize("frequent", [False, True])
def test_every_verdict_has_a_chance_and_they_add_up(frequent: bool) -> None:
    """For no effect, the smallest that matters and the expected one; false verdicts are rare."""
    for draft in planned(LITTLE, frequent).drafts:
        assert [chances.ratio for chances in draft.chances] == [1.0, 0.75, 0.72]
        for c in draft.chances:
            total = c.works + c.harms + c.does_not_matter + c.cannot_tell
            assert total == pytest.approx(1.0, abs=0.003)
        assert draft.chances[0].works + draft.chances[0].harms < 0.1


def test_larger_effects_and_longer_trials_are_seen_more_often() -> None:
    """As anybody would expect."""
    short = Draft(blocks=10, block_nights=4, washout=0, run_in=0)
    long = Draft(blocks=28, block_nights=4, washout=0, run_in=0)
    works = [
        chances_of(draft, ratio, LITTLE, often(), MODEL, CHOICES).works
        for draft, ratio in ((short, 0.7), (long, 0.7), (long, 0.4))
    ]
    assert works == sorted(works)
    assert works[0] < works[2] - 0.3


def test_harm_is_seen_as_harm() -> None:
    """Twice the cramps under the first arm is a verdict too."""
    draft = Draft(blocks=20, block_nights=4, washout=0, run_in=0)
    found = chances_of(draft, 2.5, LITTLE, often(), MODEL, CHOICES)
    assert found.harms > 0.5
    assert found.works < 0.02


def test_that_it_does_not_matter_takes_many_cramps_to_show() -> None:
    """Eight cramps a night for six months can show it, two a night in twelve weeks cannot."""
    baseline = often()
    steady = replace(baseline.hyper, kappa=baseline.hyper.kappa * 0.1)
    many = replace(baseline, level=np.full(CHOICES.simulated, np.log(8.0)), hyper=steady)
    half_a_year = Draft(blocks=26, block_nights=7, washout=0, run_in=0)
    assert chances_of(half_a_year, 1.0, LITTLE, many, MODEL, CHOICES).does_not_matter > 0.5
    quarter = Draft(blocks=20, block_nights=4, washout=0, run_in=0)
    assert chances_of(quarter, 1.0, LITTLE, often(), MODEL, CHOICES).does_not_matter < 0.1


def test_three_pairs_of_fortnights_can_tell_nothing() -> None:
    """Twenty orders are too few for any to stand out; shorter blocks in the same nights can."""
    fortnights = changed(LITTLE, shortest_block=14)
    assert list(designs(fortnights, CHOICES)) == []
    found = plan(fortnights, published(CHOICES), MODEL, CHOICES)
    assert (found.advice, found.best) == ("against", None)
    assert "too few blocks" in found.why


@pytest.mark.parametrize(
    "wish", [LITTLE, changed(LITTLE, run_in=7, washout=2, shortest_block=5, longest=100)]
)
def test_designs_keep_to_the_wish(wish: Wish) -> None:
    """Within the longest duration, blocks long enough, both arms alike, a verdict possible."""
    found = list(designs(wish, CHOICES))
    assert found
    for draft in found:
        assert draft.nights <= wish.longest
        assert draft.block_nights >= wish.shortest_block > draft.washout
        assert draft.blocks % 2 == 0
        assert draft.run_in == wish.run_in
        assert 2 / Space(2, draft.blocks, CHOICES.longest_run).size <= CHOICES.error


def test_nights_of_the_persons_own_are_used_when_there_are_enough() -> None:
    """From 28 logged nights on the diary speaks; the level is that of its last weeks."""
    own = baseline_of(diary(3.0, 60), "cramps", MODEL, CHOICES)
    assert (own.own, own.status) == (60, "own")
    assert own.rate() == pytest.approx(3.0, rel=0.25)
    assert "60 logged nights" in own.says


def test_too_few_nights_fall_back_on_what_was_published() -> None:
    """27 nights, or none with a cramp: the baseline of the content files, with its source."""
    for nights in (diary(3.0, 27), diary(0.0, 60), []):
        found = baseline_of(nights, "cramps", MODEL, CHOICES)
        assert found.own == 0
        assert found.source == ("QuinCochrane2015",)
        assert found.rate() == pytest.approx(CHOICES.baseline.rate, rel=1e-6)


def test_a_diary_with_gaps_plans_with_gaps() -> None:
    """Who logs every second night will do so in a trial too."""
    own = baseline_of(diary(3.0, 80, every=2), "cramps", MODEL, CHOICES)
    assert own.logged == pytest.approx(0.5, abs=0.02)


def test_the_outcome_decides_which_counts_are_used() -> None:
    """Nights with cramp are at most one a night, however many cramps there were."""
    own = baseline_of(diary(3.0, 60), "nights_with_cramp", MODEL, CHOICES)
    assert own.rate() < 1.2


def test_the_same_wish_gives_the_same_plan() -> None:
    """Every number is the same on every run and machine."""
    again = plan(LITTLE, published(CHOICES), MODEL, CHOICES)
    assert again == planned(LITTLE, False)


def test_the_published_baseline_spreads_as_its_note_says() -> None:
    """The count of a fortnight varies about twice as much as chance alone would make it."""
    draft = Draft(blocks=2, block_nights=7, washout=0, run_in=0)
    baseline = published(changed(CHOICES, simulated=4000))
    level = np.broadcast_to(baseline.level, (draft.nights, 4000))
    totals = counts_around(level, baseline.hyper, np.random.default_rng(1)).sum(axis=0)
    assert totals.mean() == pytest.approx(8.8, rel=0.05)
    assert 1.5 < totals.var() / totals.mean() < 3.0
