"""The test at the end and the looks before it, together: they err in no more than one part.

Where the arms make no difference the nights are fixed, so it can be listed under which schedules
a look on the way would have given a verdict. The test at the end takes those schedules as the
most extreme ones: it has what the looks have really spent taken off, which is little, and not
what they might have.
"""

from __future__ import annotations

import numpy as np

from nightcramp.trial.betting import Slab, odds_of, stakes_of
from nightcramp.trial.schedule import Schedule, Space
from nightcramp.trial.score import TIE, Arms, Looks, every_schedule, numbered, statistics

MOST_FOLLOWED = 20_000
DRAWN = 4_999
TWO = (0, 1)


def p_with_looks(
    looks: Looks, slab: Slab, space: Space, schedule: Schedule, limit: float, seed: int
) -> float:
    """Return the share of schedules that look as extreme, or whose stake reached the limit.

    Two arms, after the last block. Large spaces are drawn from.
    """
    listed = space.size <= MOST_FOLLOWED
    arms = every_schedule(space) if listed else _drawn(space, seed)
    scores = looks.final()
    own = abs(statistics(scores, [schedule], TWO)[0])
    extreme = np.abs(statistics(scores, arms, TWO)) >= own - TIE
    stakes = stakes_of(looks, slab, arms, odds_of(space, arms, TWO), TWO)
    counted = int((extreme | (stakes.max(axis=1) >= limit)).sum())
    return counted / len(arms) if listed else (1 + counted) / (1 + len(arms))


def _drawn(space: Space, seed: int) -> Arms:
    source = np.random.Generator(np.random.PCG64(seed))
    return numbered(space, source.integers(0, space.size, DRAWN))
