"""From a locked protocol and its nights to a verdict: three computations, and their checks."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from nightcramp.diary.history import Array
from nightcramp.diary.latent import Hyper, Problem
from nightcramp.knowledge.schema import DiaryModel
from nightcramp.language import noted
from nightcramp.person.finding import Ratio
from nightcramp.person.night import Night
from nightcramp.person.verdict import Check, Outcome, Verdict
from nightcramp.trial.betting import Bets, Slab, arm_column, limit_of, place_bets
from nightcramp.trial.effect import Size, carried_over, problem_of, size_of
from nightcramp.trial.joint import p_with_looks
from nightcramp.trial.nights import TrialNights, trial_nights
from nightcramp.trial.protocol import Protocol, fingerprint
from nightcramp.trial.score import (
    BlockScores,
    Looks,
    RandomisationTest,
    contrast_of,
    looks_of,
    randomisation_test,
)

CONTRAST = (0, 1)
NODES = Hyper(
    np.array([0.15, 0.15, 0.15, 0.6, 0.6, 0.6]),
    np.array([0.3, 0.3, 0.3, 0.8, 0.8, 0.8]),
    np.array([0.1, 0.5, 1.5, 0.1, 0.5, 1.5]),
)
"""What the test and the bettor take for possible: their validity does not hang on it."""


@dataclass(frozen=True)
class Evidence:
    """Everything computed of a trial so far."""

    nights: TrialNights
    test: RandomisationTest | None
    bets: Bets
    size: Size | None
    scores: BlockScores | None
    checks: tuple[Check, ...]


def weigh(protocol: Protocol, nights: TrialNights, model: DiaryModel) -> Evidence:
    """Return the evidence of the blocks that have ended."""
    over = nights.blocks_over
    problem = problem_of(_ended(nights), model)
    seen = {protocol.schedule[b] for b in range(over)}
    if not set(CONTRAST) <= seen or np.nansum(problem.counts) == 0:
        return Evidence(nights, None, Bets(np.ones(over)), None, None, ())
    looks = looks_of(problem, NODES, nights.block, over)
    arm = arm_column(nights.block, protocol.schedule, CONTRAST)
    before = Slab(0.0, model.unpublished_sd)
    size = size_of(problem, arm, before, model)
    return Evidence(
        nights=nights,
        test=_test(looks, before, protocol) if over == protocol.blocks else None,
        bets=place_bets(looks, before, protocol.space, protocol.schedule, CONTRAST),
        size=size,
        scores=looks.final(),
        checks=tuple(_checks(protocol, nights, problem, arm, size, model)),
    )


def _ended(nights: TrialNights) -> TrialNights:
    """Return the nights with the outcomes of a block that has not ended left out."""
    return replace(nights, counted=nights.counted * (nights.block < nights.blocks_over))


def _test(looks: Looks, slab: Slab, protocol: Protocol) -> RandomisationTest:
    """Return the test after the last block, with what the looks before it have cost."""
    seed = int(fingerprint(protocol)[:12], 16)
    space, schedule = protocol.space, protocol.schedule
    found = randomisation_test(looks.final(), space, schedule, CONTRAST, seed)
    if len(protocol.arms) > 2 or found.p > protocol.error:
        return found
    limit = limit_of(protocol.error)
    together = p_with_looks(looks, slab, space, schedule, limit, seed)
    return replace(found, with_looks=max(together, found.p))


def _checks(
    protocol: Protocol,
    nights: TrialNights,
    problem: Problem,
    arm: Array,
    size: Size,
    model: DiaryModel,
) -> Iterator[Check]:
    """Yield what must hold before a verdict is given."""
    p = missing_by_arm(protocol, nights)
    yield Check(
        id="missing",
        says=noted("nights were logged about as often under either arm"),
        holds=p >= model.check_error,
    )
    after = after_effect(protocol, nights)
    z = carried_over(problem, arm, after, size.nodes, model) if np.ptp(after) else 0.0
    yield Check(
        id="carry_over",
        says=noted("the arm of one block did not act on into the next"),
        holds=abs(z) <= NormalDist().inv_cdf(1 - model.check_error / 2),
    )


def missing_by_arm(protocol: Protocol, nights: TrialNights) -> float:
    """Return the randomisation p-value of nights not logged, one arm against the other."""
    over = nights.blocks_over
    wanted = nights.counted > 0
    missing = np.isnan(nights.outcome) & wanted
    blocks = range(over)
    gone = np.array([missing[nights.block == b].sum() for b in blocks], dtype=float)
    if gone.sum() == 0:
        return 1.0
    scores = BlockScores(gone - gone.mean(), np.eye(over) * max(float(gone.var()), 1e-9))
    seed = int(fingerprint(protocol)[:12], 16)
    return randomisation_test(scores, protocol.space, protocol.schedule, CONTRAST, seed).p


def after_effect(protocol: Protocol, nights: TrialNights) -> Array:
    """Return the contrast of the block before on the first counted half of each block."""
    place = (np.arange(len(nights.block)) - protocol.run_in) % protocol.block_nights
    early = place < protocol.washout + (protocol.block_nights - protocol.washout) / 2
    earlier = arm_column(nights.block - 1, protocol.schedule, CONTRAST)
    return np.where((nights.block >= 1) & early, earlier, 0.0)


def verdict_of(
    protocol: Protocol, nights: Sequence[Night], model: DiaryModel, today: dt.date
) -> Verdict:
    """Return the verdict as far as it has come by `today`, its night not yet over."""
    told = trial_nights(protocol, nights, today - dt.timedelta(days=1))
    found = weigh(protocol, told, model)
    outcome, why = decide(protocol, found)
    return _stated(protocol, found, outcome, why, today, model)


def decide(protocol: Protocol, found: Evidence) -> tuple[Outcome, str]:
    """Return the verdict and its reason, in English as it is kept: it is translated where shown.

    Two ways lead to `works` or `harms`: a stake that has reached its limit at any time, and
    the randomisation test after the last block, which counts the schedules whose stake would
    have reached it as extreme. With two arms both together err in at most `error`; with three
    each has half of it. `does_not_matter` needs the interval of the size, or before the end the
    one for all looks, between the smallest effect that matters and its mirror.
    """
    if found.size is None:
        return "cannot_tell", noted("both arms must have had a block with nights logged first")
    failed = [check for check in found.checks if not check.holds]
    if failed:
        return "withheld", "; ".join(f"it does not hold that {check.says}" for check in failed)
    limit = math.log(protocol.smallest_effect)
    low, high = _interval(protocol, found)
    if limit < low and high < -limit:
        why = noted("whatever difference there is, it is smaller than matters to you")
        return "does_not_matter", why
    if not _detected(protocol, found):
        return "cannot_tell", noted("chance alone could have made a difference like this")
    if found.size.middle < 0:
        return "works", noted("fewer under the first arm, and hardly by chance")
    return "harms", noted("more under the first arm, and hardly by chance")


def _interval(protocol: Protocol, found: Evidence) -> tuple[float, float]:
    assert found.size is not None
    over = found.nights.blocks_over == protocol.blocks
    return found.size.interval() if over else found.size.sequence(protocol.error)


def _detected(protocol: Protocol, found: Evidence) -> bool:
    error = protocol.error if len(protocol.arms) == 2 else protocol.error / 2
    ended = found.test is not None and found.test.with_looks <= error
    return ended or found.bets.most >= limit_of(error)


def _stated(
    protocol: Protocol,
    found: Evidence,
    outcome: Outcome,
    why: str,
    today: dt.date,
    model: DiaryModel,
) -> Verdict:
    told, size, test = found.nights, found.size, found.test
    used = _ended(told).used
    arm = arm_column(told.block, protocol.schedule, CONTRAST)
    shown = size is not None and outcome != "withheld"
    return Verdict(
        trial=protocol.id,
        title=protocol.title,
        fingerprint=fingerprint(protocol),
        made_on=today,
        outcome=outcome,
        why=why,
        blocks_over=told.blocks_over,
        blocks=protocol.blocks,
        nights_counted=int((~np.isnan(used)).sum()),
        nights_missing=int((np.isnan(used) & (_ended(told).counted > 0)).sum()),
        first_arm=protocol.arms[0].label,
        second_arm=protocol.arms[1].label,
        rate_first=_mean(used[arm > 0]),
        rate_second=_mean(used[arm < 0]),
        smallest_effect=protocol.smallest_effect,
        error=protocol.error,
        p=test.p if test else None,
        schedules=test.schedules if test else 0,
        exact=test.exact if test else True,
        stake=found.bets.now,
        most_stake=found.bets.most,
        effect=_ratio(size.middle, *size.interval()) if size and shown else None,
        sequence=_ratio(size.middle, *size.sequence(protocol.error)) if size and shown else None,
        by_adherence=_by_adherence(told, arm, model) if shown else None,
        followed=_mean(told.done[told.block >= 0]),
        large_enough=size.below(math.log(protocol.smallest_effect)) if size and shown else None,
        more_nights=_more_nights(protocol, found, model) if outcome == "cannot_tell" else None,
        checks=found.checks,
        action=protocol.action,
        factors=protocol.factors,
    )


def _mean(values: Array) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _ratio(middle: float, low: float, high: float) -> Ratio:
    return Ratio(ratio=math.exp(middle), low=math.exp(low), high=math.exp(high))


def _by_adherence(nights: TrialNights, arm: Array, model: DiaryModel) -> Ratio | None:
    """Return the ratio by what was done: a night against its arm counts for the other one."""
    if np.isnan(nights.done).all():
        return None
    done = np.where(np.isnan(nights.done), 1.0, nights.done)
    problem = problem_of(_ended(nights), model)
    size = size_of(problem, arm * (2 * done - 1), Slab(0.0, model.unpublished_sd), model)
    return _ratio(size.middle, *size.interval())


def _more_nights(protocol: Protocol, found: Evidence, model: DiaryModel) -> int | None:
    """Return how many more nights would show the smallest effect with the chance `seen_with`."""
    if found.scores is None:
        return None
    over = len(found.scores.score)
    z = arm_of_blocks(protocol, over)
    information = float(z @ found.scores.information @ z)
    normal = NormalDist()
    needed = normal.inv_cdf(1 - protocol.error / 2) + normal.inv_cdf(model.seen_with)
    wanted = (needed / math.log(protocol.smallest_effect)) ** 2
    if information <= 0:
        return None
    nights = over * protocol.block_nights
    more = math.ceil(nights * max(wanted / information - 1, 0.0))
    return more if more <= model.most_more_nights else None


def arm_of_blocks(protocol: Protocol, over: int) -> Array:
    """Return the contrast of each block that has ended."""
    return contrast_of(protocol.schedule[:over], CONTRAST)
