"""The closed form of the shares against an independent enumeration of all subsets."""

from __future__ import annotations

import itertools
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nightcramp.assess.shares import shapley, unexplained

multipliers = st.lists(st.floats(0.2, 50.0), min_size=1, max_size=12)


def enumerated(thetas: list[float]) -> list[float]:
    """Return Shapley values of v(S) = 1 - product of 1/theta by visiting every subset."""
    count = len(thetas)
    shares = []
    for one in range(count):
        others = [i for i in range(count) if i != one]
        total = 0.0
        for size in range(count):
            weight = math.factorial(size) * math.factorial(count - size - 1)
            for chosen in itertools.combinations(others, size):
                without = math.prod(1 / thetas[i] for i in chosen)
                total += weight * (without - without / thetas[one])
        shares.append(total / math.factorial(count))
    return shares


@settings(max_examples=25, deadline=None, derandomize=True)
@given(multipliers)
def test_closed_form_equals_enumeration(thetas: list[float]) -> None:
    """Up to twelve factors, protective ones too, the shares are the exact Shapley values."""
    exact = enumerated(thetas)
    scale = max(1.0, float(np.prod([max(1.0, 1 / t) for t in thetas])))
    assert np.allclose(shapley(1 / np.array(thetas)), exact, atol=1e-13 * scale, rtol=0)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.floats(1.0, 50.0), min_size=0, max_size=45))
def test_shares_and_the_unexplained_part_sum_to_one(thetas: list[float]) -> None:
    """Nothing is lost and nothing counted twice, whatever the number of factors."""
    inverse = 1 / np.array(thetas, dtype=float)
    assert abs(shapley(inverse).sum() + unexplained(inverse) - 1) < 1e-12


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.floats(1.0, 20.0), min_size=2, max_size=10))
def test_a_stronger_factor_never_gets_a_smaller_share(thetas: list[float]) -> None:
    """Of two factors the one with the larger multiplier explains at least as much."""
    shares = shapley(1 / np.array(thetas))
    order = np.argsort(thetas, kind="stable")
    assert np.all(np.diff(shares[order]) >= -1e-12)
