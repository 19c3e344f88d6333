"""The analysis of one history: each exposure's probability, size, and what chance would do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nightcramp.diary.design import Design, design_of
from nightcramp.diary.diagnostics import strange_counts
from nightcramp.diary.history import Array, History
from nightcramp.diary.posterior import Mixture, Weighed, posterior_of
from nightcramp.diary.replicas import Strength, few_nodes, null_histories, replicas, strengths
from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.schema import DiaryModel
from nightcramp.language import gettext

INTERVAL = 0.95
BISECTIONS = 50


@dataclass(frozen=True)
class Weighing:
    """What a history says of one exposure.

    `probability`: that it matters. `mean`, `sd`, `low`, `high`: of the log rate ratio of one
    unit if it matters; the interval holds 95 %. `lag`: the day that most likely acts.
    `log_factor`: log Bayes factor for mattering, by the quick weighing. `chance`: part of null
    histories in which some exposure is spoken for as strongly; NaN if nobody counted.
    `information`: what the nights tell of the coefficient, in 1/variance, the published belief
    left out.
    """

    id: str
    probability: float
    mean: float
    sd: float
    low: float
    high: float
    lag: int
    log_factor: float
    chance: float
    information: float


@dataclass(frozen=True)
class Chance:
    """What the analysis does on null histories like this one.

    `histories`: how many were made. `with_finding`: in how many something would have been
    found. `strong`: the log Bayes factor that only `found_rate` of them reach.
    """

    histories: int
    with_finding: int
    strong: float


@dataclass(frozen=True)
class Analysis:
    """Everything computed from a history; `strange` names diagnostics that failed."""

    exposures: tuple[Weighing, ...]
    chance: Chance | None
    strange: tuple[str, ...]
    design: Design
    mixture: Mixture


def analyse(
    history: History, model: DiaryModel | None = None, *, always_count_chance: bool = False
) -> Analysis:
    """Return the analysis of a history with at least one exposure; the same in, the same out.

    Null histories are made only where something might be found, or where they are asked for.
    """
    model = model or knowledge().diary_model
    random = np.random.Generator(np.random.PCG64(model.seed))
    design = design_of(history, model)
    mixture, weighed = posterior_of(design, model)
    nodes = few_nodes(weighed)
    own = strengths(design, history.cramps[:, None], nodes)
    hopeful = bool((mixture.inclusion_of(design) >= model.found_probability).any())
    null = None
    if hopeful or always_count_chance:
        counts = null_histories(design, weighed, model.null_histories, random)
        null = strengths(design, counts, nodes)
    strange: tuple[str, ...] = ()
    if hopeful or always_count_chance:
        made = replicas(design, mixture, model.replicas, random)
        strange = strange_counts(history.cramps, made)
    if not mixture.converged:
        strange = (*strange, gettext("the computation did not settle"))
    return Analysis(
        exposures=_weighings(history, design, mixture, weighed, own, null),
        chance=_chance(null, model) if null else None,
        strange=strange,
        design=design,
        mixture=mixture,
    )


def _weighings(
    history: History,
    design: Design,
    mixture: Mixture,
    weighed: Weighed,
    own: Strength,
    null: Strength | None,
) -> tuple[Weighing, ...]:
    information = _information(design, weighed)
    inclusion = mixture.inclusion_of(design)
    strongest = null.log_factor.max(axis=1) if null else None
    result = []
    for place, exposure in enumerate(history.exposures):
        columns = list(design.choices[place])
        log_factor = float(own.log_factor[0, place])
        chance = math.nan
        if strongest is not None:
            chance = float(1 + (strongest >= log_factor).sum()) / (1 + len(strongest))
        best = columns[int(mixture.inclusion[columns].argmax())]
        mean, sd, low, high = _effect(mixture, place, columns)
        result.append(
            Weighing(
                id=exposure.id,
                probability=float(inclusion[place]),
                mean=mean,
                sd=sd,
                low=low,
                high=high,
                lag=design.lags[best],
                log_factor=log_factor,
                chance=chance,
                information=float(information[best]),
            )
        )
    return tuple(result)


def _effect(mixture: Mixture, place: int, columns: list[int]) -> tuple[float, float, float, float]:
    """Return mean, sd and 95 % interval of the coefficient given that it is in."""
    inside = mixture.chosen[:, place]
    used = inside > 0
    at = np.array(columns)[inside[used] - 1]
    rows = np.flatnonzero(used)
    weight = mixture.weight[rows]
    if not weight.sum() > 0:
        return 0.0, math.nan, math.nan, math.nan
    weight = weight / weight.sum()
    mean, sd = mixture.mean[rows, at], mixture.sd[rows, at]
    middle = float(weight @ mean)
    total = math.sqrt(float(weight @ (sd**2 + mean**2)) - middle**2)
    tail = (1 - INTERVAL) / 2
    return middle, total, quantile(weight, mean, sd, tail), quantile(weight, mean, sd, 1 - tail)


def quantile(weight: Array, mean: Array, sd: Array, part: float) -> float:
    """Return a quantile of a mixture of normals, by bisection."""
    low, high = float((mean - 10 * sd).min()), float((mean + 10 * sd).max())
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        if float(weight @ _normal_cdf((middle - mean) / sd)) < part:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _normal_cdf(z: Array) -> Array:
    return np.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in z])


def _information(design: Design, weighed: Weighed) -> Array:
    """Return the information on each exposure column, others integrated out, shape (R,)."""
    best = int(np.logaddexp.reduce(weighed.log_joint(), axis=1).argmax())
    prior = design.problem.precision[design.common :]
    variance = np.diag(np.linalg.inv(weighed.full.information[best]))[design.common :]
    return np.asarray(np.maximum(1.0 / variance - prior, 0.0))


def _chance(null: Strength, model: DiaryModel) -> Chance:
    """Return how often the rule for findings would fire on the null histories."""
    strongest = null.log_factor.max(axis=1)
    strong = float(np.quantile(strongest, 1 - model.found_rate, method="higher"))
    fires = (null.log_factor >= strong) & (null.probability >= model.found_probability)
    return Chance(len(strongest), int(fires.any(axis=1).sum()), strong)
