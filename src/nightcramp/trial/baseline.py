"""How a person's nights are without any trial: from their own diary, or as published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nightcramp.diary.design import common_columns, common_prior
from nightcramp.diary.history import Array
from nightcramp.diary.hyper import explore
from nightcramp.diary.latent import Hyper, Problem, fit
from nightcramp.knowledge.schema import DiaryModel, TrialModel
from nightcramp.language import gettext as _
from nightcramp.person.night import Night
from nightcramp.trial.nights import outcome_of
from nightcramp.trial.protocol import Outcome


@dataclass(frozen=True)
class Baseline:
    """What is known of the nights to come, as draws: shape (N,) each.

    `level`: log of the mean count of a night but for the drift. `logged`: part of nights that
    will be written down. `says`: whose nights these are, in words. `own`: how many logged
    nights of the person's own, 0 for the published baseline.
    """

    level: Array
    hyper: Hyper
    logged: float
    says: str
    status: str
    source: tuple[str, ...]
    own: int = 0

    def rate(self) -> float:
        """Return the mean count of a night, drift included."""
        return float(np.exp(self.level + 0.5 * self.hyper.sigma**2).mean())


def baseline_of(
    nights: Sequence[Night], outcome: Outcome, model: DiaryModel, choices: TrialModel
) -> Baseline:
    """Return the baseline of the diary if it is long enough, else the published one."""
    random = np.random.Generator(np.random.PCG64(choices.seed))
    told = {night.evening: outcome_of(night, outcome) for night in nights}
    counted = {evening: count for evening, count in told.items() if not np.isnan(count)}
    if len(counted) < model.least_nights or not any(counted.values()):
        return published(choices)
    first, last = min(counted), max(counted)
    evenings = [first + dt.timedelta(days=day) for day in range((last - first).days + 1)]
    counts = np.array([counted.get(evening, np.nan) for evening in evenings])
    return _from_diary(first, counts, model, choices, random)


def published(choices: TrialModel) -> Baseline:
    """Return the baseline of the content files, the same in every draw."""
    given, count = choices.baseline, choices.simulated
    hyper = Hyper(*(np.full(count, value) for value in (given.sigma, given.rho, given.kappa)))
    return Baseline(
        level=np.full(count, np.log(given.rate) - 0.5 * given.sigma**2),
        hyper=hyper,
        logged=given.logged,
        says=given.says,
        status=given.status,
        source=tuple(given.source),
    )


def _from_diary(
    first: dt.date,
    counts: Array,
    model: DiaryModel,
    choices: TrialModel,
    random: np.random.Generator,
) -> Baseline:
    """Return draws of level, drift and spread from what the diary says of them."""
    mean, sd = common_prior(model)
    columns = common_columns(first, len(counts))
    problem = Problem(counts, columns, np.array(mean), np.array(sd) ** -2.0)
    nodes, total = explore(lambda nodes: fit(problem, nodes.hyper).evidence, model)
    weight = np.exp(total - total.max())
    place = random.choice(len(weight), size=choices.simulated, p=weight / weight.sum())
    found = fit(problem, nodes.hyper)
    spread = np.linalg.cholesky(np.linalg.inv(found.information))
    noise = random.standard_normal((len(place), columns.shape[1]))
    drawn = found.b[place] + np.einsum("bpq,bq->bp", spread[place], noise)
    recent = columns[-choices.recent_nights :].mean(axis=0)
    logged = int((~np.isnan(counts)).sum())
    return Baseline(
        level=drawn @ recent,
        hyper=nodes.hyper[place],
        logged=logged / len(counts),
        says=_("your own {count} logged nights").format(count=logged),
        status="own",
        source=(),
        own=logged,
    )
