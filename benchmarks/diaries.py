"""Made-up diaries whose truth is known: what the findings are judged on.

`simulate` makes the diary of a named situation (`SCENARIOS`): how many nights, how often cramps
come, how nights hang together, what acts, and what the person forgets to write down.
`from_prior` draws everything from the priors of the findings model itself, which is what
simulation-based calibration needs. Values are rounded as a person would write them.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np

from nightcramp.diary.history import Array, Exposure, History

DAYS_A_YEAR = 365.25
START = dt.date(2025, 1, 1)
TWIN = 0.7
"""Correlation of an exposure with the one it goes along with."""
SUMMER = 2 * math.pi * 200 / DAYS_A_YEAR
"""When in the year simulated cramps are most frequent: late July."""
WEEKDAYS = np.array([-0.4, -0.4, -0.4, -0.4, 0.6, 1.0, 0.0])


@dataclass(frozen=True)
class Prior:
    """The priors of the findings model, written down a second time for its judges."""

    intercept: tuple[float, float] = (-1.0, 2.0)
    trend: float = 0.5
    season: float = 0.3
    weekday: float = 0.2
    sigma: float = 0.7
    rho: float = 0.95
    kappa: float = 0.7
    lags: tuple[float, float] = (0.75, 0.25)


PRIOR = Prior()


@dataclass(frozen=True)
class Kind:
    """A sort of exposure: `yes` is its share of yes days, none for an amount.

    `persistence`: correlation of a day with the next. `twin`: goes along with the exposure
    before it. `weekend`: belongs to the end of the week. `zeros`: share of days without any.
    """

    id: str
    yes: float | None = None
    persistence: float = 0.0
    twin: bool = False
    weekend: bool = False
    zeros: float = 0.0


RARE = Kind("rare", yes=0.15)
HALF = Kind("half", yes=0.5)
AMOUNT = Kind("amount")
DRINKS = Kind("drinks", zeros=0.6)
SPELLS = Kind("spells", yes=0.4, persistence=0.8)
DRIFT = Kind("drift", persistence=0.8)
TWIN_AMOUNT = Kind("twin", twin=True)
TWIN_SPELLS = Kind("twin_spells", yes=0.4, persistence=0.8, twin=True)
WEEKEND = Kind("weekend", yes=0.35, weekend=True)
KINDS = (RARE, HALF, AMOUNT, TWIN_AMOUNT, SPELLS, DRIFT, DRINKS, WEEKEND, HALF, RARE)
PERSISTENT = (SPELLS, TWIN_SPELLS, DRIFT, SPELLS, DRIFT, SPELLS, TWIN_SPELLS, DRIFT, SPELLS, DRIFT)


@dataclass(frozen=True)
class Belief:
    """What is believed of an exposure before the diary."""

    inclusion: float
    mean: float
    sd: float


PUBLISHED = Belief(0.3, 0.3, 0.4)
OWN = Belief(0.1, 0.0, 0.5)


@dataclass(frozen=True)
class Scenario:
    """A situation to simulate: the person, what acts on the cramps, and what goes unrecorded.

    `rate`: cramps a night to be expected. `effects`: log rate ratio of one unit of each
    exposure, in order, 0 from where it ends. `beliefs`: taken in turn. `acts_after`: days until
    effects show. `logged_with` and `logged_without`: share of nights written down, of those with
    cramps and those without. `whole_days`: a night not written down leaves no exposures either.
    """

    name: str
    nights: int = 120
    rate: float = 0.5
    kappa: float = 0.5
    rho: float = 0.5
    sigma: float = 0.6
    trend: float = 0.0
    season: float = 0.0
    weekday: float = 0.0
    kinds: tuple[Kind, ...] = KINDS
    effects: tuple[float, ...] = ()
    beliefs: tuple[Belief, ...] = (PUBLISHED, OWN)
    lags: tuple[int, ...] = (0,)
    acts_after: int = 0
    missing_nights: float = 0.0
    missing_days: float = 0.0
    logged_with: float = 1.0
    logged_without: float = 1.0
    whole_days: bool = False

    @property
    def null(self) -> bool:
        """Return whether nothing recorded acts on the cramps."""
        return not any(self.effects)


@dataclass(frozen=True)
class Truth:
    """What a diary was made from; `betas` are 0 for exposures that do not act."""

    intercept: float
    trend: float
    season: tuple[float, float]
    weekday: Array
    sigma: float
    rho: float
    kappa: float
    betas: Array
    included: tuple[bool, ...]
    lags: tuple[int, ...]
    latent: Array
    eta: Array


def simulate(scenario: Scenario, rng: np.random.Generator) -> tuple[History, Truth]:
    """Return a diary as such a person would keep it, and the truth behind it."""
    first = START + dt.timedelta(days=int(rng.integers(365)))
    exposures = make_exposures(scenario.kinds, first, scenario.nights, rng)
    exposures = _believed(exposures, scenario.beliefs, scenario.lags)
    betas = np.zeros(len(exposures))
    betas[: len(scenario.effects)] = scenario.effects
    latent = scenario.sigma * persistent(rng, scenario.nights, scenario.rho)
    truth = Truth(
        intercept=math.log(scenario.rate) - scenario.sigma**2 / 2,
        trend=scenario.trend,
        season=(scenario.season * math.sin(SUMMER), scenario.season * math.cos(SUMMER)),
        weekday=scenario.weekday * WEEKDAYS,
        sigma=scenario.sigma,
        rho=scenario.rho,
        kappa=scenario.kappa,
        betas=betas,
        included=tuple(bool(b) for b in betas),
        lags=(scenario.acts_after,) * len(exposures),
        latent=latent,
        eta=latent,
    )
    history, truth = _lived(first, exposures, truth, rng)
    return _as_kept(history, scenario, rng), truth


def from_prior(
    rng: np.random.Generator,
    nights: int,
    exposures: int = 3,
    *,
    kinds: tuple[Kind, ...] = KINDS,
    beliefs: tuple[Belief, ...] = (Belief(0.5, 0.3, 0.4), Belief(0.3, 0.0, 0.5)),
    lags: tuple[int, ...] = (0,),
    missing_nights: float = 0.0,
) -> tuple[History, Truth]:
    """Return a diary whose every unknown was drawn from the model's own priors."""
    first = START + dt.timedelta(days=int(rng.integers(365)))
    chosen = tuple(kinds[i % len(kinds)] for i in range(exposures))
    candidates = _believed(make_exposures(chosen, first, nights, rng), beliefs, lags)
    history, truth = _lived(first, candidates, _drawn(candidates, nights, rng), rng)
    gone = rng.random(nights) < missing_nights
    return replace(history, cramps=np.where(gone, np.nan, history.cramps)), truth


