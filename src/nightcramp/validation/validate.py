"""Holds the assessment against a survey: discrimination, calibration, beside other models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nightcramp import __version__
from nightcramp.knowledge.loader import knowledge
from nightcramp.validation import boosted, statistics
from nightcramp.validation.design import Estimate, SurveyDesign, jackknife, proportion
from nightcramp.validation.mapping import SHIPPED, read_mapping
from nightcramp.validation.maps import (
    FOLDS,
    MODELS,
    MapFile,
    OutcomeName,
    cross_predicted,
    derive,
    fit,
    predict,
    read_map,
)
from nightcramp.validation.respondents import Respondents, respondents_of
from nightcramp.validation.result import (
    BOOSTED,
    Group,
    GroupKind,
    OutcomeResult,
    Performance,
    Point,
    Prevalence,
    Validation,
)
from nightcramp.validation.scores import inputs
from nightcramp.validation.survey import read_survey

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
LEAST_CASES = 10
"""In a group with fewer neither ratio, area nor slope is told."""
MEASURES = ("auc", "slope", "intercept", "brier", "scaled_brier")


def read_respondents(path: Path, mapping: Path = SHIPPED) -> Respondents:
    """Return the assessed respondents of a survey's files; raises InputError."""
    known = knowledge()
    how = read_mapping(mapping, known)
    return respondents_of(read_survey(path, how), how, known)


def derived(people: Respondents) -> MapFile:
    """Return the map that these respondents give."""
    wave = people.survey.wave.code
    return derive(wave, people.predictors, people.cases, people.design.weight)


def validate(people: Respondents, kept: MapFile | None = None, bound: bool = True) -> Validation:
    """Return what the survey says of the assessment; `bound`: the boosted model too."""
    kept = kept or read_map()
    survey, reader = people.survey, people.reader
    matrix, names = inputs(people.facts, knowledge())
    learned = matrix if bound and boosted.available() else None
    outcomes = [_outcome(name, case, people, kept, learned) for name, case in people.cases.items()]
    return Validation(
        version=__version__,
        survey=people.mapping.survey.name,
        wave=survey.wave.name,
        file=survey.file,
        map=_use(people, kept),
        left=people.left,
        strata=people.design.clusters - people.design.freedom,
        clusters=people.design.clusters,
        inputs=len(names),
        absent=survey.absent,
        impossible=dict(reader.impossible),
        medicine_lines=reader.lines,
        unrecognised_lines=sum(reader.unrecognised.values()),
        own_sources=survey.wave.own_sources,
        aims=people.mapping.aims,
        prevalence=prevalences(people),
        outcomes=outcomes,
    )


def _use(people: Respondents, kept: MapFile) -> Literal["kept", "crossed"]:
    return "crossed" if people.survey.wave.code == kept.wave else "kept"


def _outcome(
    name: OutcomeName, case: Flags, people: Respondents, kept: MapFile, matrix: Array | None
) -> OutcomeResult:
    design = people.design
    predicted = _predictions(name, case, people, kept)
    if matrix is not None:
        folds = design.folds(FOLDS)
        predicted[BOOSTED] = boosted.boosted(matrix, case, design.weight, folds)
    ours = predicted["nightcramp"]
    never = ~people.mild | case
    return OutcomeResult(
        outcome=name,
        cases=int(case.sum()),
        rate=proportion(case, design, np.ones(len(case), bool)),
        models=[performance(model, p, case, design) for model, p in predicted.items()],
        way=_way(predicted, case, design),
        against_never=_only(lambda w: statistics.auc(ours, case, w * never), design),
        slope_of_multiplier=_only(
            lambda w: fit("nightcramp", people.predictors, case, w).multiplier, design
        ),
        groups=[_group(one, ours, case, design) for one in _groups(people)],
    )


def _predictions(
    name: OutcomeName, case: Flags, people: Respondents, kept: MapFile
) -> dict[str, Array]:
    """Return the probabilities of each model: by the kept map, on its own round crossed."""
    who, design = people.predictors, people.design
    if _use(people, kept) == "kept":
        return {model: predict(kept.of(name, model), model, who) for model in MODELS}
    folds = design.folds(FOLDS)
    return {model: cross_predicted(model, who, case, design.weight, folds) for model in MODELS}


def performance(model: str, predicted: Array, case: Flags, design: SurveyDesign) -> Performance:
    """Return how well probabilities do, with jackknife intervals, and their curve."""

    def measured(weight: Array) -> list[float]:
        return [
            statistics.auc(predicted, case, weight),
            statistics.calibration_slope(predicted, case, weight),
            statistics.calibration_intercept(predicted, case, weight),
            statistics.brier(predicted, case, weight),
            statistics.scaled_brier(predicted, case, weight),
        ]

    found = jackknife(measured, design)
    measures = dict(zip(MEASURES, found, strict=True))
    return Performance(model=model, **measures, curve=curve(predicted, case, design))


