"""How likely a trial gives an answer, worked out before it starts, and which one to propose.

Made-up trials with the person's own nights are judged by a shortcut of the analysis. Each is
fitted once, without arms, knowing its own drift and spread (the analysis averages over several).
What a block adds to the score is its own; the information is shared by all trials of a design.
The randomisation test is then exact on the scores, and the size is read off score and
information. Left out: looks before the end (they hardly add anything that the end would not
show), the order of causes that withhold a verdict (taken off at the rate their checks fail by
chance), trend, season and weekday in the nights, though the fit allows for them.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import Literal

import numpy as np
from msgspec import Struct

from nightcramp.diary.design import common_columns, common_prior
from nightcramp.diary.history import Array
from nightcramp.diary.latent import Hyper, Problem, fit
from nightcramp.diary.replicas import counts_around
from nightcramp.knowledge.schema import DiaryModel, TrialModel
from nightcramp.language import gettext as _
from nightcramp.trial.baseline import Baseline
from nightcramp.trial.effect import INTERVAL
from nightcramp.trial.protocol import Chances, Outcome
from nightcramp.trial.schedule import Space
from nightcramp.trial.score import (
    TIE,
    contrast_of,
    covariances,
    every_schedule,
    information_of,
    numbered,
    slopes,
)

TWO = (0, 1)
MOST_LISTED = 1_000
DRAWN = 499
SOME_MONDAY = dt.date(2026, 3, 2)
"""Columns need dates; which ones makes no difference to the chances."""


class Wish(Struct, frozen=True, kw_only=True):
    """What a trial is to find out, and what the person will put up with.

    `expected`: rate ratio to be expected if it acts. `shortest_block`: a block must be so long
    for the action to show. `longest`: nights in all.
    """

    expected: float
    smallest_effect: float
    shortest_block: int
    washout: int
    run_in: int
    longest: int
    outcome: Outcome = "cramps"
    error: float | None = None

    @property
    def aim(self) -> float:
        """Return the effect the trial must be able to show: the expected one if it matters."""
        return min(self.expected, self.smallest_effect)


class Draft(Struct, frozen=True, kw_only=True):
    """One design with the chance of each verdict, for several true ratios.

    `answer`: the chance that it says `works` if the effect is the one it is for.
    """

    blocks: int
    block_nights: int
    washout: int
    run_in: int
    chances: tuple[Chances, ...] = ()
    answer: float = 0.0

    @property
    def nights(self) -> int:
        """Return how many nights it lasts."""
        return self.run_in + self.blocks * self.block_nights


class Plan(Struct, frozen=True, kw_only=True):
    """All designs that were looked at, the one proposed, and what is advised.

    `nights_needed`: about so many would show the effect with the least chance asked for; None
    where that is beyond reason.
    """

    wish: Wish
    drafts: tuple[Draft, ...]
    best: Draft | None
    advice: Literal["do", "against"]
    why: str
    baseline: str
    baseline_status: str
    baseline_source: tuple[str, ...]
    rate: float
    nights_needed: int | None = None
    longest_run: int = 3


def plan(wish: Wish, baseline: Baseline, model: DiaryModel, choices: TrialModel) -> Plan:
    """Return the chances of every design within reach, and what is advised; deterministic."""
    ratios = tuple(dict.fromkeys((1.0, wish.smallest_effect, wish.expected)))
    drafts = tuple(
        _judged(draft, wish, ratios, baseline, model, choices) for draft in designs(wish, choices)
    )
    best = _best(drafts, choices)
    good = best is not None and best.answer >= choices.least_answer
    return Plan(
        wish=wish,
        drafts=drafts,
        best=best,
        advice="do" if good else "against",
        why=_why(best, wish, choices),
        baseline=baseline.says,
        baseline_status=baseline.status,
        baseline_source=baseline.source,
        rate=round(baseline.rate(), 3),
        nights_needed=None if good else nights_needed(best, wish, baseline, model, choices),
        longest_run=choices.longest_run,
    )


def designs(wish: Wish, choices: TrialModel) -> Iterator[Draft]:
    """Yield the designs within the longest duration in which any verdict is possible."""
    lengths = sorted({*(n for n in choices.lengths if n < wish.longest), wish.longest})
    seen = set()
    for length in lengths:
        for nights in _block_lengths(wish, choices):
            blocks = (length - wish.run_in) // nights // 2 * 2
            if (blocks, nights) not in seen and blocks >= 2 and _could_show(blocks, wish, choices):
                seen.add((blocks, nights))
                yield Draft(
                    blocks=blocks,
                    block_nights=nights,
                    washout=wish.washout,
                    run_in=wish.run_in,
                )


def _block_lengths(wish: Wish, choices: TrialModel) -> list[int]:
    """Return the two shortest block lengths that let the action show."""
    shortest = max(wish.shortest_block, wish.washout + 1)
    return sorted({shortest, *(n for n in choices.block_lengths if n > shortest)})[:2]


def _could_show(blocks: int, wish: Wish, choices: TrialModel) -> bool:
    """Return whether the most extreme schedule and its mirror are rare enough for a verdict."""
    return 2 / Space(2, blocks, choices.longest_run).size <= _error(wish, choices)


def _error(wish: Wish, choices: TrialModel) -> float:
    return choices.error if wish.error is None else wish.error


def _best(drafts: Sequence[Draft], choices: TrialModel) -> Draft | None:
    """Return the shortest design that is good enough, else the one with the best chance."""
    good = [draft for draft in drafts if draft.answer >= choices.good_answer]
    if good:
        return min(good, key=lambda draft: (draft.nights, -draft.answer))
    return max(drafts, key=lambda draft: (draft.answer, -draft.nights), default=None)


def _judged(
    draft: Draft,
    wish: Wish,
    ratios: Sequence[float],
    baseline: Baseline,
    model: DiaryModel,
    choices: TrialModel,
) -> Draft:
    wanted = tuple(dict.fromkeys((*ratios, wish.aim)))
    found = {r: chances_of(draft, r, wish, baseline, model, choices) for r in wanted}
    return Draft(
        blocks=draft.blocks,
        block_nights=draft.block_nights,
        washout=draft.washout,
        run_in=draft.run_in,
        chances=tuple(found[ratio] for ratio in ratios),
        answer=found[wish.aim].works,
    )


def chances_of(
    draft: Draft,
    ratio: float,
    wish: Wish,
    baseline: Baseline,
    model: DiaryModel,
    choices: TrialModel,
) -> Chances:
    """Return the chance of each verdict if the true rate ratio is `ratio`."""
    made = simulated(draft, ratio, wish.outcome, baseline, model, choices)
    p, middle, half = made
    limit = -math.log(wish.smallest_effect)
    nothing = (np.abs(middle) + half) < limit
    found = (p <= _error(wish, choices)) & ~nothing
    given = (1 - model.check_error) ** 2
    works, harms, none = (
        given * float(np.mean(part))
        for part in (found & (middle < 0), found & (middle > 0), nothing)
    )
    return Chances(
        ratio=ratio,
        works=round(works, 3),
        does_not_matter=round(none, 3),
        harms=round(harms, 3),
        cannot_tell=round(max(1 - works - harms - none, 0.0), 3),
    )


def simulated(
    draft: Draft,
    ratio: float,
    outcome: Outcome,
    baseline: Baseline,
    model: DiaryModel,
    choices: TrialModel,
) -> tuple[Array, Array, Array]:
    """Return p-value, middle and half width of the size of each made-up trial, shape (N,)."""
    space = Space(2, draft.blocks, choices.longest_run)
    random = np.random.Generator(np.random.PCG64([choices.seed, draft.blocks, draft.block_nights]))
    drawn = [space.draw(f"{choices.seed} {number}") for number in range(choices.schedules)]
    own = np.array(drawn)[np.arange(len(baseline.level)) % len(drawn)]
    block, used = _calendar(draft)
    problem = _problem(draft, own, ratio, outcome, baseline, model, random)
    found = fit(problem, baseline.hyper)
    gradient, curvature = slopes(problem.counts, found.eta, baseline.hyper)
    member = (block[:, None] == np.arange(draft.blocks)) * used[:, None]
    information = _shared_information(problem, curvature, member, baseline)
    score = gradient.T @ member
    p = _p_values(score, information, own, space, random)
    return p, *_sizes(score, information, own, model)


def _calendar(draft: Draft) -> tuple[Array, Array]:
    """Return the block of each night, -1 in the run-in, and whether the night counts."""
    place = np.arange(draft.nights) - draft.run_in
    block = np.where(place < 0, -1, place // draft.block_nights).astype(float)
    used = (place >= 0) & (place % draft.block_nights >= draft.washout)
    return block, used.astype(float)


def _problem(
    draft: Draft,
    own: Array,
    ratio: float,
    outcome: Outcome,
    baseline: Baseline,
    model: DiaryModel,
    random: np.random.Generator,
) -> Problem:
    """Return made-up counts, one trial a column, with the columns every night has."""
    block, used = _calendar(draft)
    first_arm = (own[:, block.astype(int)] == TWO[0]).T & (block >= 0)[:, None]
    level = baseline.level + math.log(ratio) * first_arm
    counts = counts_around(level, baseline.hyper, random)
    if outcome == "nights_with_cramp":
        counts = np.minimum(counts, 1.0)
    logged = random.random(counts.shape) < baseline.logged
    mean, sd = common_prior(model)
    return Problem(
        counts=np.where(logged & (used[:, None] > 0), counts, np.nan),
        columns=common_columns(SOME_MONDAY, draft.nights),
        mean=np.array(mean),
        precision=np.array(sd) ** -2.0,
    )


def _shared_information(
    problem: Problem, curvature: Array, member: Array, baseline: Baseline
) -> Array:
    """Return the information on blocks that trials of this design have on average."""
    hyper = baseline.hyper
    axes = (hyper.sigma, hyper.rho, hyper.kappa)
    middle = Hyper(*(np.array([np.median(axis)]) for axis in axes))
    cover = covariances(problem, middle)[0]
    return information_of(cover, curvature.mean(axis=1), member)


def _p_values(
    score: Array, information: Array, own: Array, space: Space, random: np.random.Generator
) -> Array:
    """Return the p-value of each trial among all schedules, or among draws of them."""
    listed = space.size <= MOST_LISTED
    others = (
        every_schedule(space) if listed else numbered(space, random.integers(0, space.size, DRAWN))
    )
    z, mine = contrast_of(others, TWO), contrast_of(own, TWO)
    own_size = np.abs((mine * score).sum(axis=1)) / _spread(mine, information)
    sizes = np.abs(z @ score.T) / _spread(z, information)[:, None]
    extreme = (sizes >= own_size - TIE).sum(axis=0)
    return np.asarray(extreme / len(z) if listed else (1 + extreme) / (1 + len(z)))


def _spread(z: Array, information: Array) -> Array:
    return np.asarray(np.sqrt(np.maximum(((z @ information) * z).sum(axis=1), 1e-12)))


def _sizes(score: Array, information: Array, own: Array, model: DiaryModel) -> tuple[Array, Array]:
    """Return middle and half width of the interval of each log ratio, one step from none."""
    z = contrast_of(own, TWO)
    total = _spread(z, information) ** 2 + model.unpublished_sd**-2.0
    middle = (z * score).sum(axis=1) / total
    return middle, NormalDist().inv_cdf(1 - (1 - INTERVAL) / 2) / np.sqrt(total)


def _why(best: Draft | None, wish: Wish, choices: TrialModel) -> str:
    """Return the advice in plain words."""
    if best is None:
        return _(
            "{nights} nights hold too few blocks of {block} nights for any order to stand out from "
            "chance. A trial would tell nothing."
        ).format(nights=wish.longest, block=wish.shortest_block)
    shown = _(
        "If it takes away {fewer} of 100 cramps, {nights} nights would show it about {tenths} in "
        "10."
    ).format(fewer=round(100 * (1 - wish.aim)), nights=best.nights, tenths=round(10 * best.answer))
    if best.answer >= choices.least_answer:
        return shown
    undone = _("Most likely you would do all of it and still not know. It is better left undone.")
    return f"{shown} {undone}"


def nights_needed(
    best: Draft | None, wish: Wish, baseline: Baseline, model: DiaryModel, choices: TrialModel
) -> int | None:
    """Return about how many nights would show the effect with the least chance asked for."""
    if best is None or best.answer <= 0:
        return None
    normal = NormalDist()
    limit = normal.inv_cdf(1 - _error(wish, choices) / 2)
    reached = limit + normal.inv_cdf(min(max(best.answer, 0.01), 0.99))
    wanted = limit + normal.inv_cdf(choices.least_answer)
    nights = 10 * math.ceil(best.nights * (wanted / max(reached, 0.1)) ** 2 / 10)
    return nights if nights <= model.most_more_nights else None