def _drawn(exposures: tuple[Exposure, ...], nights: int, rng: np.random.Generator) -> Truth:
    """Return a truth drawn from the priors, its log rates still to be worked out."""
    included = tuple(bool(rng.random() < e.inclusion) for e in exposures)
    betas = np.array([rng.normal(e.mean, e.sd) for e in exposures]) * included
    sigma, rho = abs(rng.normal(0, PRIOR.sigma)), rng.uniform(0, PRIOR.rho)
    latent = sigma * persistent(rng, nights, rho)
    return Truth(
        intercept=rng.normal(*PRIOR.intercept),
        trend=rng.normal(0, PRIOR.trend),
        season=(rng.normal(0, PRIOR.season), rng.normal(0, PRIOR.season)),
        weekday=rng.normal(0, PRIOR.weekday, 7),
        sigma=sigma,
        rho=rho,
        kappa=abs(rng.normal(0, PRIOR.kappa)),
        betas=betas,
        included=included,
        lags=tuple(int(rng.choice(e.lags, p=lag_prior(e.lags))) for e in exposures),
        latent=latent,
        eta=latent,
    )


def lag_prior(lags: tuple[int, ...]) -> Array:
    """Return how likely each lag is, given that the exposure acts."""
    return np.array(PRIOR.lags if len(lags) == 2 else [1.0])


def _lived(
    first: dt.date, exposures: tuple[Exposure, ...], truth: Truth, rng: np.random.Generator
) -> tuple[History, Truth]:
    """Return the nights as they were, nothing forgotten, with the truth's log rates."""
    nights = len(truth.latent)
    weights = [truth.intercept, truth.trend, *truth.season, *truth.weekday]
    eta = baseline(first, nights) @ np.array(weights) + truth.latent
    for exposure, beta, lag in zip(exposures, truth.betas, truth.lags, strict=True):
        eta = eta + beta * column(exposure, lag)
    return History(first, counts(eta, truth.kappa, rng), exposures), replace(truth, eta=eta)


