"""The exact randomisation test: one number a block, from a fit that knows no arms.

If the arms make no difference, the outcomes would have been the same under every schedule. So
the model without arms is fitted once, and what each night adds to the score of an arm effect
stays fixed while the schedules change: the test statistic of a schedule is a sum over blocks.
"""

from __future__ import annotations

import functools
import itertools
import random
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nightcramp.diary.history import Array
from nightcramp.diary.latent import Hyper, Problem, fit
from nightcramp.trial.schedule import Schedule, Space, ways_on

Arms = NDArray[np.int8]
"""The arm of each block of many schedules, shape (S, blocks)."""

MOST_LISTED = 200_000
MOST_COUNTED = 2**62
MONTE_CARLO = 19_999
TIE = 1e-9


@dataclass(frozen=True)
class BlockScores:
    """What each block adds to the score, and the information of blocks together.

    `score`: shape (B,). `information`: (B, B); the score of a contrast z over blocks has the
    variance z'Iz.
    """

    score: Array
    information: Array


@dataclass(frozen=True)
class Looks:
    """What is known at the end of each block, of a fit without arms to the nights up to then.

    `score`: shape (looks, G, B), `information`: (looks, G, B, B), for each of G nodes.
    `evidence`: log evidence of each node, prior included, (looks, G).
    """

    score: Array
    information: Array
    evidence: Array

    @property
    def over(self) -> int:
        """Return how many blocks have ended."""
        return len(self.score)

    def final(self) -> BlockScores:
        """Return the block scores of the last look, averaged over nodes by their evidence."""
        weight = np.exp(self.evidence[-1] - self.evidence[-1].max())
        weight /= weight.sum()
        return BlockScores(
            np.tensordot(weight, self.score[-1], 1), np.tensordot(weight, self.information[-1], 1)
        )


def looks_of(problem: Problem, hyper: Hyper, block: Array, over: int) -> Looks:
    """Return what each block that has ended showed; `block` of each night, shape (T,)."""
    nodes = len(hyper)
    known = [np.where(block <= look, problem.counts, np.nan) for look in range(over)]
    counts = np.repeat(np.column_stack(known), nodes, axis=1)
    many = hyper[np.tile(np.arange(nodes), over)]
    found = fit(replace(problem, counts=counts), many)
    member = (block[:, None] == np.arange(over)).astype(float)
    gradient, curvature = slopes(counts, found.eta, many)
    cover = covariances(problem, hyper)
    information = [
        information_of(cover[entry % nodes], curvature[:, entry], member)
        for entry in range(nodes * over)
    ]
    return Looks(
        score=(gradient.T @ member).reshape(over, nodes, over),
        information=np.array(information).reshape(over, nodes, over, over),
        evidence=found.evidence.reshape(over, nodes),
    )


def slopes(counts: Array, eta: Array, hyper: Hyper) -> tuple[Array, Array]:
    """Return the first and minus the second derivative of the log likelihood, shape (T, B)."""
    seen = ~np.isnan(counts)
    observed = np.where(seen, counts, 0.0)
    mu = np.exp(eta)
    over = 1 + hyper.kappa * mu
    return seen * (observed - mu) / over, seen * (1 + hyper.kappa * observed) * mu / over**2


def covariances(problem: Problem, hyper: Hyper) -> Array:
    """Return the covariance of log rates before any count, for each node, shape (G, T, T)."""
    place = np.arange(len(problem.columns))
    apart = np.abs(np.subtract.outer(place, place))
    drift = hyper.sigma[:, None, None] ** 2 * hyper.rho[:, None, None] ** apart
    return np.asarray(drift + problem.columns / problem.precision @ problem.columns.T)


def information_of(covariance: Array, curvature: Array, member: Array) -> Array:
    """Return the information on block effects, drift and common columns integrated out."""
    used = curvature > 0
    root = np.sqrt(curvature[used])
    inner = np.eye(len(root)) + root[:, None] * covariance[np.ix_(used, used)] * root
    reached = root[:, None] * member[used]
    return np.asarray(reached.T @ np.linalg.solve(inner, reached))


@dataclass(frozen=True)
class RandomisationTest:
    """How the schedule that was drawn stands among all that could have been.

    `p`: the share of schedules at least as extreme in either direction. `exact`: whether all
    were listed, else the share among draws. `statistic`: below 0 the first arm had less.
    `with_looks`: `p` if the looks before the end are counted in, see `joint`.
    """

    statistic: float
    p: float
    schedules: int
    exact: bool
    with_looks: float


def randomisation_test(
    scores: BlockScores, space: Space, schedule: Schedule, contrast: tuple[int, int], seed: int
) -> RandomisationTest:
    """Return the two-sided randomisation test of one arm against another.

    With a third arm its blocks stay where they are, and only those of the two change places.
    """
    others = alternatives(space, schedule, contrast, seed)
    own = statistics(scores, [schedule], contrast)[0]
    all_of_them = np.abs(statistics(scores, others, contrast))
    extreme = int((all_of_them >= abs(own) - TIE).sum())
    exact = space.size <= MOST_LISTED
    p = extreme / len(others) if exact else (1 + extreme) / (1 + len(others))
    return RandomisationTest(float(own), float(p), len(others), exact, float(p))


