"""Planted ratios are found again with the coverage promised; ways that leave something out fail.

The long run is `benchmarks/cohort_sequence.py`. Limits are what chance exceeds in fewer than two
of a thousand runs if 95 % of intervals hold the ratio.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np

from cohort_sequence import (
    AGAIN,
    ERROR_MEAN,
    ERROR_SPREAD,
    FALLING,
    RATIOS,
    SEASONAL,
    Found,
    Way,
    covered,
    many,
    replace_settings,
)
from nightcramp.cohort.sequence.controls import calibrated, systematic_error
from nightcramp.cohort.sequence.settings import settings

PLAIN = settings(profile_below=0)
ORDER = replace(FALLING, people=20_000, rate=0.02, prevalent=0.02)
SERIES = replace(AGAIN, people=6_000)
SEASON = replace(SEASONAL, people=25_000, rate=0.024)
ALL_MARKERS = replace_settings(PLAIN, all_markers=True, apart=0)
BRIEF = replace_settings(PLAIN, risk=60, before=30)

COUNT, LEAST = 60, 217 / 240
"""Populations a ratio, and what part of all intervals must hold it."""
SERIES_COUNT, SERIES_LEAST = 25, 87 / 100
SEASON_COUNT, SEASON_LEAST = 25, 19 / 25
BROKEN_COUNT = 20


@functools.cache
def order(way: str) -> list[Found]:
    """Return what becomes of the planted ratios by order of starts."""
    ways = {
        "right": PLAIN,
        "crude": replace_settings(PLAIN, trend="none"),
        "no run-in": replace_settings(PLAIN, run_in=0),
    }
    chosen = Way(way, ORDER, "sequence", ways[way])
    count = COUNT if way == "right" else BROKEN_COUNT
    return [one for ratio in RATIOS for one in many(chosen, ratio, range(count))]


@functools.cache
def series(way: str) -> list[Found]:
    """Return what becomes of them by case series."""
    ways = {
        "right": ALL_MARKERS,
        "timeless": replace_settings(ALL_MARKERS, calendar=False, ages=False),
    }
    chosen = Way(way, SERIES, "series", ways[way])
    count = SERIES_COUNT if way == "right" else BROKEN_COUNT // 2
    return [one for ratio in RATIOS for one in many(chosen, ratio, range(count))]


def honest(found: list[Found]) -> float:
    """Return how much estimates vary, in units of their standard errors: 1 if those are right."""
    return float(np.std([one.off / one.se for one in found]))


def bias(found: list[Found]) -> float:
    """Return the mean log error, in units of how exactly it is known."""
    off = np.array([one.off for one in found])
    return float(off.mean() / off.std(ddof=1) * math.sqrt(len(off)))


def test_the_order_of_starts_finds_planted_ratios() -> None:
    found = order("right")
    assert len(found) == COUNT * len(RATIOS)
    assert covered(found) >= LEAST
    assert 0.85 < honest(found) < 1.15
    assert abs(bias(found)) < 3.2


def test_the_order_of_starts_rarely_finds_what_is_not_there() -> None:
    """Of 60 medicines that do nothing, fewer than nine have an interval beside 1."""
    nothing = order("right")[:COUNT]
    assert sum(one.above or one.below for one in nothing) < 9


def test_without_the_trend_it_fails_the_same_check() -> None:
    assert covered(order("crude")) < LEAST
    assert bias(order("crude")) < -6


def test_without_a_run_in_it_fails_the_same_check() -> None:
    assert covered(order("no run-in")) < LEAST
    assert bias(order("no run-in")) < -6


def test_the_case_series_finds_planted_ratios() -> None:
    found = series("right")
    assert len(found) == SERIES_COUNT * len(RATIOS)
    assert covered(found) >= SERIES_LEAST
    assert 0.75 < honest(found) < 1.25
    assert abs(bias(found)) < 3.2


def test_a_case_series_blind_to_age_and_year_fails_the_same_check() -> None:
    assert covered(series("timeless")) < SERIES_LEAST


def test_a_case_series_of_a_seasonal_medicine_needs_the_season() -> None:
    """Begun in early summer, acting for two months: cramps of summer look like its work."""
    right = many(Way("season", SEASON, "series", BRIEF), 1.0, range(SEASON_COUNT))
    blind = replace_settings(BRIEF, harmonics=0)
    broken = many(Way("no season", SEASON, "series", blind), 1.0, range(SEASON_COUNT))
    assert covered(right) >= SEASON_LEAST
    assert covered(broken) < SEASON_LEAST
    assert bias(broken) > 4


def test_ratios_freed_of_a_shared_error_hold_the_truth_as_often_as_they_say() -> None:
    """Eight controls; every log ratio off by Normal(0.15, 0.15^2). Left in, most intervals fail."""
    rng = np.random.default_rng(7)
    raw = freed = 0
    for _round in range(120):
        se = rng.uniform(0.06, 0.15, 9)
        logs = rng.normal(ERROR_MEAN, ERROR_SPREAD, 9) + rng.normal(0, se)
        truth = math.log(1.47)
        error = systematic_error(logs[1:].tolist(), se[1:].tolist(), PLAIN.most_spread)
        seen = calibrated(truth + logs[0], float(se[0]), error, 0.95).ratio
        freed += seen.low <= 1.47 <= seen.high
        raw += abs(logs[0]) <= 1.96 * se[0]
    assert freed >= 106
    assert raw < 90