def counts(eta: Array, kappa: float, rng: np.random.Generator) -> Array:
    """Return negative binomial counts of mean exp(eta) and variance mean + kappa mean^2."""
    wobble = rng.gamma(1 / kappa, kappa, len(eta)) if kappa > 1e-9 else np.ones(len(eta))
    return rng.poisson(np.exp(eta) * wobble).astype(float)


def baseline(first: dt.date, nights: int) -> Array:
    """Return what every night has: one, trend, sine and cosine of the year, seven weekdays."""
    evenings = [first + dt.timedelta(days=t) for t in range(nights)]
    trend = np.linspace(-1.0, 1.0, nights)
    turn = 2 * math.pi * np.array([e.timetuple().tm_yday for e in evenings]) / DAYS_A_YEAR
    weekday = np.eye(7)[[e.weekday() for e in evenings]]
    return np.column_stack([np.ones(nights), trend, np.sin(turn), np.cos(turn), weekday])


def column(exposure: Exposure, lag: int = 0) -> Array:
    """Return the exposure in units, `lag` days before each night; 0 where it is not known."""
    values = exposure.values
    spread = 1.0 if exposure.yes_no else 2 * float(np.nanstd(values))
    units = np.nan_to_num((values - np.nanmean(values)) / (spread or 1.0))
    return np.concatenate([np.zeros(lag), units[: len(units) - lag]])


def persistent(rng: np.random.Generator, nights: int, rho: float) -> Array:
    """Return a stationary AR(1) of variance 1."""
    values = rng.standard_normal(nights)
    for t in range(1, nights):
        values[t] = rho * values[t - 1] + math.sqrt(1 - rho**2) * values[t]
    return values


def make_exposures(
    kinds: tuple[Kind, ...], first: dt.date, nights: int, rng: np.random.Generator
) -> tuple[Exposure, ...]:
    """Return one exposure of each kind, complete, with nothing believed of it yet."""
    weekend = baseline(first, nights)[:, 4:] @ WEEKDAYS
    made, before = [], np.zeros(nights)
    for number, kind in enumerate(kinds):
        before = _underlying(kind, before, weekend, rng)
        name = f"x{number}_{kind.id}"
        values = _written(kind, before)
        made.append(Exposure(name, name, values, kind.yes is not None, (0,), 0.5, 0.0, 0.5))
    return tuple(made)


def _underlying(kind: Kind, before: Array, weekend: Array, rng: np.random.Generator) -> Array:
    """Return the hidden normal variable of each day that the kind is read off from."""
    fresh = persistent(rng, len(before), kind.persistence)
    if kind.twin:
        return TWIN * before + math.sqrt(1 - TWIN**2) * fresh
    if kind.weekend:
        return (fresh + 2 * weekend) / math.sqrt(1 + 4 * float(weekend.var()))
    return fresh


def _written(kind: Kind, underlying: Array) -> Array:
    """Return what is written down of each day: yes or no, or a skewed amount."""
    if kind.yes is not None:
        return (underlying > _normal_quantile(1 - kind.yes)).astype(float)
    if kind.zeros:
        return np.round(np.maximum(0.0, underlying - _normal_quantile(kind.zeros)) * 3)
    return np.round(10 * np.exp(0.6 * underlying), 1)


def _normal_quantile(share: float) -> float:
    return NormalDist().inv_cdf(share)


def _believed(
    exposures: tuple[Exposure, ...], beliefs: tuple[Belief, ...], lags: tuple[int, ...]
) -> tuple[Exposure, ...]:
    """Return the exposures with beliefs taken in turn."""
    return tuple(
        replace(e, lags=lags, inclusion=b.inclusion, mean=b.mean, sd=b.sd)
        for e, b in ((e, beliefs[i % len(beliefs)]) for i, e in enumerate(exposures))
    )


def _as_kept(history: History, scenario: Scenario, rng: np.random.Generator) -> History:
    """Return the history with what this person does not write down taken away."""
    nights = len(history.cramps)
    kept = np.where(history.cramps > 0, scenario.logged_with, scenario.logged_without)
    gone = rng.random(nights) >= kept * (1 - scenario.missing_nights)
    exposures = []
    for exposure in history.exposures:
        lost = rng.random(nights) < scenario.missing_days
        lost |= gone & scenario.whole_days
        exposures.append(replace(exposure, values=np.where(lost, np.nan, exposure.values)))
    return replace(
        history, cramps=np.where(gone, np.nan, history.cramps), exposures=tuple(exposures)
    )


