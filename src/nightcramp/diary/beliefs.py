"""What was believed of an exposure before the diary: the published effect, or a weak guess."""

from __future__ import annotations

import math

from msgspec import Struct

from nightcramp.assess.effects import INTERVAL_Z, effect_of, log_effect
from nightcramp.assess.known import Known
from nightcramp.assess.ledger import status_name
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Measure, Reduction
from nightcramp.language import gettext as _
from nightcramp.language import noted

OWN = "own:"
MEDICINE = "medicine:"
UNPUBLISHED = noted("no effect published (assumed)")


class Belief(Struct, frozen=True, kw_only=True):
    """How likely an exposure matters at all, and the log rate ratio of a unit if it does."""

    inclusion: float
    mean: float
    sd: float
    basis: str


def belief_about(name: str, known: Known) -> Belief:
    """Return the belief about a measure, a medicine, or something the person named."""
    knowledge = known.knowledge
    measure = knowledge.measures.get(name)
    if measure is None:
        own = name.startswith(OWN)
        model = knowledge.diary_model
        inclusion = model.own_inclusion if own else model.named_inclusion
        idea = _("your own idea (assumed)")
        return _unpublished(inclusion, idea if own else _(UNPUBLISHED), knowledge)
    if measure.belief in knowledge.factors:
        return _from_factor(measure, known)
    if measure.belief:
        reduction = knowledge.actions[measure.belief].reduction
        assert reduction is not None
        return _from_reduction(reduction, measure, knowledge)
    return _unpublished(knowledge.diary_model.named_inclusion, _(UNPUBLISHED), knowledge)


def _unpublished(inclusion: float, basis: str, knowledge: Knowledge) -> Belief:
    sd = knowledge.diary_model.unpublished_sd
    return Belief(inclusion=inclusion, mean=0.0, sd=sd, basis=basis)


def _from_factor(measure: Measure, known: Known) -> Belief:
    factor = known.knowledge.factors[measure.belief]
    present = known.supposing(measure.id, True) if _is_answer(measure.id, known) else known
    effect = effect_of(factor.effect, present)
    mean, sd = log_effect(effect, 1.0, known.knowledge.model)
    return Belief(
        inclusion=known.knowledge.credibility[effect.grade].probability,
        mean=mean,
        sd=sd,
        basis=_("{label}: {population} ({status}, grade {grade})").format(
            label=factor.label.lower(),
            population=effect.population,
            status=status_name(effect.status),
            grade=effect.grade,
        ),
    )


def _is_answer(name: str, known: Known) -> bool:
    return name in known.knowledge.questions or name in known.knowledge.conditions


def _from_reduction(reduction: Reduction, measure: Measure, knowledge: Knowledge) -> Belief:
    """Return the belief a trial leads to: a fall in per cent read as a rate ratio."""
    low, high = math.log1p(-reduction.high / 100), math.log1p(-reduction.low / 100)
    label = knowledge.actions[measure.belief].label.lower()
    return Belief(
        inclusion=knowledge.diary_model.named_inclusion,
        mean=math.log1p(-reduction.percent / 100),
        sd=(high - low) / (2 * INTERVAL_Z),
        basis=_("{label}: trials ({status})").format(
            label=label, status=status_name(reduction.status)
        ),
    )
