"""From a history to columns: what every night has (trend, season, weekday) and the exposures."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from nightcramp.diary.history import Array, Exposure, History
from nightcramp.diary.latent import Problem
from nightcramp.knowledge.schema import DiaryModel

YEAR = 365.25
WEEK = 7


@dataclass(frozen=True)
class Design:
    """The columns of a history: first those of every night, then a column an exposure and lag.

    `choices`: for each exposure the indices, counted from the first exposure column, of its
    columns; at most one of them is in a model. `odds_in`: prior probability of each column.
    """

    problem: Problem
    common: int
    choices: tuple[tuple[int, ...], ...]
    probability: Array
    lags: tuple[int, ...]
    scale: Array
    center: Array


def design_of(history: History, model: DiaryModel) -> Design:
    """Return the columns and priors of a history."""
    common = common_columns(history.first, len(history.cramps))
    columns: list[Array] = []
    choices: list[tuple[int, ...]] = []
    lags: list[int] = []
    probability: list[float] = []
    exposures = history.exposures
    centers = np.array([center_of(item) for item in exposures])
    scales = np.array([scale_of(item) for item in exposures])
    for item, center, scale in zip(exposures, centers, scales, strict=True):
        place = len(columns)
        choices.append(tuple(range(place, place + len(item.lags))))
        for lag, part in zip(item.lags, _parts(item, model), strict=True):
            columns.append(_lagged((item.values - center) / scale, lag))
            lags.append(lag)
            probability.append(item.inclusion * part)
    filled = fill(np.column_stack(columns)) if columns else np.empty((len(common), 0))
    mean, sd = common_prior(model)
    for item in exposures:
        mean += [item.mean] * len(item.lags)
        sd += [item.sd] * len(item.lags)
    return Design(
        problem=Problem(
            counts=history.cramps,
            columns=np.hstack([common, filled]),
            mean=np.array(mean),
            precision=np.array(sd) ** -2.0,
        ),
        common=common.shape[1],
        choices=tuple(choices),
        probability=np.array(probability),
        lags=tuple(lags),
        scale=scales,
        center=centers,
    )


def center_of(exposure: Exposure) -> float:
    """Return the mean of the recorded days."""
    return float(np.nanmean(exposure.values))


def scale_of(exposure: Exposure) -> float:
    """Return one unit of an exposure: 1 for yes/no, two standard deviations of an amount."""
    if exposure.yes_no:
        return 1.0
    return 2.0 * float(np.nanstd(exposure.values)) or 1.0


def _parts(exposure: Exposure, model: DiaryModel) -> list[float]:
    """Return how the inclusion of an exposure is shared among its lags."""
    if len(exposure.lags) == 1:
        return [1.0]
    later = (1.0 - model.same_day) / (len(exposure.lags) - 1)
    return [model.same_day] + [later] * (len(exposure.lags) - 1)


def _lagged(values: Array, lag: int) -> Array:
    """Return the values of `lag` days before each night, NaN before the first."""
    if lag == 0:
        return values
    return np.concatenate([np.full(lag, np.nan), values[:-lag]])


def common_columns(first: dt.date, nights: int) -> Array:
    """Return intercept, trend, the year's wave and weekdays, shape (nights, 11)."""
    place = np.arange(nights)
    trend = 2.0 * (place - (nights - 1) / 2) / max(nights - 1, 1)
    dates = [first + dt.timedelta(days=int(day)) for day in place]
    angle = 2 * np.pi * np.array([date.timetuple().tm_yday for date in dates]) / YEAR
    weekdays = np.array([date.weekday() for date in dates])
    return np.column_stack(
        [np.ones(nights), trend, np.sin(angle), np.cos(angle), np.eye(WEEK)[weekdays]]
    )


def common_prior(model: DiaryModel) -> tuple[list[float], list[float]]:
    """Return prior means and standard deviations of the columns of every night."""
    mean = [model.usual_mean] + [0.0] * (3 + WEEK)
    sd = [model.usual_sd, model.trend_sd, *[model.season_sd] * 2, *[model.weekday_sd] * WEEK]
    return mean, sd


def fill(columns: Array) -> Array:
    """Return columns without NaN: a missing day is what the others of that day lead to expect.

    The conditional mean of a normal whose mean and covariance come from the recorded days; 0,
    the centre, where nothing of the day was recorded. It uses no cramps, so it cannot make a
    finding by itself.
    """
    missing = np.isnan(columns)
    if not missing.any():
        return columns
    covariance = _covariance(columns)
    filled = np.where(missing, 0.0, columns)
    for pattern in np.unique(missing, axis=0):
        if not pattern.any() or pattern.all():
            continue
        rows = (missing == pattern).all(axis=1)
        known = ~pattern
        weights = np.linalg.solve(
            covariance[np.ix_(known, known)], covariance[np.ix_(known, pattern)]
        )
        filled[np.ix_(rows, pattern)] = filled[np.ix_(rows, known)] @ weights
    return filled


SHRINKAGE = 0.1


def _covariance(columns: Array) -> Array:
    """Return a positive definite covariance from the days both columns were recorded on."""
    seen = ~np.isnan(columns)
    values = np.where(seen, columns, 0.0)
    pairs = seen.T.astype(float) @ seen
    product = values.T @ values / np.maximum(pairs, 1.0)
    variance = np.maximum(np.diag(product), 1e-9)
    shrunk = product * (1 - SHRINKAGE)
    np.fill_diagonal(shrunk, variance)
    value, vector = np.linalg.eigh(shrunk)
    return np.asarray((vector * np.maximum(value, 1e-6 * variance.max())) @ vector.T)
