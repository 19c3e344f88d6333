"""What others would conclude from the same person's nights, written down as plainly as they do it.

`paired_t`, `before_and_after`, `two_lines`: what is done every day. `lab_rule`: the published rule
of the open project n-of-1-lab, as read from its method page and written anew: pairs of periods
in random order, the difference of their means, clipped to 1.5 times the mean size of the
differences before it (1 for the first); wealth is the mean over 18 bets of 0.1 to 0.9 on either
sign; an effect is declared when it ever reaches 20. After every pair it is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nightcramp.diary.history import Array
from trial_people import Person

ERROR = 0.05
CLIP = 1.5
BETS = np.concatenate([np.arange(1, 10), -np.arange(1, 10)]) / 10
FEWEST = 3
STEPS = 400


def t_p_value(differences: Sequence[float] | Array, spread: float, freedom: int) -> float:
    """Return the two-sided p-value of a mean with its standard error, by numerical integration."""
    mean = float(np.mean(differences))
    if spread <= 0 or freedom < 1:
        return 1.0 if mean == 0 else 0.0
    angle = math.atan(abs(mean) / spread / math.sqrt(freedom))
    inside = _area(angle, freedom)
    return 1.0 - inside / _area(math.pi / 2, freedom)


def _area(angle: float, freedom: int) -> float:
    line = np.linspace(0.0, angle, STEPS)
    return float(np.trapezoid(np.cos(line) ** (freedom - 1), line))


def paired_t(differences: Sequence[float] | Array) -> float:
    """Return the p-value of Student's paired test; 1 for fewer than two pairs."""
    count = len(differences)
    if count < 2:
        return 1.0
    return t_p_value(differences, float(np.std(differences, ddof=1)) / math.sqrt(count), count - 1)


def pairs_of_blocks(counts: Array, schedule: Sequence[int], nights: int, washout: int) -> Array:
    """Return mean differences: the first block of one arm less the first of the other, and on."""
    blocks = counts.reshape(-1, nights)[:, washout:]
    sizes = (~np.isnan(blocks)).sum(axis=1)
    means = np.where(sizes > 0, np.nansum(blocks, axis=1) / np.maximum(sizes, 1), np.nan)
    arms = np.array(schedule)
    differences = means[arms == 0] - means[arms == 1]
    return np.asarray(differences[~np.isnan(differences)])


def t_at_end(differences: Array) -> bool:
    """Return what one look after the last pair says."""
    return paired_t(differences) <= ERROR


def t_with_peeking(differences: Array) -> bool:
    """Return whether a look after some pair, from the third on, ever finds something."""
    return any(t_at_end(differences[:n]) for n in range(FEWEST, len(differences) + 1))


def before_and_after(person: Person) -> bool:
    """Return whether the second half of the nights, with the first arm, differs from the first."""
    nights = len(person.level)
    on = (np.arange(nights) >= nights // 2).astype(float)
    return two_lines(person.lived(on), on)


def two_lines(counts: Array, on: Array) -> bool:
    """Return what ordinary least squares of counts on the arm says, nights taken as independent."""
    seen = ~np.isnan(counts)
    first, second = counts[seen & (on > 0)], counts[seen & (on == 0)]
    freedom = len(first) + len(second) - 2
    if min(len(first), len(second)) < 1 or freedom < 1:
        return False
    squares = ((first - first.mean()) ** 2).sum() + ((second - second.mean()) ** 2).sum()
    spread = math.sqrt(squares / freedom * (1 / len(first) + 1 / len(second)))
    return t_p_value([float(first.mean() - second.mean())], spread, freedom) <= ERROR


def two_lines_with_peeking(counts: Array, on: Array, nights: int) -> bool:
    """Return whether least squares, looked at after every block of nights, ever finds something."""
    ends = range(2 * nights, len(counts) + 1, nights)
    return any(two_lines(counts[:end], on[:end]) for end in ends)


def lab_rule(differences: Sequence[float]) -> bool:
    """Return whether the published betting rule ever declares an effect."""
    wealth, total = np.ones(len(BETS)), 0.0
    for place, difference in enumerate(differences):
        scale = (total / place if place else 1.0) or 1.0
        wealth *= 1 + BETS * max(-1.0, min(1.0, difference / (CLIP * scale)))
        total += abs(difference)
        if wealth.mean() >= 1 / ERROR:
            return True
    return False


def lab_trial(person: Person, period: int, random: np.random.Generator) -> bool:
    """Return what the published rule says of this person on trial in pairs of such periods."""
    pairs = len(person.level) // (2 * period)
    first = random.random(pairs) < 0.5
    halves = np.stack([first, ~first], axis=1).astype(float)
    on = np.repeat(halves.ravel(), period)
    on = np.concatenate([on, np.zeros(len(person.level) - len(on))])
    counts = person.lived(on)[: 2 * period * pairs].reshape(pairs, 2, period)
    differences = []
    for begun, pair in zip(first, counts, strict=True):
        if not np.isnan(pair).all(axis=1).any():
            one, other = np.nanmean(pair, axis=1)
            differences.append(float(other - one if begun else one - other))
    return lab_rule(differences)
