"""The posterior of one factor against a plain Bayesian calculation on a fine grid."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nightcramp.assess.effects import multiplier
from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.schema import Effect


def effect(ratio: float, low: float, high: float) -> Effect:
    """Return a published effect of grade B."""
    return Effect(
        ratio=ratio,
        low=low,
        high=high,
        measure="ratio",
        population="test",
        grade="B",
        status="published",
        source=["Garrison2012"],
    )


def by_hand(item: Effect, presence: float, credibility: float, pattern: float) -> float:
    """Return E[share of cramps due] by summing over activity, strength and due or not."""
    sd = (math.log(item.high) - math.log(item.low)) / (2 * 1.959964)
    prior = knowledge().model.shrink_sd
    kept = prior**2 / (prior**2 + sd**2)
    mean, spread = math.log(item.ratio) * kept, sd * math.sqrt(kept)
    strengths = np.linspace(0, max(mean + 6 * spread, 6 * spread), 20001)
    weight = np.exp(-0.5 * ((strengths - mean) / spread) ** 2)
    weight /= weight.sum()
    due = 1 - np.exp(-strengths)
    seen_if_due, seen_if_not = pattern / (1 + pattern), 1 / (1 + pattern)
    joint_due = presence * credibility * (weight * due * seen_if_due).sum()
    joint_active = joint_due + presence * credibility * (weight * (1 - due) * seen_if_not).sum()
    joint_inactive = (1 - presence * credibility) * seen_if_not
    return float(joint_due / (joint_active + joint_inactive))


@pytest.mark.parametrize("ratio", [(1.48, 1.29, 1.68), (6.5, 1.68, 38.0), (0.9, 0.54, 1.49)])
@pytest.mark.parametrize("presence", [0.2, 1.0])
@pytest.mark.parametrize("pattern", [0.34, 1.0, 9.0])
def test_expected_share_of_one_factor(
    ratio: tuple[float, float, float], presence: float, pattern: float
) -> None:
    """Alone, a factor's expected share is the probability that a cramp is due to it."""
    item = effect(*ratio)
    found = multiplier(
        item, presence=presence, credibility=0.7, pattern=pattern, model=knowledge().model
    )
    assert 1 - found.expected_inverse == pytest.approx(
        by_hand(item, presence, 0.7, pattern), abs=2e-3
    )
