"""From multipliers to probabilities: the derived map, kept in a file and used unchanged.

For each outcome, log odds = intercept + age terms + sex + slope x log multiplier. The knowledge
has no base rate by age and sex and no number of cramps a month; this is where they come from.
Fitted by survey-weighted logistic regression on one round of the survey, and on no other.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from nightcramp.errors import InputError
from nightcramp.language import gettext as _
from nightcramp.validation.statistics import chance, logistic

SHIPPED = Path(__file__).parent / "nhanes_map.toml"
MIDDLE_AGE, AGE_UNIT = 50.0, 10.0
FOLDS = 10

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Model = Literal["nightcramp", "age_and_sex", "published", "independent"]
"""nightcramp: with a slope. published: the multiplier as it is, slope 1. independent: without
effects that were read off the survey itself. age_and_sex: without the assessment."""
MODELS: tuple[Model, ...] = get_args(Model)
OutcomeName = Literal["often", "any"]
OUTCOMES: tuple[OutcomeName, ...] = get_args(OutcomeName)


class Coefficients(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Log odds at 50 years, a man, multiplier 1; change for 10 years, their square, a woman."""

    intercept: float
    age: float
    age_squared: float
    female: float
    multiplier: float = 0.0


class MapFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A derived map: of which round, from how many people, and the coefficients."""

    wave: int
    people: int
    often: dict[Model, Coefficients]
    any: dict[Model, Coefficients]

    def of(self, outcome: OutcomeName, model: Model) -> Coefficients:
        """Return the coefficients of a model for an outcome."""
        chosen: dict[Model, Coefficients] = getattr(self, outcome)
        return chosen[model]


@dataclass(frozen=True)
class Predictors:
    """What goes into the maps, one row a person."""

    age: Array
    female: Array
    multiplier: Array
    independent: Array

    def of(self, model: Model) -> Array:
        """Return the log multiplier that a model uses."""
        return self.independent if model == "independent" else self.multiplier


def fit(model: Model, people: Predictors, case: Flags, weight: Array) -> Coefficients:
    """Return the coefficients of one model, fitted to weighted people."""
    base = _base(people)
    score = people.of(model)
    if model in {"nightcramp", "independent"}:
        terms = np.column_stack([base, score])
        found = logistic(terms, case, weight)
    else:
        fixed = 1.0 if model == "published" else 0.0
        found = np.append(logistic(base, case, weight, offset=fixed * score), fixed)
    return Coefficients(**dict(zip(Coefficients.__struct_fields__, found.tolist(), strict=True)))


def _base(people: Predictors) -> Array:
    age = (people.age - MIDDLE_AGE) / AGE_UNIT
    return np.column_stack([np.ones(len(age)), age, age**2, people.female])


def predict(found: Coefficients, model: Model, people: Predictors) -> Array:
    """Return probabilities by a model's coefficients."""
    terms = np.column_stack([_base(people), people.of(model)])
    return chance(terms @ np.array(msgspec.structs.astuple(found)))


def crossed(fitted: Callable[[Flags], Callable[[Flags], Array]], folds: NDArray[np.intp]) -> Array:
    """Return each fold's predictions by what was fitted to all other folds.

    `fitted`: from the people to fit to, returns what predicts the people it is given.
    """
    found = np.zeros(len(folds))
    for fold in np.unique(folds):
        held_out = folds == fold
        found[held_out] = fitted(~held_out)(held_out)
    return found


def cross_predicted(
    model: Model, people: Predictors, case: Flags, weight: Array, folds: NDArray[np.intp]
) -> Array:
    """Return predictions by maps that have not seen the clusters they predict."""

    def fitted(learn: Flags) -> Callable[[Flags], Array]:
        found = fit(model, _some(people, learn), case[learn], weight[learn])
        return lambda held_out: predict(found, model, _some(people, held_out))

    return crossed(fitted, folds)


def _some(people: Predictors, chosen: Flags) -> Predictors:
    return Predictors(
        people.age[chosen],
        people.female[chosen],
        people.multiplier[chosen],
        people.independent[chosen],
    )


def derive(
    wave: int, people: Predictors, cases: dict[OutcomeName, Flags], weight: Array
) -> MapFile:
    """Return the map of a round of the survey."""
    every: dict[OutcomeName, dict[Model, Coefficients]] = {
        outcome: {model: _rounded(fit(model, people, case, weight)) for model in MODELS}
        for outcome, case in cases.items()
    }
    return MapFile(wave=wave, people=len(weight), often=every["often"], any=every["any"])


def _rounded(found: Coefficients) -> Coefficients:
    values = {name: round(getattr(found, name), 6) for name in found.__struct_fields__}
    return Coefficients(**values)


def map_text(found: MapFile, command: str) -> str:
    """Return a map as the text of its file, with where it comes from."""
    lines = [
        "# Derived, not to be edited. From the knowledge's multipliers to probabilities:",
        "#   log odds = intercept + age x (years - 50) / 10 + age_squared x ((years - 50) / 10)^2",
        "#              + female (women) + multiplier x log(1 / unexplained part)",
        "# Survey-weighted logistic regression on this one round; other rounds use it unchanged.",
        f"# Made by: {command}",
        "",
        f"wave = {found.wave}",
        f"people = {found.people}",
    ]
    for outcome in OUTCOMES:
        for model in MODELS:
            lines += ["", f"[{outcome}.{model}]"]
            values = msgspec.structs.asdict(found.of(outcome, model))
            lines += [f"{name} = {value!r}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def read_map(path: Path = SHIPPED) -> MapFile:
    """Read a map; raises InputError for a file that is not one."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), MapFile)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        fault = _("is not a derived map: {fault}").format(fault=error)
        raise InputError(fault, where=str(path)) from None
    lacking = [(o, m) for o in OUTCOMES for m in MODELS if m not in getattr(found, o)]
    if lacking:
        fault = _("lacks [{table}]").format(table=".".join(lacking[0]))
        raise InputError(fault, where=str(path))
    return found
