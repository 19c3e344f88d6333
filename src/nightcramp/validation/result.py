"""What a validation found, whole: every field of `nightcramp validate nhanes --json`."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from nightcramp.validation.design import Estimate
from nightcramp.validation.mapping import Aims
from nightcramp.validation.maps import OutcomeName

BOOSTED = "boosted"
GroupKind = Literal["age", "sex", "factor", "factor_group"]


class Point(Struct, frozen=True, kw_only=True):
    """A tenth of the population by predicted probability, lowest 1, and what was so in it.

    People of one probability stay together, so a tenth can be missing.
    """

    tenth: int
    people: int
    predicted: float
    observed: Estimate

    @property
    def holds(self) -> bool | None:
        """Return whether the observed interval holds the predicted; None without an interval."""
        low, high = self.observed.low, self.observed.high
        return None if low is None or high is None else low <= self.predicted <= high


class Performance(Struct, frozen=True, kw_only=True):
    """How well one model's probabilities order people and hold, on the whole and by tenths."""

    model: str
    auc: Estimate
    slope: Estimate
    intercept: Estimate
    brier: Estimate
    scaled_brier: Estimate
    curve: list[Point]


class Group(Struct, frozen=True, kw_only=True):
    """The same for some people; `ratio`: observed over predicted cases."""

    kind: GroupKind
    id: str
    people: int
    cases: int
    predicted: float
    observed: Estimate
    ratio: Estimate
    auc: Estimate
    slope: Estimate


class OutcomeResult(Struct, frozen=True, kw_only=True):
    """All that was found for one outcome.

    `way`: from the area of age and sex to that of the boosted model, the part that the
    assessment covers. `against_never`: the area where people with fewer cramps are left out.
    `slope_of_multiplier`: of the log odds on the assessment's log multiplier, at the same age
    and sex; 1 means that the knowledge's ratios are right on the whole.
    """

    outcome: OutcomeName
    cases: int
    rate: Estimate
    models: list[Performance]
    way: Estimate
    against_never: Estimate
    slope_of_multiplier: Estimate
    groups: list[Group]


class Prevalence(Struct, frozen=True, kw_only=True):
    """How many have cramps, of an age and sex; an empty word stands for all."""

    age: str
    sex: Literal["", "male", "female"]
    people: int
    any: Estimate
    mild: Estimate
    often: Estimate


class Left(Struct, frozen=True, kw_only=True):
    """How many people are left after each step of choosing them."""

    step: Literal["file", "age", "examined", "answered"]
    people: int


class Validation(Struct, frozen=True, kw_only=True):
    """The assessment held against one round of a survey.

    `map`: `kept` where the derived map was used unchanged; `crossed` on the round it was derived
    from, where each fold of clusters was predicted by a map fitted to all others.
    """

    version: str
    survey: str
    wave: str
    file: str
    map: Literal["kept", "crossed"]
    left: list[Left]
    strata: int
    clusters: int
    inputs: int
    absent: list[str]
    impossible: dict[str, int]
    medicine_lines: int
    unrecognised_lines: int
    own_sources: list[str]
    aims: Aims
    prevalence: list[Prevalence]
    outcomes: list[OutcomeResult]
