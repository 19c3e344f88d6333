"""One person's nights as numbers: what was counted, and what may have acted on it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Exposure:
    """Something that may act on cramps, one value a day, and what was believed of it before.

    `values`: shape (nights,), in the measure's unit, NaN where not recorded; entry t is the day
    that ends in night t. `lags`: how many days before a night it may act. `inclusion`: how
    likely it acts at all, before the diary. If it acts, the log of the rate ratio of one unit
    is Normal(mean, sd); a unit is yes against no, or two standard deviations of an amount.
    """

    id: str
    label: str
    values: Array
    yes_no: bool
    lags: tuple[int, ...]
    inclusion: float
    mean: float
    sd: float
    unit: str = ""
    basis: str = ""
    """Where the belief comes from, in words."""


@dataclass(frozen=True)
class History:
    """Nights one after the other from `first` on, with no gaps: NaN is "not logged"."""

    first: dt.date
    cramps: Array
    """Shape (nights,): cramps of each night, NaN where nothing was logged."""
    exposures: tuple[Exposure, ...] = field(default=())
