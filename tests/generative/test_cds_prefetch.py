"""Any part of the prefetch may be missing or odd: an answer, a refusal, never a fault."""

from __future__ import annotations

from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from nightcramp.cds.server import create_cds
from nightcramp.cds.services import wanted
from nightcramp.cds.settings import Settings
from nightcramp.knowledge.loader import knowledge
from record_systems import (
    TODAY,
    URL,
    VISIT,
    answers,
    call,
    condition,
    draft,
    medicine,
    prefetch,
    result,
    signing,
)

PARTS = wanted(knowledge(), TODAY)
KEYS = [part.key for part in PARTS]
TELLING = {part.key for part in PARTS if part.tells}
RECORD = prefetch(
    condition(),
    condition("44054006"),
    medicine("indapamide 2.5 MG"),
    medicine("quinine sulfate"),
    result("2823-3", 3.1, "mmol/L"),
    answers(called_cramp=True),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
KINDS = [
    "Patient",
    "Condition",
    "MedicationRequest",
    "Observation",
    "Bundle",
    "QuestionnaireResponse",
]
FIELDS = [
    "id",
    "subject",
    "code",
    "status",
    "entry",
    "item",
    "medicationCodeableConcept",
    "valueQuantity",
]


@st.composite
def resources(draw: Any) -> dict[str, Any]:
    """Return something that says it is a resource."""
    kind = draw(st.sampled_from(KINDS))
    values = draw(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5))
    return {"resourceType": kind, **values}


APP = create_cds(Settings(url=URL, calls_per_minute=1_000_000), today=lambda: TODAY)


def posted(asked: dict[str, Any], service: str = VISIT) -> Any:
    """Return the answer to a call of a service."""
    return TestClient(APP, base_url=URL).post(f"/cds-services/{service}", json=asked)


@settings(max_examples=60, deadline=None)
@given(given=st.sets(st.sampled_from(KEYS)), empty=st.sets(st.sampled_from(KEYS)))
def test_any_part_of_the_prefetch_may_be_missing(given: set[str], empty: set[str]) -> None:
    """The card says what was not given; without anything that tells of cramps it is 412."""
    sent = {key: None if key in empty else RECORD[key] for key in given}
    asked = call(given=sent)
    asked["context"]["userId"] = asked["hookInstance"]
    answer = posted(asked)
    if not given & TELLING:
        assert answer.status_code == 412
        return
    assert answer.status_code == 200
    cards = answer.json()["cards"]
    assert len(cards) <= 1
    for card in cards:
        said = card["detail"].partition("Not given, so not weighed**")[2]
        lacked = said.partition("It does not")[0].strip().rstrip(".").split("; ")
        assert {one for one in lacked if one} == {p.label for p in PARTS if p.key not in given}


@settings(max_examples=100, deadline=None)
@given(
    parts=st.dictionaries(st.sampled_from(KEYS), JSON | resources(), max_size=4),
    context=st.dictionaries(
        st.sampled_from(["userId", "patientId", "draftOrders"]), JSON, max_size=3
    ),
)
def test_odd_calls_are_answered_or_refused(parts: dict[str, Any], context: dict[str, Any]) -> None:
    asked = call(given={**RECORD, **parts})
    asked["context"] |= context
    try:
        answer = posted(asked)
    except ValueError:  # what JSON cannot hold
        return
    assert answer.status_code in {200, 400, 412}
    if answer.status_code == 200:
        assert len(answer.json()["cards"]) <= 1


@settings(max_examples=50, deadline=None)
@given(
    fields=st.dictionaries(
        st.sampled_from([*FIELDS, "reasonCode", "resourceType"]), JSON, max_size=4
    )
)
def test_odd_orders_are_answered_or_refused(fields: dict[str, Any]) -> None:
    asked = signing({**draft("furosemide"), **fields})
    try:
        answer = posted(asked, "nightcramp-order-sign")
    except ValueError:
        return
    assert answer.status_code in {200, 400, 412}


def test_the_schema_of_errors_holds_for_all() -> None:
    shape = {
        "type": "object",
        "properties": {"status": {"type": "integer"}, "title": {"type": "string", "minLength": 3}},
        "required": ["status", "title", "detail"],
    }
    jsonschema.validate(posted(call(given={})).json(), shape)
