"""What the same inputs could tell: a boosted model, by cross-validation that keeps clusters whole.

It is the upper bound. It learns from this round's cramps, which the knowledge does not, so of
some settings the one with the best cross-validated area is taken: in its favour.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightcramp.validation.maps import crossed
from nightcramp.validation.statistics import auc

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
SETTINGS: tuple[dict[str, Any], ...] = (
    {"max_iter": 120, "max_leaf_nodes": 3, "min_samples_leaf": 40},
    {"max_iter": 80, "max_leaf_nodes": 4, "min_samples_leaf": 40},
    {"max_iter": 60, "max_leaf_nodes": 8, "min_samples_leaf": 40},
)
SHARED: dict[str, Any] = {
    "learning_rate": 0.05,
    "l2_regularization": 1.0,
    "max_features": 0.5,
    "early_stopping": False,
}
SEEDS = (1, 2, 3)
LEAST_PEOPLE = 20
"""A column in which fewer people differ from the rest is left out."""


def available() -> bool:
    """Return whether the library of the boosted model is installed."""
    try:
        import sklearn.ensemble  # type: ignore[import-untyped]  # noqa: F401
    except ImportError:
        return False
    return True


def boosted(inputs: Array, case: Flags, weight: Array, folds: NDArray[np.intp]) -> Array:
    """Return cross-validated probabilities by the best of the settings, the mean of all seeds.

    One thread: on a busy machine several wait for each other.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    told = inputs[:, [_tells(column) for column in inputs.T]]

    def tried(settings: dict[str, Any], seed: int) -> Array:
        return _crossed({**SHARED, **settings, "random_state": seed}, told, case, weight, folds)

    with threadpool_limits(1):
        first = [(settings, tried(settings, SEEDS[0])) for settings in SETTINGS]
        best, found = max(first, key=lambda one: auc(one[1], case, weight))
        every = [found, *(tried(best, seed) for seed in SEEDS[1:])]
    return np.asarray(np.mean(every, axis=0))


def _tells(column: Array) -> bool:
    counts = np.unique(column[~np.isnan(column)], return_counts=True)[1]
    return bool(counts.sum() - counts.max(initial=0) >= LEAST_PEOPLE)


def _crossed(
    settings: dict[str, Any], inputs: Array, case: Flags, weight: Array, folds: NDArray[np.intp]
) -> Array:
    from sklearn.ensemble import HistGradientBoostingClassifier

    def fitted(learn: Flags) -> Callable[[Flags], Array]:
        model = HistGradientBoostingClassifier(**settings)
        relative = weight[learn] / weight[learn].mean()
        model.fit(inputs[learn], case[learn], sample_weight=relative)
        return lambda held_out: np.asarray(model.predict_proba(inputs[held_out])[:, 1])

    return crossed(fitted, folds)
