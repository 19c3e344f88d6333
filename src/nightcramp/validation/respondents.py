"""The people of a survey whom the assessment is held against: chosen, read, assessed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightcramp.errors import InputError
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.person.fact import Fact
from nightcramp.validation.design import SurveyDesign, design_of
from nightcramp.validation.facts import Reader
from nightcramp.validation.mapping import Mapping
from nightcramp.validation.maps import OutcomeName, Predictors
from nightcramp.validation.result import Left
from nightcramp.validation.scores import Scored, score
from nightcramp.validation.survey import Survey

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Respondents:
    """Those who answered, with their design, facts and scores, one row a person."""

    survey: Survey
    mapping: Mapping
    left: list[Left]
    design: SurveyDesign
    predictors: Predictors
    facts: list[list[Fact]]
    scored: Scored
    reader: Reader
    answer: Array

    @property
    def cases(self) -> dict[OutcomeName, Flags]:
        """Return who has the outcome: often (five or more a month), and any."""
        outcome = self.mapping.outcome
        often = np.isin(self.answer, outcome.often)
        return {"often": often, "any": often | np.isin(self.answer, outcome.mild)}

    @property
    def mild(self) -> Flags:
        """Return who has cramps, but fewer than five a month."""
        return np.isin(self.answer, self.mapping.outcome.mild)


def respondents_of(survey: Survey, mapping: Mapping, knowledge: Knowledge) -> Respondents:
    """Return the assessed respondents of a survey; raises InputError where there are none."""
    chosen, left = _chosen(survey, mapping)
    columns = {name: values[chosen] for name, values in survey.columns.items()}
    named = mapping.survey
    design = design_of(columns[named.weight], columns[named.stratum], columns[named.cluster])
    reader = Reader(knowledge, mapping, survey)
    facts = [reader.facts(row) for row in np.flatnonzero(chosen).tolist()]
    scored = score(facts, knowledge, survey.wave.own_sources)
    female = np.isin(columns[named.sex], named.female).astype(np.float64)
    predictors = Predictors(columns[named.age], female, scored.multiplier, scored.independent)
    answer = columns[mapping.outcome.column]
    found = Respondents(survey, mapping, left, design, predictors, facts, scored, reader, answer)
    _check(found)
    return found


def _chosen(survey: Survey, mapping: Mapping) -> tuple[Flags, list[Left]]:
    """Return who takes part, and how many are left after each step."""
    columns, named, outcome = survey.columns, mapping.survey, mapping.outcome
    told = [*outcome.never, *outcome.mild, *outcome.often]
    chosen = np.ones(len(survey), bool)
    left = [Left(step="file", people=len(survey))]
    chosen &= columns[named.age] >= named.least_age
    left.append(Left(step="age", people=int(chosen.sum())))
    chosen &= columns[named.weight] > 0
    left.append(Left(step="examined", people=int(chosen.sum())))
    chosen &= np.isin(columns[outcome.column], told)
    left.append(Left(step="answered", people=int(chosen.sum())))
    if not chosen.any():
        raise InputError(
            _("nobody of {age:g} or more with a weight answered about cramps ({column})").format(
                age=named.least_age, column=outcome.column
            ),
            where=survey.file,
        )
    return chosen, left


def _check(found: Respondents) -> None:
    for case in found.cases.values():
        if not 0 < case.sum() < len(case):
            raise InputError(
                _("everybody's answer about cramps is the same ({column})").format(
                    column=found.mapping.outcome.column
                ),
                where=found.survey.file,
            )
