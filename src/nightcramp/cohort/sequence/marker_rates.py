"""How often a marker comes, by calendar month and by age and sex: what order to expect by chance.

The rate of a stratum of age and sex in a month is the product of one number for each, fitted by
Poisson likelihood (iterative proportional fitting).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightcramp.cohort.sequence.histories import NEVER, Days, Histories, Whole

Floats = NDArray[np.float64]

YEAR = 365.25
OLDEST = 120
SEXES = 3
ROUNDS, CLOSE = 200, 1e-10


@dataclass(frozen=True)
class Strata:
    """Months, and bands of age by sex, into which days of histories are sorted.

    `edges`: first day of each month and of the one after the last. `bands`: first day of each
    band of age, counted from birth, and of the one after the last. Who has no known birth is in a
    band of their own, the last.
    """

    histories: Histories
    edges: Whole
    bands: Whole

    @property
    def count(self) -> int:
        """Return how many strata of age and sex there are."""
        return SEXES * len(self.bands)

    @property
    def months(self) -> int:
        """Return how many months there are."""
        return len(self.edges) - 1

    def days(self, rows: Whole, low: Whole, high: Whole) -> Floats:
        """Return the days from `low` to before `high` of histories: strata x months."""
        found = np.zeros((self.count, self.months))
        born = self.histories.born[rows].astype(np.int64)
        sex = self.histories.female[rows].astype(np.int64) % SEXES
        known = born != NEVER
        for band, since in enumerate(self.bands):
            if band == len(self.bands) - 1:
                first, last, there = low, high, ~known
            else:
                first = np.maximum(low, born + since)
                last = np.minimum(high, born + self.bands[band + 1])
                there = known
            there = there & (first < last)
            if there.any():
                part = self._by_month(sex[there], first[there], last[there])
                found[band * SEXES : (band + 1) * SEXES] += part
        return found

    def _by_month(self, sex: Whole, low: Whole, high: Whole) -> Floats:
        """Return the days in each month: sexes x months."""
        origin, span = int(self.edges[0]), int(self.edges[-1] - self.edges[0]) + 1
        begun = np.bincount(sex * span + (low - origin), minlength=SEXES * span)
        ended = np.bincount(sex * span + (high - origin), minlength=SEXES * span)
        there = np.cumsum((begun - ended).reshape(SEXES, span), axis=1)[:, :-1]
        return np.add.reduceat(there, self.edges[:-1] - origin, axis=1).astype(np.float64)

    def counts(self, rows: Whole, day: Days) -> Floats:
        """Return how many of these days fall in each stratum and month."""
        born = self.histories.born[rows].astype(np.int64)
        band = np.searchsorted(self.bands[:-1], day - born, side="right") - 1
        band = np.where(born == NEVER, len(self.bands) - 1, np.maximum(band, 0))
        sex = self.histories.female[rows].astype(np.int64) % SEXES
        month = np.searchsorted(self.edges, day, side="right") - 1
        place = (band * SEXES + sex) * self.months + month
        flat = np.bincount(place, minlength=self.count * self.months)
        return flat.reshape(self.count, self.months).astype(np.float64)


def strata_of(histories: Histories, band: int) -> Strata:
    """Return months over all observation, and bands of `band` years."""
    first = int(histories.entry.min(initial=NEVER))
    last = int(histories.exit.max(initial=first))
    return Strata(
        histories=histories,
        edges=month_edges(first, last),
        bands=np.round(np.arange(0, OLDEST + band, band) * YEAR).astype(np.int64),
    )


def month_edges(first: int, last: int) -> Whole:
    """Return the first day of each month from that of `first` to the one after that of `last`."""
    months = np.array([first, last], "datetime64[D]").astype("datetime64[M]")
    every = np.arange(months[0], months[1] + 2)
    return every.astype("datetime64[D]").astype(np.int64)


@dataclass(frozen=True)
class Rates:
    """A rate for each stratum and month: their product, and the events each rests on."""

    stratum: Floats
    month: Floats
    stratum_events: Floats
    month_events: Floats


def fit_rates(events: Floats, days: Floats) -> Rates:
    """Return the rates that fit events and days (strata x months) best."""
    in_stratum, in_month = events.sum(axis=1), events.sum(axis=0)
    month = np.ones(days.shape[1])
    stratum = np.zeros(days.shape[0])
    for _round in range(ROUNDS):
        stratum = _over(in_stratum, days @ month)
        updated = _over(in_month, stratum @ days)
        settled = np.allclose(updated, month, rtol=CLOSE, atol=0.0)
        month = updated
        if settled:
            break
    return Rates(stratum, month, in_stratum, in_month)


def _over(top: Floats, bottom: Floats) -> Floats:
    """Return a quotient, nothing where there was no time."""
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


@dataclass(frozen=True)
class Expected:
    """How many times likelier the marker comes after than before if nothing acts.

    `spread`: variance of its logarithm, as the rates are estimated.
    """

    ratio: float
    spread: float


def expected_order(rates: Rates, after: Floats, before: Floats) -> Expected | None:
    """Return the order that rates make likely, from days after and before (strata x months)."""
    each = np.outer(rates.stratum, rates.month)
    late, early = after * each, before * each
    if not late.sum() or not early.sum():
        return None
    moved = late / late.sum() - early / early.sum()
    spread = _spread(moved.sum(axis=0), rates.month_events)
    spread += _spread(moved.sum(axis=1), rates.stratum_events)
    return Expected(float(late.sum() / early.sum()), spread)


def _spread(weight: Floats, events: Floats) -> float:
    return float(np.sum(weight**2 / np.maximum(events, 1.0)))
