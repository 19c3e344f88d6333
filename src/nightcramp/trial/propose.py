"""What is worth testing first on one's own nights, and why."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist

from msgspec import Struct

from nightcramp.assess.assessment import Assessment, Share
from nightcramp.assess.known import Known
from nightcramp.errors import InputError
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Action, TrialTemplate
from nightcramp.language import gettext as _
from nightcramp.person.facts import Facts
from nightcramp.person.finding import Finding
from nightcramp.plan.plan import PlanItem
from nightcramp.trial.gate import STRICTER, Gate, Page, Safety, gate
from nightcramp.trial.protocol import Arm, Outcome

DIGITS = 4
Z = 1.959964
LEAST_RATIO = 0.01
TRIED_ANYWAY = frozenset({"supplement", "medicine", "belief"})
"""What people try by themselves: listed with the reason even where nobody should test it."""


class Expected(Struct, frozen=True, kw_only=True):
    """The rate ratio to be expected if it acts at all, and what that rests on.

    `low` and `high`: its 95 % interval, None where nobody has measured it.
    """

    ratio: float
    low: float | None
    high: float | None
    basis: str
    status: str
    source: tuple[str, ...] = ()


class Proposal(Struct, frozen=True, kw_only=True):
    """One thing that could be tested, and whether it should be.

    `chance`: that cramps fall by at least the smallest effect that matters. `score`: chance
    times expected fall times ease, what the list is sorted by within each kind of safety.
    `why`: the score in words. `action` is empty for something the person named, `words` then
    hold it.
    """

    action: str
    words: str
    title: str
    arms: tuple[Arm, ...]
    chance: float
    expected: Expected
    burden: str
    safety: Safety
    reason: str
    rules: tuple[str, ...]
    score: float
    why: str
    outcome: Outcome
    block_nights: int
    washout: int
    run_in: int
    smallest_effect: float
    factors: tuple[str, ...] = ()
    page: Page | None = None
    unanswered: tuple[str, ...] = ()


def propose(found: Assessment, facts: Facts, seen: frozenset[str] = frozenset()) -> list[Proposal]:
    """Return what the plan holds as proposals: allowed ones first, best first.

    In an emergency the plan is empty, and so is the list. `seen`: see `gate`.
    """
    known = Known(facts, cautious=True)
    made = [
        _of_plan(item, found, known, seen)
        for item in found.plan
        if known.knowledge.trials[item.id].who != "nobody" or item.kind in TRIED_ANYWAY
    ]
    return sorted(made, key=_order)


def propose_own(words: str, facts: Facts, seen: frozenset[str] = frozenset()) -> Proposal:
    """Return the proposal for something in the person's own words; InputError for none."""
    named = " ".join(words.split())
    if not named:
        raise InputError(
            _("there is nothing to test"), hint=_("Say in a few words what you would do.")
        )
    known = Known(facts, cautious=True)
    decided = gate(named, known, seen)
    acts = known.knowledge.diary_model.own_inclusion
    expected = _assumed(known.knowledge)
    template = known.knowledge.trial_model.own
    return _proposal("", named, named, decided, template, acts, expected, (), known.knowledge)


def _order(item: Proposal) -> tuple[int, float, str]:
    return STRICTER.index(item.safety), -item.score, item.action


def _of_plan(item: PlanItem, found: Assessment, known: Known, seen: frozenset[str]) -> Proposal:
    knowledge = known.knowledge
    action = knowledge.actions[item.id]
    acts, expected = _belief(action, item, found, known)
    return _proposal(
        action.id,
        "",
        action.label,
        gate(action.id, known, seen),
        knowledge.trials[action.id],
        acts,
        expected,
        _factors(action, found),
        knowledge,
    )


def _proposal(
    action: str,
    words: str,
    title: str,
    decided: Gate,
    template: TrialTemplate,
    acts: float,
    expected: Expected,
    factors: tuple[str, ...],
    knowledge: Knowledge,
) -> Proposal:
    chance = acts * _large_enough(expected, template.smallest_effect, knowledge)
    ease = knowledge.trial_model.ease[template.effort]
    score = chance * max(1.0 - expected.ratio, 0.0) * ease
    return Proposal(
        action=action,
        words=words,
        title=title,
        arms=_arms(template, words),
        chance=round(chance, DIGITS),
        expected=expected,
        burden=template.burden,
        safety=decided.safety,
        reason=decided.reason,
        rules=tuple(dict.fromkeys(ground.rule for ground in decided.grounds)),
        score=round(score, DIGITS),
        why=_why(chance, expected, template),
        outcome=template.outcome,
        block_nights=template.block_nights,
        washout=template.washout,
        run_in=template.run_in,
        smallest_effect=template.smallest_effect,
        factors=factors,
        page=decided.page,
        unanswered=decided.unanswered,
    )


def _arms(template: TrialTemplate, words: str) -> tuple[Arm, ...]:
    """Return what is done and what is left; nothing where nobody may test it."""
    if template.do is None or template.leave is None:
        return ()
    do, leave = template.do, template.leave
    return (
        Arm(
            id="do",
            label=do.label.replace("{words}", words),
            instruction=do.instruction.replace("{words}", words),
            kind="action",
        ),
        Arm(
            id="leave",
            label=leave.label.replace("{words}", words),
            instruction=leave.instruction.replace("{words}", words),
            kind="leave",
        ),
    )