def alternatives(space: Space, schedule: Schedule, contrast: tuple[int, int], seed: int) -> Arms:
    """Return all schedules that agree outside the contrast, or draws of them where too many."""
    if space.size <= MOST_LISTED:
        listed, own = every_schedule(space), np.array(schedule)
        if space.arms == len(contrast):
            return listed
        kept = (listed == own) | (np.isin(listed, contrast) & np.isin(own, contrast))
        return np.asarray(listed[kept.all(axis=1)])
    if space.arms == len(contrast) and space.size < MOST_COUNTED:
        source = np.random.Generator(np.random.PCG64(seed))
        return numbered(space, source.integers(0, space.size, MONTE_CARLO))
    shuffling = random.Random(seed)
    others = [_shuffled(space, schedule, contrast, shuffling) for _ in range(MONTE_CARLO)]
    return np.array(others, dtype=np.int8)


@functools.lru_cache(maxsize=4)
def every_schedule(space: Space) -> Arms:
    """Return every schedule in alphabetical order, shape (S, blocks)."""
    begun = np.zeros((1, 0), dtype=np.int8)
    for _ in range(space.blocks):
        longer = [
            np.repeat(begun, space.arms, axis=0),
            np.tile(np.arange(space.arms, dtype=np.int8), len(begun))[:, None],
        ]
        begun = _possible(np.hstack(longer), space)
    begun.setflags(write=False)
    return begun


def _possible(begun: Arms, space: Space) -> Arms:
    """Return the beginnings in which no arm has too many blocks, in all or in a row."""
    last, each = begun[:, -1:], space.blocks // space.arms
    kept = (begun == last).sum(axis=1) <= each
    if begun.shape[1] > space.longest_run:
        kept &= (begun[:, -space.longest_run - 1 :] != last).any(axis=1)
    return np.asarray(begun[kept])


def numbered(space: Space, numbers: NDArray[np.int64]) -> Arms:
    """Return the schedules with these numbers, two arms; as `Space.at`, for many at once."""
    ways = ways_with_first_arm(space)
    rest, left = numbers.copy(), np.full(len(numbers), space.blocks // 2)
    last, run = np.full(len(numbers), -1), np.zeros(len(numbers), dtype=np.int64)
    chosen = np.empty((len(numbers), space.blocks), dtype=np.int8)
    for block in range(space.blocks):
        first = ways[block, left, last, run]
        arm = (rest >= first).astype(np.int64)
        rest -= first * arm
        left = left - (1 - arm)
        run = np.where(arm == last, run + 1, 1)
        last = arm
        chosen[:, block] = arm
    return chosen


@functools.lru_cache(maxsize=4)
def ways_with_first_arm(space: Space) -> NDArray[np.int64]:
    """Return how many schedules go on with the first arm, two arms.

    By block, blocks the first arm has left, arm before (-1 for none) and how often in a row.
    """
    half, longest = space.blocks // 2, space.longest_run
    table = np.zeros((space.blocks, half + 1, 3, longest + 1), dtype=np.int64)
    for block, left, last in itertools.product(range(space.blocks), range(1, half + 1), (-1, 0, 1)):
        other = space.blocks - block - left
        if not 0 <= other <= half:
            continue
        for run in range(longest + 1):
            if last != 0 or run < longest:
                after = run + 1 if last == 0 else 1
                table[block, left, last, run] = ways_on((left - 1, other), 0, after, longest)
    return table


def _shuffled(
    space: Space, schedule: Schedule, contrast: tuple[int, int], source: random.Random
) -> Schedule:
    """Return the schedule with the two arms' blocks shuffled, kept if runs stay short enough."""
    places = [i for i, arm in enumerate(schedule) if arm in contrast]
    while True:
        arms = source.sample([schedule[i] for i in places], len(places))
        other = list(schedule)
        for place, arm in zip(places, arms, strict=True):
            other[place] = arm
        if space.completions(tuple(other)):
            return tuple(other)


def statistics(scores: BlockScores, schedules: ArrayLike, contrast: tuple[int, int]) -> Array:
    """Return the standardised score of each schedule, shape (S,)."""
    arms = np.asarray(schedules)[:, : len(scores.score)]
    z = contrast_of(arms, contrast)
    variance = ((z @ scores.information) * z).sum(axis=1)
    return np.asarray((z @ scores.score) / np.sqrt(np.maximum(variance, 1e-12)))


def contrast_of(arms: ArrayLike, contrast: tuple[int, int]) -> Array:
    """Return +1/2 where the first arm of the contrast is, -1/2 where the second, else 0."""
    chosen = np.asarray(arms)
    first, second = (chosen == arm for arm in contrast)
    return np.asarray(0.5 * np.subtract(first, second, dtype=np.int8))
