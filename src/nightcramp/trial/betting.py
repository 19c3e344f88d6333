"""Evidence that may be looked at every morning: a bet on each block's arm, placed blindly.

Before a block its arm is drawn with known odds. After it the nights are shown to a model, which
says how likely each arm was; the stake grows by that over the odds of the draw. If the arms make
no difference no way of betting gains in the long run, whatever the nights look like and however
good or bad the model is: the stake reaches 1/alpha with a chance of at most alpha, ever. So the
stake is an anytime-valid measure of evidence (an e-process), and it moves when a block ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nightcramp.diary.history import Array
from nightcramp.diary.latent import Hyper, Problem, fit
from nightcramp.trial.schedule import Schedule, Space


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


def place_bets(
    problem: Problem,
    hyper: Hyper,
    log_weight: Array,
    slab: Slab,
    block: Array,
    space: Space,
    schedule: Schedule,
    contrast: tuple[int, int],
    blocks_over: int,
) -> Bets:
    """Return the stakes of a bettor who believes in the slab, averaged over the nodes.

    `problem`: outcomes that count and the common columns. `log_weight`: prior of the nodes (G,).
    """
    open_blocks = [
        b
        for b in range(blocks_over)
        if schedule[b] in contrast and _free(space, schedule, b, contrast)
    ]
    evidence = _evidence(problem, hyper, log_weight, slab, block, schedule, contrast, open_blocks)
    stakes, stake = np.ones(blocks_over), 1.0
    for b in range(blocks_over):
        if b in evidence:
            odds = _odds(space, schedule, b, contrast)
            taken, other = evidence[b]
            said = odds / (odds + (1 - odds) * np.exp(np.clip(other - taken, -500, 500)))
            stake *= float(said / odds)
        stakes[b] = stake
    return Bets(stakes)


def _odds(space: Space, schedule: Schedule, block: int, contrast: tuple[int, int]) -> float:
    """Return how likely the arm of a block was among the two, given the blocks before it."""
    chances = space.probabilities(schedule[:block])
    both = sum(chances[arm] for arm in contrast)
    return float(chances[schedule[block]] / both)


def _free(space: Space, schedule: Schedule, block: int, contrast: tuple[int, int]) -> bool:
    """Return whether the arm of a block was left to chance."""
    return _odds(space, schedule, block, contrast) < 1.0


def _evidence(
    problem: Problem,
    hyper: Hyper,
    log_weight: Array,
    slab: Slab,
    block: Array,
    schedule: Schedule,
    contrast: tuple[int, int],
    open_blocks: list[int],
) -> dict[int, tuple[float, float]]:
    """Return, by block, the log evidence up to its end under its arm and under the other one."""
    if not open_blocks:
        return {}
    arm = arm_column(block, schedule, contrast)
    flips = [np.where(block == b, -arm, arm) for b in open_blocks]
    nodes = len(hyper)
    own = np.repeat(
        np.stack([np.stack([arm, flip]) for flip in flips]).reshape(-1, len(arm)), nodes, 0
    )
    shape = (len(arm), len(own), problem.columns.shape[1])
    common = np.broadcast_to(problem.columns[:, None, :], shape)
    wide = Problem(
        counts=_up_to(problem.counts, block, open_blocks, nodes),
        columns=np.concatenate([common, own.T[:, :, None]], axis=2),
        mean=np.append(problem.mean, slab.mean),
        precision=np.append(problem.precision, slab.sd**-2.0),
    )
    many = hyper[np.tile(np.arange(nodes), 2 * len(open_blocks))]
    found = fit(wide, many).evidence.reshape(len(open_blocks), 2, nodes) + log_weight
    total = np.logaddexp.reduce(found, axis=2)
    return {b: (float(total[i, 0]), float(total[i, 1])) for i, b in enumerate(open_blocks)}


def arm_column(block: Array, schedule: Schedule, contrast: tuple[int, int]) -> Array:
    """Return the contrast of each night: +1/2 in the first arm, -1/2 in the second, else 0."""
    arms = np.array([*schedule, -1])[block.astype(int)]
    return np.asarray(0.5 * (arms == contrast[0]) - 0.5 * (arms == contrast[1]))


def _up_to(counts: Array, block: Array, open_blocks: list[int], nodes: int) -> Array:
    """Return the counts known when each block ends, NaN after, shape (T, batch)."""
    known = [np.where(block <= b, counts, np.nan) for b in open_blocks]
    return np.repeat(np.column_stack(known), 2 * nodes, axis=1)