def _belief(
    action: Action, item: PlanItem, found: Assessment, known: Known
) -> tuple[float, Expected]:
    """Return the chance that an action acts at all and its size: the diary, then trials."""
    model = known.knowledge.diary_model
    finding = _finding(action.id, known)
    if finding is not None and finding.effect and finding.probability is not None:
        return finding.probability, _from_diary(finding)
    if action.reduction and item.expected_reduction:
        return 1.0, _from_trials(item, action.reduction.status)
    share = _strongest(action, found)
    if share is not None:
        effect = share.effects[0]
        return share.presence * effect.credibility, _from_factor(share)
    chance = model.own_inclusion if action.kind == "belief" else model.named_inclusion
    return chance, _assumed(known.knowledge)


def _finding(action: str, known: Known) -> Finding | None:
    about = [f for f in known.facts.findings if action in f.actions and f.effect]
    return max(about, key=lambda finding: finding.probability or 0.0, default=None)


def _from_diary(finding: Finding) -> Expected:
    """Return what the diary shows, read so that below 1 is fewer with the action."""
    size = finding.effect
    assert size is not None
    fewer = (size.ratio, size.low, size.high)
    if size.ratio > 1:
        fewer = (1 / size.ratio, 1 / size.high, 1 / size.low)
    ratio, low, high = (round(value, DIGITS) for value in fewer)
    basis = _("your diary: {finding}").format(finding=finding.label)
    return Expected(ratio=ratio, low=low, high=high, basis=basis, status="own")


def _from_trials(item: PlanItem, status: str) -> Expected:
    """Return the fall of published trials, which have sources, or of the person's own."""
    fall = item.expected_reduction
    assert fall is not None
    ratio, low, high = (1 - per_cent / 100 for per_cent in (fall.percent, fall.high, fall.low))
    return Expected(
        ratio=round(ratio, DIGITS),
        low=round(low, DIGITS),
        high=round(high, DIGITS),
        basis=fall.basis,
        status="published" if fall.source and status == "published" else "assumed",
        source=tuple(fall.source),
    )


def _strongest(action: Action, found: Assessment) -> Share | None:
    """Return the factor the action is for that weighs most here, if it makes cramps likelier."""
    about = [s for s in found.shares if s.id in action.factors and s.effects[0].ratio > 1]
    return max(about, key=lambda share: share.share, default=None)


def _factors(action: Action, found: Assessment) -> tuple[str, ...]:
    """Return the factors a verdict would speak of, the weightiest first."""
    about = [share for share in found.shares if share.id in action.factors]
    return tuple(share.id for share in sorted(about, key=lambda share: -share.share))


def _from_factor(share: Share) -> Expected:
    effect = share.effects[0]
    return Expected(
        ratio=round(1 / effect.ratio, DIGITS),
        low=round(1 / effect.high, DIGITS),
        high=round(1 / effect.low, DIGITS),
        basis=_("{factor}, against people without it: {people}").format(
            factor=share.label.lower(), people=effect.population
        ),
        status=effect.status,
        source=tuple(effect.source),
    )


def _assumed(knowledge: Knowledge) -> Expected:
    ratio = round(1 / knowledge.diary_model.reference_ratio, DIGITS)
    basis = _("nobody has measured it; a size worth finding")
    return Expected(ratio=ratio, low=None, high=None, basis=basis, status="assumed")


def _large_enough(expected: Expected, smallest: float, knowledge: Knowledge) -> float:
    """Return how likely the fall is at least the smallest that matters, if it acts at all."""
    mean, sd = 0.0, knowledge.diary_model.unpublished_sd
    if expected.low is not None and expected.high is not None:
        low, high = (math.log(max(side, LEAST_RATIO)) for side in (expected.low, expected.high))
        mean, sd = math.log(expected.ratio), max((high - low) / (2 * Z), 1e-6)
    return NormalDist(mean, sd).cdf(math.log(smallest))


def _why(chance: float, expected: Expected, template: TrialTemplate) -> str:
    """Return in plain words what makes a proposal worth its place."""
    return " ".join(_sentences(chance, expected, template))


def _sentences(chance: float, expected: Expected, template: TrialTemplate) -> Iterator[str]:
    smallest = round(100 * (1 - template.smallest_effect))
    yield _("{odds} that it takes away at least {smallest} of 100 cramps for you.").format(
        odds=_odds(chance), smallest=smallest
    )
    fewer = round(100 * (1 - expected.ratio))
    if fewer > 0:
        said = _("Expected if it acts: about {fewer} of 100 fewer ({basis}).")
    else:
        said = _("Expected if it acts: no fall ({basis}).")
    yield said.format(fewer=fewer, basis=expected.basis)
    if template.burden:
        yield _("It asks for {burden}.").format(burden=template.burden)


def _odds(chance: float) -> str:
    """Return a chance as people count: 1 in so many, or so many in 10."""
    if chance >= 0.5:
        return _("About {tenths} in 10").format(tenths=min(round(10 * chance), 9))
    if chance < 0.02:
        return _("Less than 1 in 50")
    return _("About 1 in {many}").format(many=round(1 / chance))


__all__ = ["Expected", "Gate", "Page", "Proposal", "Safety", "gate", "propose", "propose_own"]