def as_plain(history: History) -> dict[str, Any]:
    """Return the history as JSON can hold it, None for what was not recorded."""
    return {
        "first": history.first.isoformat(),
        "cramps": _plain(history.cramps),
        "exposures": [
            {
                "id": e.id,
                "values": _plain(e.values),
                "yes_no": e.yes_no,
                "lags": list(e.lags),
                "inclusion": e.inclusion,
                "mean": e.mean,
                "sd": e.sd,
            }
            for e in history.exposures
        ],
    }


def from_plain(plain: dict[str, Any]) -> History:
    """Return the history that `as_plain` wrote."""
    exposures = tuple(
        Exposure(
            id=e["id"],
            label=e["id"],
            values=np.array(e["values"], dtype=float),
            yes_no=e["yes_no"],
            lags=tuple(e["lags"]),
            inclusion=e["inclusion"],
            mean=e["mean"],
            sd=e["sd"],
        )
        for e in plain["exposures"]
    )
    first = dt.date.fromisoformat(plain["first"])
    return History(first, np.array(plain["cramps"], dtype=float), exposures)


def _plain(values: Array) -> list[float | int | None]:
    return [None if math.isnan(v) else int(v) if v == int(v) else float(v) for v in values]


ACTING = (0.8, 0.0, 0.5, 0.0, 0.6)
"""Effects of the scenarios in which something acts: the rare, the amount and the spells."""


def _grid(kind: str, effects: tuple[float, ...]) -> list[Scenario]:
    """Return all lengths, rates and dependences of the issue, by name."""
    return [
        Scenario(
            f"{kind}-{nights}-nights-rate-{rate}-rho-{rho}",
            nights=nights,
            rate=rate,
            rho=rho,
            effects=effects,
        )
        for nights in (60, 120, 365)
        for rate in (0.1, 0.5, 2.0)
        for rho in (0.0, 0.8)
    ]


def _special(kind: str, effects: tuple[float, ...]) -> list[Scenario]:
    """Return what else goes on in real diaries, one thing at a time and then together."""
    plain = Scenario(kind, effects=effects)
    return [
        replace(plain, name=f"{kind}-rho-0.5"),
        replace(plain, name=f"{kind}-hard", rho=0.8, nights=120, rate=1.0, kinds=PERSISTENT),
        replace(plain, name=f"{kind}-hard-year", rho=0.8, nights=365, rate=1.0, kinds=PERSISTENT),
        replace(plain, name=f"{kind}-overdispersed", kappa=1.5),
        replace(plain, name=f"{kind}-not-overdispersed", kappa=0.0, sigma=0.0),
        replace(plain, name=f"{kind}-trend", trend=-0.7),
        replace(plain, name=f"{kind}-season", nights=365, season=0.5),
        replace(plain, name=f"{kind}-weekday", weekday=0.4),
        replace(plain, name=f"{kind}-two-lags", lags=(0, 1), acts_after=1),
        replace(plain, name=f"{kind}-missing-nights", missing_nights=0.3),
        replace(plain, name=f"{kind}-missing-days", missing_days=0.3),
        replace(plain, name=f"{kind}-missing-both", missing_nights=0.3, whole_days=True),
        replace(plain, name=f"{kind}-logs-cramps-more", logged_with=0.95, logged_without=0.6),
        replace(
            plain,
            name=f"{kind}-logs-cramps-more-whole-days",
            logged_with=0.95,
            logged_without=0.6,
            whole_days=True,
        ),
        replace(plain, name=f"{kind}-only-bad-nights", logged_with=0.95, logged_without=0.03),
        replace(
            plain,
            name=f"{kind}-everything",
            nights=365,
            rho=0.8,
            trend=-0.5,
            season=0.4,
            weekday=0.3,
            missing_nights=0.15,
            missing_days=0.15,
        ),
    ]


SCENARIOS = {
    scenario.name: scenario
    for kind, effects in (("null", ()), ("acting", ACTING))
    for scenario in _grid(kind, effects) + _special(kind, effects)
}
