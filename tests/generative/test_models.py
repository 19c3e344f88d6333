"""All models in turns against each model by itself, in the Gaussian case where both are exact."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightcramp.diary.design import Design, fill
from nightcramp.diary.history import Array
from nightcramp.diary.latent import Problem
from nightcramp.diary.models import Gaussian, active_columns, enumerate_models


def design(choices: tuple[tuple[int, ...], ...], random: np.random.Generator) -> Design:
    """Return a design of exposure columns only, with a prior for each."""
    width = sum(map(len, choices))
    problem = Problem(
        np.zeros(3),
        np.zeros((3, width)),
        random.normal(0, 0.5, width),
        random.uniform(1.0, 9.0, width),
    )
    probability = random.uniform(0.05, 0.3, width)
    return Design(problem, 0, choices, probability, (0,) * width, np.ones(width), np.zeros(width))


def evidence(likelihood: Gaussian, node: int, found: Design, columns: list[int]) -> float:
    """Return log evidence of the columns in against nothing in, by one dense integral."""
    if not columns:
        return 0.0
    prior = np.diag(found.problem.precision[columns])
    mean = found.problem.mean[columns]
    posterior = likelihood.curvature[node][np.ix_(columns, columns)] + prior
    pull = likelihood.linear[node, columns] + prior @ mean
    gain = pull @ np.linalg.solve(posterior, pull) - mean @ prior @ mean
    gain += np.linalg.slogdet(prior)[1] - np.linalg.slogdet(posterior)[1]
    return float(0.5 * gain)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 2), min_size=1, max_size=5), st.integers(0, 10_000))
def test_every_model_has_its_own_evidence(lags: list[int], seed: int) -> None:
    """Taking exposures in turn gives each model what its own integral gives."""
    random = np.random.default_rng(seed)
    edges = np.cumsum([0, *lags])
    choices = tuple(tuple(range(a, b)) for a, b in itertools.pairwise(edges))
    found = design(choices, random)
    root = random.normal(size=(2, edges[-1], edges[-1] + 3)) * 2
    likelihood = Gaussian(random.normal(0, 3, (2, edges[-1])), root @ root.transpose(0, 2, 1))
    models = enumerate_models(likelihood, found)
    assert len(models.chosen) == np.prod([size + 1 for size in lags])
    assert len(np.unique(models.chosen, axis=0)) == len(models.chosen)
    active = active_columns(models.chosen, found)
    for which, row in enumerate(active):
        columns = [int(c) for c in np.flatnonzero(row)]
        for node in (0, 1):
            expected = evidence(likelihood, node, found, columns) + prior(found, columns)
            assert models.log_weight[node, which] == pytest.approx(expected, abs=1e-8)


def prior(found: Design, columns: list[int]) -> float:
    """Return the log prior probability of a model."""
    total = 0.0
    for choice in found.choices:
        inside = [c for c in columns if c in choice]
        rest = 1 - found.probability[list(choice)].sum()
        total += np.log(found.probability[inside[0]] if inside else rest)
    return float(total)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 0.9))
def test_filling_keeps_what_was_recorded_and_leaves_no_gap(seed: int, share: float) -> None:
    """Missing days are filled, recorded ones stay as they are, whatever is missing."""
    random = np.random.default_rng(seed)
    columns = random.normal(size=(50, 4))
    columns[:, 1] = 0.9 * columns[:, 0] + 0.1 * columns[:, 1]
    gone = random.random(columns.shape) < share
    holed = np.where(gone, np.nan, columns)
    filled = fill(holed)
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[~gone], columns[~gone])


def test_a_missing_day_is_what_its_companion_leads_to_expect() -> None:
    """Two exposures that go together: the recorded one tells of the other."""
    random = np.random.default_rng(1)
    one = random.normal(size=400)
    both: Array = np.column_stack([one, one + 0.2 * random.normal(size=400)])
    holed = both.copy()
    holed[:80, 1] = np.nan
    error = np.abs(fill(holed)[:80, 1] - both[:80, 1]).mean()
    assert error < 0.4 * np.abs(both[:80, 1]).mean()
