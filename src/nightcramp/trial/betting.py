"""Evidence that may be looked at every morning: a bet on each block's arm, placed blindly.

Before a block its arm is drawn with known odds. After it the nights are shown to a model, which
says how likely each arm was; the stake grows by that over the odds of the draw. If the arms make
no difference no way of betting gains in the long run, whatever the nights look like and however
good or bad the model is: the stake reaches 1/alpha with a chance of at most alpha, ever. So the
stake is an anytime-valid measure of evidence (an e-process), and it moves when a block ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nightcramp.diary.history import Array
from nightcramp.trial.schedule import Schedule, Space
from nightcramp.trial.score import MOST_COUNTED, Looks, contrast_of, ways_with_first_arm

HUGE = 500.0


@dataclass(frozen=True)
class Bets:
    """The stake after each block that has ended, starting from 1; shape (blocks over,)."""

    stakes: Array

    @property
    def most(self) -> float:
        """Return the largest stake so far, at least 1: what the evidence ever reached."""
        return float(max(1.0, self.stakes.max(initial=1.0)))

    @property
    def now(self) -> float:
        """Return the stake now."""
        return float(self.stakes[-1]) if len(self.stakes) else 1.0


@dataclass(frozen=True)
class Slab:
    """What the bettor believes of the log rate ratio of the first arm to the second."""

    mean: float
    sd: float

    def evidence(self, score: Array, information: Array) -> Array:
        """Return the log evidence of an arm effect against none, to the second order."""
        precision = self.sd**-2
        best = (score + self.mean * precision) ** 2 / (information + precision)
        shrunk = np.log1p(information / precision)
        return np.asarray(0.5 * (best - self.mean**2 * precision - shrunk))


def place_bets(
    looks: Looks, slab: Slab, space: Space, schedule: Schedule, contrast: tuple[int, int]
) -> Bets:
    """Return the stakes of a bettor who believes in the slab, after each look."""
    arms = np.array([schedule])
    return Bets(stakes_of(looks, slab, arms, odds_of(space, arms, contrast), contrast)[0])


def stakes_of(
    looks: Looks, slab: Slab, arms: ArrayLike, odds: Array, contrast: tuple[int, int]
) -> Array:
    """Return the stakes had each of many schedules been drawn, shape (S, looks).

    `odds`: how likely each block's arm was among the two, shape (S, blocks).
    """
    z = contrast_of(arms, contrast)
    stakes = np.zeros((len(z), looks.over))
    total = np.zeros(len(z))
    for look in range(looks.over):
        taken, other = _evidence(looks, slab, z[:, : looks.over], look)
        drawn = odds[:, look]
        ahead = np.exp(np.clip(other - taken, -HUGE, HUGE))
        total = total - np.log(drawn + (1 - drawn) * ahead)
        stakes[:, look] = np.exp(np.minimum(total, HUGE))
    return stakes


def _evidence(looks: Looks, slab: Slab, z: Array, look: int) -> tuple[Array, Array]:
    """Return the log evidence up to a block's end under its arm and under the other one."""
    taken, other = [], []
    for node in range(looks.evidence.shape[1]):
        score, information = looks.score[look, node], looks.information[look, node]
        last = z[:, look]
        reached = z @ information
        u, v = z @ score, (reached * z).sum(axis=1)
        flipped_u = u - 2 * last * score[look]
        flipped_v = v - 4 * last * reached[:, look] + 4 * last**2 * information[look, look]
        base = looks.evidence[look, node]
        taken.append(base + slab.evidence(u, v))
        other.append(base + slab.evidence(flipped_u, flipped_v))
    return np.logaddexp.reduce(taken, axis=0), np.logaddexp.reduce(other, axis=0)


def odds_of(space: Space, arms: ArrayLike, contrast: tuple[int, int]) -> Array:
    """Return how likely each block's arm was among the two, given the blocks before it.

    1 for the block of a third arm, which nobody bets on. Shape (S, blocks).
    """
    chosen = np.asarray(arms)
    if space.arms == 2 and space.size < MOST_COUNTED:
        return _two_arm_odds(space, chosen)
    return np.array([[*_odds(space, tuple(row), contrast)] for row in chosen.tolist()])


def _odds(space: Space, schedule: Schedule, contrast: tuple[int, int]) -> list[float]:
    odds = []
    for block, arm in enumerate(schedule):
        chances = space.probabilities(schedule[:block])
        both = sum(chances[a] for a in contrast)
        odds.append(float(chances[arm] / both) if arm in contrast else 1.0)
    return odds


def _two_arm_odds(space: Space, arms: Array) -> Array:
    """Return the odds of many schedules of two arms by looking up how many go on."""
    ways = ways_with_first_arm(space)
    left, last = np.full(len(arms), space.blocks // 2), np.full(len(arms), -1)
    run, going_on = np.zeros(len(arms), dtype=np.int64), np.full(len(arms), space.size)
    odds = np.ones(arms.shape)
    for block in range(space.blocks):
        arm = arms[:, block].astype(np.int64)
        first = ways[block, left, last, run]
        after = np.where(arm == 0, first, going_on - first)
        odds[:, block] = after / going_on
        left, run, last, going_on = (
            left - (arm == 0),
            np.where(arm == last, run + 1, 1),
            arm,
            after,
        )
    return odds


def arm_column(block: Array, schedule: Schedule, contrast: tuple[int, int]) -> Array:
    """Return the contrast of each night: +1/2 in the first arm, -1/2 in the second, else 0."""
    arms = np.array([*schedule, -1])[block.astype(int)]
    return contrast_of(arms, contrast)


def limit_of(error: float) -> float:
    """Return the stake that chance reaches in at most this part of trials."""
    return 1 / error if error > 0 else math.inf