def _only(statistic: Callable[[Array], float], design: SurveyDesign) -> Estimate:
    return jackknife(lambda weight: [statistic(weight)], design)[0]


def _way(predicted: dict[str, Array], case: Flags, design: SurveyDesign) -> Estimate:
    """Return the part of the way from age and sex to the boosted model, in area."""
    if BOOSTED not in predicted:
        return Estimate(value=None)

    def part(weight: Array) -> float:
        start, here, end = (
            statistics.auc(predicted[model], case, weight)
            for model in ("age_and_sex", "nightcramp", BOOSTED)
        )
        return (here - start) / (end - start) if end > start else float("nan")

    return _only(part, design)


def curve(predicted: Array, case: Flags, design: SurveyDesign) -> list[Point]:
    """Return observed beside predicted in tenths of the population, as the weights tell.

    The observed are proportions of a group as all others: weighted, with linearised intervals.
    """
    place = statistics.tenths(predicted, design.weight)
    found = []
    for tenth in np.unique(place):
        inside = place == tenth
        found.append(
            Point(
                tenth=int(tenth) + 1,
                people=int(inside.sum()),
                predicted=float(np.average(predicted[inside], weights=design.weight[inside])),
                observed=proportion(case, design, inside),
            )
        )
    return found


@dataclass(frozen=True)
class _Some:
    kind: GroupKind
    id: str
    inside: Flags


def _groups(people: Respondents) -> list[_Some]:
    """Return the groups looked at: ages, sexes, groups of factors, factors."""
    who, scored = people.predictors, people.scored
    found = [
        _Some("age", label, inside)
        for label, inside in _ages(who.age, people.mapping.survey.age_groups)
    ]
    found += [_Some("sex", "male", who.female == 0), _Some("sex", "female", who.female == 1)]
    for group in sorted(set(scored.groups.values())):
        of = [scored.present[name] for name, its in scored.groups.items() if its == group]
        found.append(_Some("factor_group", group, np.logical_or.reduce(of)))
    for name in sorted(scored.present):
        if name not in scored.groups.values():
            found.append(_Some("factor", name, scored.present[name]))
    return found


def _ages(age: Array, starts: list[int]) -> list[tuple[str, Flags]]:
    ends = [*starts[1:], None]
    bands = [
        (f"{start}+" if end is None else f"{start}-{end - 1}", start, end or np.inf)
        for start, end in zip(starts, ends, strict=True)
    ]
    return [(label, (age >= start) & (age < end)) for label, start, end in bands]


def _group(some: _Some, predicted: Array, case: Flags, design: SurveyDesign) -> Group:
    inside = some.inside
    weight = design.weight[inside]
    cases = int(case[inside].sum())
    enough = LEAST_CASES <= cases <= int(inside.sum()) - LEAST_CASES

    def measured(all_weights: Array) -> list[float]:
        w = all_weights[inside]
        p, y = predicted[inside], case[inside]
        if not enough:
            return [float("nan")] * 3
        return [
            float(w @ y / (w @ p)),
            statistics.auc(p, y, w),
            statistics.calibration_slope(p, y, w),
        ]

    ratio, area, slope = jackknife(measured, design)
    return Group(
        kind=some.kind,
        id=some.id,
        people=int(inside.sum()),
        cases=cases,
        predicted=float(np.average(predicted[inside], weights=weight)),
        observed=proportion(case, design, inside),
        ratio=ratio,
        auc=area,
        slope=slope,
    )


def prevalences(people: Respondents) -> list[Prevalence]:
    """Return how many have cramps: on the whole, and by age and sex."""
    who = people.predictors
    everybody = np.ones(len(who.age), bool)
    sexes: list[tuple[Literal["", "male", "female"], Flags]] = [
        ("", everybody),
        ("male", who.female == 0),
        ("female", who.female == 1),
    ]
    bands = [("", everybody), *_ages(who.age, people.mapping.survey.age_bands)]
    return [
        _prevalence(people, age, sex, of_age & of_sex)
        for age, of_age in bands
        for sex, of_sex in sexes
    ]


def _prevalence(
    people: Respondents, age: str, sex: Literal["", "male", "female"], among: Flags
) -> Prevalence:
    cases = people.cases

    def share(flags: Flags) -> Estimate:
        return proportion(flags, people.design, among)

    return Prevalence(
        age=age,
        sex=sex,
        people=int(among.sum()),
        any=share(cases["any"]),
        mild=share(people.mild),
        often=share(cases["often"]),
    )
