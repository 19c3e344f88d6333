"""The services there are, and the prefetch templates by which each says what it needs."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable

from msgspec import Struct

from nightcramp.cds.messages import (
    Discovery,
    SelectContext,
    Service,
    SignContext,
    VisitContext,
)
from nightcramp.intake.fhir.codes import codes_of
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import noted

PATIENT = "{{context.patientId}}"
PAST = frozenset({"pastConditions", "pastMedicationRequests"})


class Kind(Struct, frozen=True, kw_only=True):
    """One service: its id, its hook, and the shape of the context of that hook."""

    id: str
    hook: str
    title: str
    says: str
    context: type[VisitContext]
    without: frozenset[str] = frozenset()
    """Parts of the prefetch that it does not need."""


VISIT = Kind(
    id="nightcramp-patient-view",
    hook="patient-view",
    title=noted("Night leg cramps: what may be behind them"),
    says=noted(
        "For a person with leg cramps on record: warning signs first, then medicines and "
        "illnesses that may play a part, with the evidence and its grade, and which tests might "
        "be worth it. One card at most; none for anybody else."
    ),
    context=VisitContext,
)
SELECT = Kind(
    id="nightcramp-order-select",
    hook="order-select",
    title=noted("Night leg cramps: a medicine that is being chosen"),
    says=noted(
        "Tells when a medicine that is being chosen is associated with leg cramps, for a person "
        "who has them. One card at most; it never asks to change the order."
    ),
    context=SelectContext,
    without=PAST,
)
SIGN = Kind(
    id="nightcramp-order-sign",
    hook="order-sign",
    title=noted("Night leg cramps: a medicine that is about to be signed"),
    says=noted(
        "Tells when a medicine that is about to be signed is associated with leg cramps, for a "
        "person who has them. One card at most; it never asks to change the order."
    ),
    context=SignContext,
    without=PAST,
)
SERVICES = {kind.id: kind for kind in (VISIT, SELECT, SIGN)}


class Wanted(Struct, frozen=True, kw_only=True):
    """One part of the prefetch: its query, what it may hold, and what it is called in words.

    `tells`: it can tell whether the person has cramps; of those parts at least one is needed.
    """

    key: str
    query: str
    holds: frozenset[str]
    label: str
    tells: bool = False


def wanted(knowledge: Knowledge, today: dt.date, kind: Kind = VISIT) -> tuple[Wanted, ...]:
    """Return the parts of the prefetch; dates go back to a first of January, so they keep."""
    return tuple(one for one in _wanted(knowledge, today.year) if one.key not in kind.without)


@functools.lru_cache(maxsize=4)
def _wanted(knowledge: Knowledge, year: int) -> tuple[Wanted, ...]:
    since = f"{year - 1}-01-01"
    return (
        Wanted(
            key="patient",
            query=f"Patient/{PATIENT}",
            holds=frozenset({"Patient"}),
            label=noted("age and sex"),
        ),
        Wanted(
            key="conditions",
            query=f"Condition?patient={PATIENT}&clinical-status=active&_count=200",
            holds=frozenset({"Condition"}),
            label=noted("diagnoses"),
            tells=True,
        ),
        Wanted(
            key="pastConditions",
            query=f"Condition?patient={PATIENT}&clinical-status=inactive,remission,resolved"
            f"&code={','.join(_lasting_codes(knowledge))}&_count=50",
            holds=frozenset({"Condition"}),
            label=noted("earlier illnesses that leave something behind"),
        ),
        Wanted(
            key="medicationRequests",
            query=f"MedicationRequest?patient={PATIENT}&status=active,on-hold&_count=200",
            holds=frozenset({"MedicationRequest", "Medication"}),
            label=noted("prescriptions"),
            tells=True,
        ),
        Wanted(
            key="pastMedicationRequests",
            query=f"MedicationRequest?patient={PATIENT}&status=completed,stopped"
            f"&authoredon=ge{since}&_count=100",
            holds=frozenset({"MedicationRequest", "Medication"}),
            label=noted("prescriptions that ended lately"),
        ),
        Wanted(
            key="medicationStatements",
            query=f"MedicationStatement?patient={PATIENT}&status=active&_count=200",
            holds=frozenset({"MedicationStatement", "Medication"}),
            label=noted("medicines as the person reports them"),
            tells=True,
        ),
        Wanted(
            key="observations",
            query=f"Observation?patient={PATIENT}&code={','.join(_observed_codes(knowledge))}"
            f"&date=ge{since}&_sort=-date&_count=200",
            holds=frozenset({"Observation"}),
            label=noted("laboratory results"),
        ),
        Wanted(
            key="questionnaireResponses",
            query=f"QuestionnaireResponse?patient={PATIENT}&status=completed,amended"
            "&_sort=-authored&_count=10",
            holds=frozenset({"QuestionnaireResponse"}),
            label=noted("answers to questionnaires"),
            tells=True,
        ),
    )


def discovery(knowledge: Knowledge, today: dt.date) -> Discovery:
    """Return what discovery answers, in the language of the caller."""
    return Discovery(
        services=[
            Service(
                hook=kind.hook,
                title=_(kind.title),
                description=_(kind.says),
                id=kind.id,
                prefetch={part.key: part.query for part in wanted(knowledge, today, kind)},
            )
            for kind in SERVICES.values()
        ]
    )


def _lasting_codes(knowledge: Knowledge) -> list[str]:
    """Return the codes of illnesses that count although they are over."""
    content = codes_of(knowledge).content
    names = {*content.lasting, *content.resolved_becomes}
    found = [knowledge.conditions[name] for name in sorted(names) if name in knowledge.conditions]
    return _once(code for one in found for code in (*one.snomed, *one.icd10cm))


def _observed_codes(knowledge: Knowledge) -> list[str]:
    """Return the LOINC codes of results, of numbers that answer a question, and of pregnancy."""
    content = codes_of(knowledge).content
    labs = (code for lab in knowledge.labs.values() for code in lab.loinc)
    pregnancy = content.pregnancy
    others = (
        *content.numbers,
        *content.answers,
        *pregnancy.status,
        *pregnancy.weeks,
        *pregnancy.due,
        *pregnancy.last_period,
    )
    return _once((*labs, *others))


def _once(codes: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(codes))
