"""The intervals hold what they say, and a broken model is found out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import calibration

PEOPLE = 1500


def test_the_shipped_model_is_calibrated() -> None:
    """Ranks of the true shares are uniform, and 90 % intervals hold at least 90 %."""
    ranks, shares, rest = calibration.simulate(PEOPLE, 7)
    assert calibration.chi_square(ranks) < calibration.CRITICAL
    assert shares >= 0.9
    assert rest >= 0.9


@pytest.mark.parametrize(
    "broken", [calibration.broken_without_update, calibration.broken_overconfident]
)
def test_a_broken_model_fails_the_same_check(broken: calibration.Infer) -> None:
    """The check would notice a posterior that is not updated, or too sure of itself."""
    ranks, _, _ = calibration.simulate(PEOPLE, 7, broken)
    assert calibration.chi_square(ranks) > calibration.CRITICAL
