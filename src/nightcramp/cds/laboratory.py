"""Laboratory tests that may be ordered from a card: those a factor names, not done lately."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from nightcramp.assess.known import Known
from nightcramp.cds.messages import Action, Suggestion
from nightcramp.intake.labs import lab_of
from nightcramp.intake.names import normal
from nightcramp.knowledge.loader import Knowledge, knowledge
from nightcramp.knowledge.schema import Lab
from nightcramp.language import ENGLISH, speaking
from nightcramp.language import gettext as _
from nightcramp.person.facts import Facts

LOINC = "http://loinc.org"
MOST = 3
_APART = re.compile(r"[,;]|\band\b")


def suggestions(
    causes: Mapping[str, str], facts: Facts, patient: str, known: Knowledge
) -> list[Suggestion]:
    """Return orders that may be created: proposals of single tests, at most three.

    `causes`: what to say of each factor, by its id.
    """
    person, offered = Known(facts), {}
    for factor, because in causes.items():
        for name in labs_of(factor):
            if name not in offered and person.lab_result(name) is None:
                offered[name] = _suggestion(known.labs[name], because, patient)
    return list(offered.values())[:MOST]


def labs_of(factor: str) -> list[str]:
    """Return the ids of the laboratory tests that a factor names as such."""
    with speaking(ENGLISH):
        known = knowledge()
    return list(dict.fromkeys(lab.id for lab in labs_in(known.factors[factor].tests, known)))


def labs_in(tests: Sequence[str], known: Knowledge) -> Iterator[Lab]:
    """Yield the laboratory tests with a LOINC code whose whole name stands in a list of tests."""
    for part in (part for text in tests for part in _APART.split(text)):
        name = normal(part)
        lab = lab_of(known, part) if name else None
        if lab and lab.loinc and name in {normal(text) for text in lab.names}:
            yield lab


def _suggestion(lab: Lab, because: str, patient: str) -> Suggestion:
    label = _("Order: {test}").format(test=lab.label)
    resource = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "code": {
            "coding": [{"system": LOINC, "code": lab.loinc[0], "display": lab.label}],
            "text": lab.label,
        },
        "subject": {"reference": f"Patient/{patient}"},
        "reasonCode": [{"text": _("leg cramps; {cause}").format(cause=because)}],
    }
    said = _("Create an order for {test}, because of: {cause}")
    action = Action(description=said.format(test=lab.label, cause=because), resource=resource)
    return Suggestion(label=label, uuid="", actions=[action])
