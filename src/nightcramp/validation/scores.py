"""Every respondent assessed, with the code that assesses one person.

What an assessment says of how much somebody cramps is its unexplained part: the expected rate
without the factors that act, over the rate with them. Its inverse is the multiplier by which
this person's rate exceeds that of somebody of the same age and sex with none of the factors. It
is the score; its logarithm is added to the log odds of age and sex (a published odds ratio is
read as a rate ratio, so that is where it belongs). One minus the unexplained part orders people
in the same way. The syndromes take no part: they tell what a trouble is, given that there is one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightcramp.assess.factors import Weighed, weigh_factors
from nightcramp.assess.known import Known, lineage
from nightcramp.assess.shares import unexplained
from nightcramp.knowledge.loader import Knowledge
from nightcramp.person.fact import Fact
from nightcramp.person.facts import Facts

Array = NDArray[np.float64]
MEDICINES = "medicines"


@dataclass(frozen=True)
class Scored:
    """What the assessments say, one row a person.

    `multiplier`: log of the inverse unexplained part. `independent`: the same without effects
    that were read off this round of the survey. `present`: who has each factor (or group of
    factors), by id.
    """

    multiplier: Array
    independent: Array
    present: dict[str, NDArray[np.bool_]]
    groups: dict[str, str]


def score(people: list[list[Fact]], knowledge: Knowledge, own_sources: list[str]) -> Scored:
    """Return the scores of people from their facts."""
    multiplier, independent = np.zeros(len(people)), np.zeros(len(people))
    present: dict[str, NDArray[np.bool_]] = {}
    groups: dict[str, str] = {}
    own = set(own_sources)
    for row, facts in enumerate(people):
        factors = weigh_factors(Known(Facts(knowledge, facts)))
        multiplier[row] = _log_multiplier(factors)
        independent[row] = _log_multiplier([f for f in factors if not own & set(f.effect.source)])
        for item in factors:
            if item.presence.probability >= knowledge.model.present_probability:
                name = group = item.factor.group
                if group != MEDICINES:
                    name = item.factor.id
                groups[name] = group
                present.setdefault(name, np.zeros(len(people), bool))[row] = True
    return Scored(multiplier, independent, present, groups)


def _log_multiplier(factors: list[Weighed]) -> float:
    inverse = np.array([item.multiplier.expected_inverse for item in factors])
    return -float(np.log(unexplained(inverse)))


def inputs(people: list[list[Fact]], knowledge: Knowledge) -> tuple[Array, list[str]]:
    """Return the same facts as a matrix for a model that learns, and its columns' names.

    Unknown is NaN; answers of a choice are numbered in their order; a medicine stands under its
    ingredient and all its classes.
    """
    cells = [_cells(facts, knowledge) for facts in people]
    names = sorted({name for row in cells for name in row})
    matrix = np.full((len(people), len(names)), np.nan)
    place = {name: column for column, name in enumerate(names)}
    for number, row in enumerate(cells):
        for name, value in row.items():
            matrix[number, place[name]] = value
    medicines = [place[name] for name in names if name.startswith("med:")]
    matrix[:, medicines] = np.nan_to_num(matrix[:, medicines])
    return matrix, names


def _cells(facts: list[Fact], knowledge: Knowledge) -> dict[str, float]:
    cells: dict[str, float] = {}
    for fact in facts:
        if fact.kind == "medicine":
            cells.update({f"med:{name}": 1.0 for name in lineage(knowledge, fact.id)})
        elif fact.kind == "lab":
            cells[fact.id] = float(fact.value.value)  # type: ignore[union-attr, arg-type]
        elif isinstance(fact.value, str):
            options = [option.id for option in knowledge.questions[fact.id].options]
            cells[fact.id] = float(options.index(fact.value))
        else:
            cells[fact.id] = float(fact.value)  # type: ignore[arg-type]
    return cells
