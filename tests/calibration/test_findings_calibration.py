"""Findings on simulated diaries: rarely false, honest intervals; a broken model fails both.

The long run is `benchmarks/findings_calibration.py`.
"""

from __future__ import annotations

import pytest

import diaries
import findings_calibration as calibration
from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.schema import DiaryModel

HISTORIES, DRAWN = 16, 32
MODEL = knowledge().diary_model
BROKEN = calibration.BROKEN["no drift, no spread"](MODEL)


def false_findings(model: DiaryModel) -> int:
    """Return in how many histories something was found, where nothing acts: the hard case.

    Ten exposures that come in spells, and cramps that do too (AR(1) of 0.8).
    """
    scenario = diaries.SCENARIOS["null-hard"]
    judged = [calibration.judge(scenario, n, model, rivals=False) for n in range(HISTORIES)]
    return sum(bool(item.found) for item in judged)


def held(model: DiaryModel) -> float:
    """Return the share of 95 % intervals that hold what the history was drawn with."""
    found = [calibration.drawn(number, model) for number in range(DRAWN)]
    return sum(d.held for d in found) / sum(d.intervals for d in found)


def test_spells_of_cramps_and_spells_of_anything_else_find_nothing() -> None:
    """At most one in twenty would be expected; a model without drift is fooled far oftener."""
    assert false_findings(MODEL) <= 2
    assert false_findings(BROKEN) > 2


def test_intervals_hold_the_truth() -> None:
    """Nineteen in twenty would be expected; those of a model without drift hold fewer."""
    assert held(MODEL) >= 0.9
    assert held(BROKEN) < held(MODEL) - 0.03


def test_something_that_acts_strongly_is_found() -> None:
    """A year's diary finds most of what acts."""
    scenario = diaries.SCENARIOS["acting-365-nights-rate-2.0-rho-0.0"]
    judged = [calibration.judge(scenario, n, MODEL, rivals=False) for n in range(3)]
    assert sum(item.acting_found for item in judged) >= 6


def test_ranks_are_compared_with_uniform() -> None:
    """The measure of misfit is small for even ranks and large for crowded ones."""
    even = [(i + 0.5) / 200 for i in range(200)]
    assert calibration.misfit(even) == pytest.approx(0.0)
    assert calibration.misfit([rank / 2 for rank in even]) > calibration.LIMIT
