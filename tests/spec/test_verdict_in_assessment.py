"""A verdict of the person's own trial moves the factor, the action and the plan."""

from __future__ import annotations

import functools

import pytest

from locked_trials import locked, verdict
from nightcramp.assess.assessment import Assessment, Share, assess
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.facts import Facts
from nightcramp.person.finding import Finding, Ratio
from nightcramp.person.verdict import Verdict
from nightcramp.plan.plan import PlanItem
from nightcramp.report.explain import explanation_text
from nightcramp.report.terminal import assessment_text
from people import person

HALF = Ratio(ratio=0.5, low=0.35, high=0.7)
EVEN = Ratio(ratio=1.02, low=0.9, high=1.15)
WORSE = Ratio(ratio=1.8, low=1.3, high=2.5)
FOUND = Finding(
    id="caffeine_cups",
    label="cups of coffee",
    state="found",
    why="",
    recorded=100,
    contrast="with against without",
    probability=0.95,
    effect=Ratio(ratio=4.0, low=3.0, high=5.0),
    over_nights=Ratio(ratio=3.0, low=2.0, high=4.0),
    factors=("caffeine",),
    actions=("less_caffeine",),
)


def of(action: str, outcome: str, size: Ratio | None, **more: object) -> Verdict:
    """Return a verdict of a trial of an action."""
    protocol = locked(f"{action}-1", action=action, title=knowledge().actions[action].label)
    return verdict(protocol.protocol, outcome, effect=size, **more)


@functools.cache
def assessed(*verdicts: Verdict, diary: bool = False) -> Assessment:
    """Return the assessment of somebody with verdicts, and maybe a diary that found caffeine."""
    told = person("muscle_cramp", age=60)
    found = (FOUND,) if diary else ()
    return assess(Facts(told.knowledge, told.all, found, verdicts), questions=0)


def share(found: Assessment, factor: str) -> Share | None:
    """Return the share of a factor, None where it plays no part."""
    return next((item for item in found.shares if item.id == factor), None)


def item(found: Assessment, action: str) -> PlanItem:
    """Return the plan's item of an action."""
    return next(item for item in found.plan if item.id == action)


# --- the factor that an arm left out ---


def test_leaving_out_what_works_confirms_its_factor() -> None:
    """The person's own ratio stands for the share: half of the cramps went without caffeine."""
    found = share(assessed(of("less_caffeine", "works", HALF)), "caffeine")
    assert found is not None
    assert found.ladder == "confirmed"
    (effect,) = found.effects
    assert (effect.grade, effect.status, effect.credibility) == ("T", "own", 0.95)
    assert effect.ratio == pytest.approx(2.0)
    assert (effect.low, effect.high) == pytest.approx((1 / 0.7, 1 / 0.35))
    assert 0.3 < found.share < 0.5


def test_the_trial_counts_more_than_the_diary() -> None:
    """Where both speak, the ratio is that of the trial."""
    joined = share(assessed(of("less_caffeine", "works", HALF), diary=True), "caffeine")
    alone = share(assessed(diary=True), "caffeine")
    assert joined is not None
    assert alone is not None
    assert alone.ladder == "supported"
    assert alone.effects[0].ratio == 3.0
    assert joined.effects[0].ratio == pytest.approx(2.0)


@pytest.mark.parametrize(("outcome", "size"), [("does_not_matter", EVEN), ("harms", WORSE)])
def test_what_made_no_difference_refutes_the_factor(outcome: str, size: Ratio) -> None:
    """Also against a diary that had found it; next to nothing of the cramps is left to it."""
    found = share(assessed(of("less_caffeine", outcome, size), diary=True), "caffeine")
    assert found is not None
    assert found.ladder == "refuted"
    assert found.share < 0.06


def test_an_action_for_several_factors_says_nothing_of_one_of_them() -> None:
    """Nor does one that is not for a factor at all."""
    plain, tried = assessed(), assessed(of("gentle_exercise", "works", HALF))
    for factor in ("muscle_fatigue", "sedentary", "prolonged_standing"):
        assert share(plain, factor) == share(tried, factor)
    stretched = assessed(of("stretch_before_bed", "works", HALF))
    assert [s.id for s in stretched.shares] == [s.id for s in plain.shares]


def test_a_trial_that_measured_pain_says_nothing_of_how_many_cramps() -> None:
    """The action is confirmed all the same."""
    found = assessed(of("less_caffeine", "works", HALF, measured="pain"))
    tried = item(found, "less_caffeine")
    assert share(found, "caffeine") == share(assessed(), "caffeine")
    assert tried.ladder == "confirmed"
    assert "0.5 times the pain" in tried.trial


