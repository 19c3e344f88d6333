"""How much each factor explains: exact Shapley values of the multiplicative model.

v(S) = 1 - product over S of a_f with a_f = 1/theta_f is the part of the cramps that would go
without the factors in S. Its multilinear extension gives the Shapley value in closed form,

    share_f = (1 - a_f) * integral_0^1  product over g != f of (1 - t (1 - a_g)) dt,

a polynomial of degree K - 1 in t, so Gauss-Legendre with ceil(K / 2) nodes is exact. The
shares and the unexplained part, the product of all a_f, sum to one. Each share is linear in
every a_g, and factors are independent, so the expected shares are the shares at E[a].
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from nightcramp.assess.effects import Multiplier

Array = NDArray[np.float64]


def shapley(inverse: Array) -> Array:
    """Return the shares for a = 1/theta of shape (..., K); same shape."""
    count = inverse.shape[-1]
    if count == 0:
        return np.zeros_like(inverse)
    nodes, weights = _nodes(count)
    gone = 1.0 - inverse
    terms = 1.0 - nodes[:, None] * gone[..., None, :]
    others = _product_of_others(terms)
    integral: Array = np.einsum("n,...nk->...k", weights, others)
    return gone * integral


def unexplained(inverse: Array) -> Array:
    """Return the part no factor explains, shape (...)."""
    return np.asarray(np.prod(inverse, axis=-1))


@functools.lru_cache(maxsize=64)
def _nodes(count: int) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss((count + 1) // 2)
    return 0.5 * (nodes + 1.0), 0.5 * weights


def _product_of_others(terms: Array) -> Array:
    """Return the product over all but each last-axis entry, without dividing."""
    before = np.ones_like(terms)
    after = np.ones_like(terms)
    before[..., 1:] = np.cumprod(terms[..., :-1], axis=-1)
    after[..., :-1] = np.cumprod(terms[..., :0:-1], axis=-1)[..., ::-1]
    return before * after


def draw_inverses(multipliers: list[Multiplier], draws: int, seed: int) -> Array:
    """Return draws of a = 1/theta, shape (draws, K); the same seed gives the same draws."""
    random = np.random.Generator(np.random.PCG64(seed))
    uniform = random.random((2, draws, len(multipliers)))
    result = np.ones((draws, len(multipliers)))
    for column, item in enumerate(multipliers):
        point = np.searchsorted(np.cumsum(item.weight)[:-1], uniform[0, :, column])
        active = uniform[1, :, column] < item.active
        result[active, column] = item.inverse[point[active]]
    return result


def interval(draws: Array, part: float) -> tuple[Array, Array]:
    """Return the central interval of draws (axis 0) that holds `part` of them."""
    tail = (1.0 - part) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return low, high
