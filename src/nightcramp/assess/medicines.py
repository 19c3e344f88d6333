"""Each medicine taken is a factor of its own, with its effect, dates and changes."""

from __future__ import annotations

from typing import Any

from nightcramp.assess.known import Known, lineage
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.knowledge.schema import Effect, Factor, Medicine, MedicineClass, Presence
from nightcramp.language import gettext as _
from nightcramp.person.fact import MedicineUse
from nightcramp.person.facts import use_of

PREFIX = "medication:"


def medicine_factors(known: Known) -> dict[str, tuple[Factor, MedicineUse]]:
    """Return the medicines taken that have an effect on cramps, as factors by id."""
    factors: dict[str, tuple[Factor, MedicineUse]] = {}
    for identifier, use in medicines_taken(known).items():
        effects = effects_of(known, identifier)
        if effects:
            factor = _factor(known, identifier, effects)
            factors[factor.id] = factor, use
    return factors


def medicines_taken(known: Known) -> dict[str, MedicineUse]:
    """Return how each medicine now taken (or stopped lately) is used, by id."""
    taken: dict[str, MedicineUse] = {}
    for fact in known.facts.medicines():
        use = use_of(fact)
        if _counts(use, known.knowledge.model.stopped_days):
            taken[fact.id] = _merged(taken[fact.id], use) if fact.id in taken else use
    covered = {group for name in taken for group in lineage(known.knowledge, name) if group != name}
    return {name: use for name, use in taken.items() if name not in covered}


def _counts(use: MedicineUse, stopped_days: float) -> bool:
    if use.taking is not False:
        return True
    if use.better_when_stopped is not None or use.back_when_restarted is not None:
        return True
    return use.stopped_days is not None and use.stopped_days <= stopped_days


def _merged(first: MedicineUse, second: MedicineUse) -> MedicineUse:
    """Return one use from two statements; what the first leaves open the second fills."""
    values = {
        name: getattr(second, name)
        if getattr(first, name) in (None, "", ())
        else getattr(first, name)
        for name in first.__struct_fields__
    }
    return MedicineUse(**values)


def effects_of(known: Known, identifier: str) -> list[Effect]:
    """Return a medicine's own effects, else those of its nearest class that has any."""
    knowledge = known.knowledge
    level = [identifier]
    while level:
        for name in level:
            record = knowledge.medicines.get(name) or knowledge.medicine_classes.get(name)
            if record and record.effect:
                return record.effect
        level = [group for name in level for group in _above(known, name)]
    return []


def _above(known: Known, name: str) -> list[str]:
    knowledge = known.knowledge
    if name in knowledge.medicines:
        return knowledge.medicines[name].classes
    return knowledge.medicine_classes[name].parents


def record_of(known: Known, identifier: str) -> Medicine | MedicineClass:
    """Return the knowledge about an ingredient or class."""
    knowledge = known.knowledge
    return knowledge.medicines.get(identifier) or knowledge.medicine_classes[identifier]


def _factor(known: Known, identifier: str, effects: list[Effect]) -> Factor:
    record = record_of(known, identifier)
    name = name_of_medicine(identifier)
    label = record.label if isinstance(record, MedicineClass) else name
    return Factor(
        id=PREFIX + identifier,
        label=label,
        clinical=_("side effect of {name}").format(name=name),
        group="medicines",
        summary=record.say or _("Some people get cramps from {name}.").format(name=name),
        honest=_("Numbers come from groups; most cramps in people on a medicine are not from it."),
        presence=[
            Presence(
                probability=1.0, says=_("you take {name}").format(name=name), status="definition"
            )
        ],
        effect=effects,
        attribution_clue=known.knowledge.medicine_clues,
        ask_clinician=[
            _("Ask the pharmacist or the prescriber whether {name} could be part of it.").format(
                name=name
            )
        ],
        mission=True,
    )


def medicine_scope(known: Known, use: MedicineUse, others: int) -> dict[str, Any]:
    """Return the names by which `medicine_timing.toml` looks at one medicine."""
    onset = known.value("recent_flare") or known.value("onset")
    raised = [change.days_ago for change in use.changes if change.direction == "raised"]
    raised_days = min((days for days in raised if days is not None), default=None)
    return {
        "onset_days": onset,
        "start_to_onset_days": _lag(use.since_days, onset),
        "dose_raised_to_onset_days": _lag(raised_days, onset),
        "began_after": use.began_after,
        "after_start": _after_start(use, onset, known.knowledge.model.began_before_days),
        "predates": use.predates,
        "better_when_stopped": use.better_when_stopped,
        "back_when_restarted": use.back_when_restarted,
        "better_with_less": use.better_with_less,
        "after_each_dose": use.after_each_dose,
        "same_reaction_before": use.same_reaction_before,
        "intermittent": use.intermittent,
        "takes_now": use.taking,
        "other_causes": True if others else None,
        "reported_before": True,
        "unsuitable_timing": None,
    }


def _after_start(use: MedicineUse, onset: float | None, before: float) -> bool | None:
    """Return whether the cramps began after the medicine did, as told or from the dates."""
    if use.began_after is not None or use.predates:
        return bool(use.began_after)
    lag = _lag(use.since_days, onset)
    return None if lag is None else lag >= -before


def _lag(start: float | None, onset: float | None) -> float | None:
    return None if start is None or onset is None else start - onset
