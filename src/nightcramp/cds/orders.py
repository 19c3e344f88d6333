"""The one card for orders: a new medicine that goes with cramps, for a person who has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from nightcramp.app.problem import RefusedError
from nightcramp.assess.assessment import EffectView, effect_view
from nightcramp.assess.effects import effect_of
from nightcramp.assess.known import Known
from nightcramp.assess.medicines import effects_of, record_of
from nightcramp.assess.triage import URGENT, Reason, triage
from nightcramp.cds.cards import LONGEST_SUMMARY, Place, Told, ending, reason_lines, titled
from nightcramp.cds.evidence import effect_in_short, links_to, shortened
from nightcramp.cds.messages import Card, Indicator, SelectContext, SignContext
from nightcramp.cds.person import Person, cramp_signs, has_cramps, read_given
from nightcramp.cds.prefetch import BROKEN, is_about
from nightcramp.intake.fhir.resources import Reference
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.knowledge.schema import MedicineClass
from nightcramp.language import gettext as _
from nightcramp.person.fact import Fact
from nightcramp.person.facts import Facts, use_of
from nightcramp.plan.plan import in_a_sentence
from nightcramp.plan.safety import safety_notes

MOST_DRAFTS = 500


@dataclass(frozen=True)
class Ordered:
    """A medicine in the draft orders, with its effect on cramps if one is published."""

    id: str
    label: str
    effect: EffectView | None = None


def drafts_of(context: SignContext) -> list[dict[str, Any]]:
    """Return the medicines that are ordered; where some were chosen, those alone.

    Raises RefusedError (400) for what is no Bundle, and for an order for somebody else.
    """
    try:
        bundle = msgspec.json.decode(context.draft_orders)
    except BROKEN:
        raise _not_orders() from None
    entries = bundle.get("entry", []) if isinstance(bundle, dict) else None
    if not isinstance(entries, list) or bundle.get("resourceType") != "Bundle":
        raise _not_orders()
    if len(entries) > MOST_DRAFTS:
        raise RefusedError(413, _("`context.draftOrders` holds too many orders"))
    found = [entry.get("resource") for entry in entries if isinstance(entry, dict)]
    orders = [one for one in found if isinstance(one, dict)]
    for order in orders:
        _check_subject(order, context.patient_id)
    return [one for one in orders if _is_medicine(one) and _is_chosen(one, context)]


def _not_orders() -> RefusedError:
    return RefusedError(400, _("`context.draftOrders` is not a Bundle"))


def _check_subject(order: dict[str, Any], patient: str) -> None:
    subject = order.get("subject") or order.get("patient")
    try:
        reference = msgspec.convert(subject, Reference | None)
    except msgspec.ValidationError:
        raise _not_orders() from None
    is_about("Order", "", reference, patient)


def _is_medicine(order: dict[str, Any]) -> bool:
    return order.get("resourceType") == "MedicationRequest" and not order.get("doNotPerform")


def _is_chosen(order: dict[str, Any], context: SignContext) -> bool:
    if not isinstance(context, SelectContext):
        return True
    return f"{order.get('resourceType')}/{order.get('id')}" in context.selections


def as_if_signed(drafts: list[dict[str, Any]], known: Knowledge, today: dt.date) -> list[Fact]:
    """Return the medicines of drafts as facts, as they would stand if they were signed today."""
    signed = {"status": "active", "intent": "order", "authoredOn": today.isoformat()}
    resources = [
        msgspec.json.encode({**one, **signed, "dispenseRequest": None, "dosageInstruction": []})
        for one in drafts
    ]
    reading = read_given(resources, known, today)
    return [fact for fact in reading.facts if fact.kind == "medicine"]


def for_cramps(drafts: list[dict[str, Any]], known: Knowledge, today: dt.date) -> bool:
    """Return whether an order names cramps as its reason."""
    reasons = [
        {"resourceType": "Condition", "code": reason}
        for one in drafts
        for reason in one.get("reasonCode") or []
    ]
    reading = read_given([msgspec.json.encode(one) for one in reasons], known, today)
    return has_cramps(Facts(known, reading.facts))


def order_card(
    drafts: list[dict[str, Any]], person: Person, place: Place, known: Knowledge, today: dt.date
) -> Told | None:
    """Return the card for draft orders; None for orders that have nothing to do with cramps."""
    if not drafts:
        return None
    facts = as_if_signed(drafts, known, today)
    if not facts or not (person.has_cramps or for_cramps(drafts, known, today)):
        return None
    taken = {fact.id for fact in person.facts.medicines() if use_of(fact).taking}
    new = [fact.id for fact in facts if fact.id not in taken]
    cautious = Known(person.facts, cautious=True)
    never = [name for name in new if name in cramp_signs(known).medicines]
    suspects = [one for one in (ordered(name, cautious) for name in new) if one.effect]
    if not (suspects or never):
        return None
    already = [one for one in (ordered(n, cautious) for n in sorted(taken)) if one.effect]
    urgent = [one for one in triage(cautious).reasons if one.level in URGENT]
    lines = _detail(suspects, already, never, urgent, person.lacked, cautious)
    card = Card(
        uuid="",
        summary=_summary(suspects, already, never, known),
        detail="\n".join(lines).strip(),
        indicator=_indicator(urgent, never),
        source=place.source,
        override_reasons=place.reasons,
        links=[*place.page, *links_to(_sources(suspects, never, urgent, known), known)],
    )
    return Told("order-for-cramps" if never else "order", card)


def ordered(identifier: str, known: Known) -> Ordered:
    """Return a medicine with the effect on cramps that would count for this person, if any."""
    record = record_of(known, identifier)
    label = record.label if isinstance(record, MedicineClass) else name_of_medicine(identifier)
    rows = effects_of(known, identifier)
    if not rows:
        return Ordered(identifier, label)
    effect = effect_of(rows, known)
    credibility = known.knowledge.credibility[effect.grade].probability
    more = effect.ratio > 1 and effect.grade not in NO_EXCESS
    return Ordered(identifier, label, effect_view(effect, credibility) if more else None)


NO_EXCESS = frozenset({"N", "X"})
"""Grades of what controlled data do not show."""


def _indicator(urgent: Sequence[Reason], never: Sequence[str]) -> Indicator:
    """Return how much a card stands out: an order is never stopped, so never `critical`."""
    return "warning" if urgent or never else "info"


def _summary(
    suspects: Sequence[Ordered], already: Sequence[Ordered], never: Sequence[str], known: Knowledge
) -> str:
    if never:
        text = _("{names} for leg cramps: a regulator's warning speaks against it")
        names = ", ".join(name_of_medicine(one).capitalize() for one in never)
    elif already:
        text = _("Leg cramps on record: {names}, and already on {others}")
        names = ", ".join(one.label for one in suspects)
    else:
        text = _("Leg cramps on record: {names} goes with more of them")
        names = ", ".join(one.label for one in suspects)
    others = ", ".join(one.label for one in already[:2])
    return shortened(text.format(names=names, others=others), LONGEST_SUMMARY)


def _detail(
    suspects: Sequence[Ordered],
    already: Sequence[Ordered],
    never: Sequence[str],
    urgent: Sequence[Reason],
    lacked: Sequence[str],
    known: Known,
) -> Iterator[str]:
    yield from reason_lines(urgent)
    for name in never:
        yield from _of_cramp_medicine(name, known)
    if suspects:
        yield from titled(_("Being ordered"))
        yield from (f"- {_line(one, known)}" for one in suspects)
    if already and suspects:
        yield from titled(_("Taken already"))
        yield from (f"- {_line(one, known)}" for one in already[:3])
    if suspects:
        yield ""
        yield _("Worth writing down how many cramps there are before it is begun, and after.")
    yield from ending(lacked)


def _of_cramp_medicine(name: str, known: Known) -> Iterator[str]:
    """Yield what is known of a medicine for cramps itself, with what safety says."""
    action = known.knowledge.actions.get(name)
    if action is None:
        return
    yield from titled(action.label)
    yield f"- {action.verdict}"
    yield f"- {action.harms}"
    notes = safety_notes(action.id, known)
    said = _("As said to the person: {words}")
    yield from (f"- {said.format(words=note.say)}" for note in notes)


def _line(one: Ordered, known: Known) -> str:
    medicine = known.knowledge.medicines.get(one.id)
    classes = (
        [known.knowledge.medicine_classes[name] for name in medicine.classes[:1]]
        if medicine
        else []
    )
    kind = ", ".join(in_a_sentence(group.label) for group in classes)
    effect = effect_in_short(one.effect) if one.effect else ""
    return f"**{one.label}**" + (f" ({kind})" if kind else "") + f": {effect}."


def _sources(
    suspects: Sequence[Ordered], never: Sequence[str], urgent: Sequence[Reason], known: Knowledge
) -> Iterator[str]:
    for name in never:
        if action := known.actions.get(name):
            yield from (key for trial in action.trials for key in trial.source)
    for one in suspects:
        yield from one.effect.source if one.effect else ()
    yield from (key for reason in urgent for key in reason.source)
