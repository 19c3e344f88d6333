"""Reasons to withhold: counts the model cannot make, and nights logged only when bad."""

from __future__ import annotations

import math

import numpy as np

from nightcramp.diary.history import Array
from nightcramp.knowledge.schema import DiaryModel
from nightcramp.language import gettext


def strange_counts(counts: Array, made: Array) -> tuple[str, ...]:
    """Return in words how the counts lie beyond all the fitted model makes.

    `counts`: shape (T,). `made`: replicated counts, shape (T, B), NaN at the same nights. Only
    the direction that would make intervals too narrow counts: somebody who writes down yes or
    no for a night has counts more even than the model's, and intervals rather too wide.
    """
    return tuple(
        words
        for words, statistic in (
            (
                gettext("nights without a cramp are more common than the model can make them"),
                _zeros,
            ),
            (gettext("the worst night is worse than the model can make it"), _worst),
            (gettext("neighbouring nights are more alike than the model can make them"), _likeness),
        )
        if statistic(counts[:, None])[0] > statistic(made).max()
    )


def _zeros(counts: Array) -> Array:
    return np.asarray((counts == 0).sum(axis=0) / (~np.isnan(counts)).sum(axis=0))


def _worst(counts: Array) -> Array:
    return np.asarray(np.nanmax(counts, axis=0))


def _likeness(counts: Array) -> Array:
    """Return the correlation of neighbouring nights' square roots; 0 where nothing varies."""
    roots = np.sqrt(counts)
    roots = roots - np.nanmean(roots, axis=0)
    together = np.nansum(roots[1:] * roots[:-1], axis=0)
    alone = np.nansum(roots**2, axis=0)
    return np.asarray(together / np.where(alone > 0, alone, 1.0))


def logs_only_bad_nights(counts: Array, model: DiaryModel) -> bool:
    """Return whether nights without a cramp seem to be left out of the diary.

    True where many nights are not logged, hardly a logged one is free of cramps, and fewer are
    than the counts of the others lead to expect (their zero-truncated Poisson rate; real counts
    are more spread out, which would make free nights commoner still).
    """
    logged = counts[~np.isnan(counts)]
    if len(logged) == 0 or 1 - len(logged) / len(counts) < model.unlogged:
        return False
    bad = logged[logged > 0]
    if len(bad) == 0:
        return False
    if len(logged) - len(bad) > model.hardly_free * len(logged):
        return False
    free = math.exp(-truncated_rate(float(bad.mean())))
    return _at_most(len(logged) - len(bad), len(logged), free) < model.only_bad


def truncated_rate(mean: float) -> float:
    """Return the Poisson rate whose counts above zero have this mean (at least 1)."""
    low, high = 1e-9, mean
    for _ in range(60):
        middle = 0.5 * (low + high)
        if middle / -math.expm1(-middle) < mean:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _at_most(successes: int, trials: int, probability: float) -> float:
    """Return the binomial probability of at most so many successes."""
    logs = [
        math.lgamma(trials + 1)
        - math.lgamma(k + 1)
        - math.lgamma(trials - k + 1)
        + k * math.log(probability)
        + (trials - k) * math.log1p(-probability)
        for k in range(successes + 1)
    ]
    return math.fsum(math.exp(value) for value in logs)