# --- the action and the plan ---


def test_what_works_is_first_in_the_plan_with_its_own_size() -> None:
    """It is advised before other things, and expects what the trial showed."""
    found = assessed(of("warm_bath_heat", "works", HALF))
    first = next(one for one in found.plan if one.kind != "care")
    assert first.id == "warm_bath_heat"
    assert first.ladder == "confirmed"
    assert first.trial.startswith("Your trial: it works for you. With it you have 0.5 times")
    expected = first.expected_reduction
    assert expected is not None
    assert (expected.percent, expected.low, expected.high) == (50.0, 30.0, 65.0)
    assert expected.basis == "your own trial"


def test_a_belief_that_worked_in_a_trial_is_advised() -> None:
    """What may be tried alone may be gone on with alone."""
    assert not item(assessed(), "soap_in_bed").advised
    assert item(assessed(of("soap_in_bed", "works", HALF)), "soap_in_bed").advised


def test_what_needs_a_prescriber_is_not_advised_by_its_trial() -> None:
    """The verdict is shown; whether to take it stays with the prescriber."""
    found = item(assessed(of("vitamin_k2", "works", HALF)), "vitamin_k2")
    assert not found.advised
    assert found.ladder == "confirmed"


@pytest.mark.parametrize(("outcome", "size"), [("does_not_matter", EVEN), ("harms", WORSE)])
def test_what_was_refuted_is_no_longer_advised(outcome: str, size: Ratio) -> None:
    """It expects nothing, comes after what is advised, and says why."""
    found = assessed(of("stretch_before_bed", outcome, size))
    tried = item(found, "stretch_before_bed")
    assert item(assessed(), "stretch_before_bed").advised
    assert not tried.advised
    assert tried.ladder == "refuted"
    assert tried.expected_reduction is None
    assert not any(one.advised for one in found.plan[found.plan.index(tried) :])


def test_harm_is_warned_of_and_cannot_be_tested_again_alone() -> None:
    """The warning stands with those of safety."""
    found = assessed(of("warm_bath_heat", "harms", WORSE))
    tried = item(found, "warm_bath_heat")
    assert tried.safety[0].rule == "own_trial"
    assert not tried.self_test
    page = " ".join(assessment_text(found, knowledge()).split())
    assert "it makes your cramps worse. With it you have 1.8 times the cramps" in page
    assert item(assessed(of("warm_bath_heat", "does_not_matter", EVEN)), "warm_bath_heat").self_test


@pytest.mark.parametrize(("outcome", "size"), [("cannot_tell", HALF), ("withheld", None)])
def test_what_cannot_tell_changes_nothing(outcome: str, size: Ratio | None) -> None:
    """The assessment is the same, to the last field."""
    assert assessed(of("less_caffeine", outcome, size)) == assessed()


def test_the_latest_verdict_that_tells_counts() -> None:
    """A later one that cannot tell takes nothing back."""
    works, even = of("less_caffeine", "works", HALF), of("less_caffeine", "does_not_matter", EVEN)
    unclear = of("less_caffeine", "cannot_tell", HALF)
    for verdicts, ladder in (((works, even), "refuted"), ((even, works, unclear), "confirmed")):
        found = share(assessed(*verdicts), "caffeine")
        assert found is not None
        assert found.ladder == ladder


def test_a_warning_sign_comes_before_any_verdict() -> None:
    """In an emergency no action is named, however well it worked."""
    told = person("muscle_cramp", "bladder_bowel_change", "saddle_numbness", age=60)
    verdicts = (of("stretch_before_bed", "works", HALF),)
    found = assess(Facts(told.knowledge, told.all, (), verdicts), questions=0)
    assert found.triage.level == "emergency"
    assert found.plan == []
    assert "works for you" not in assessment_text(found, knowledge())


def test_the_page_shows_verdicts_and_explains_them() -> None:
    """With the mark of the ladder, and the ledger says that it was the person's own trial."""
    found = assessed(of("less_caffeine", "works", HALF))
    page = assessment_text(found, knowledge())
    assert "What your own trials showed" in page
    assert "(!) " in page
    one = next(e for e in found.explanations if e.id == "caffeine")
    assert "your own trial: 2 times the cramps" in explanation_text(one, found, knowledge())
