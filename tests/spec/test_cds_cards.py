"""Which card a clinician sees, for whom, and which they do not see."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import jsonschema
import pytest
from starlette.testclient import TestClient

from nightcramp.assess.assessment import assess
from nightcramp.cds.cards import REASONS_AGAINST, Place, visit_card
from nightcramp.cds.messages import VisitContext
from nightcramp.cds.person import Person
from nightcramp.cds.server import create_cds
from nightcramp.cds.services import PAST, SERVICES, Kind
from nightcramp.cds.settings import Muting, Settings
from nightcramp.intake.fhir.reader import read_fhir_resources
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.facts import Facts
from record_systems import (
    SELECT,
    SIGN,
    TODAY,
    URL,
    VISIT,
    answers,
    call,
    condition,
    draft,
    medicine,
    named,
    ordering,
    patient,
    prefetch,
    result,
    searchset,
    signing,
)

CODING = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "minLength": 1},
        "system": {"type": "string", "minLength": 1},
        "display": {"type": "string", "minLength": 1},
    },
    "required": ["code"],
    "additionalProperties": False,
}
ACTION = {
    "type": "object",
    "properties": {
        "type": {"enum": ["create", "update", "delete"]},
        "description": {"type": "string", "minLength": 1},
        "resource": {"type": "object", "required": ["resourceType"]},
        "resourceId": {"type": "string"},
    },
    "required": ["type", "description"],
    "additionalProperties": False,
}
SUGGESTION = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "minLength": 1},
        "uuid": {"type": "string", "format": "uuid"},
        "isRecommended": {"type": "boolean"},
        "actions": {"type": "array", "items": ACTION, "minItems": 1},
    },
    "required": ["label"],
    "additionalProperties": False,
}
LINK = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "minLength": 1},
        "url": {"type": "string", "pattern": "^https?://"},
        "type": {"enum": ["absolute", "smart"]},
        "appContext": {"type": "string"},
    },
    "required": ["label", "url", "type"],
    "additionalProperties": False,
}
SOURCE = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "minLength": 1},
        "url": {"type": "string", "pattern": "^https?://"},
        "icon": {"type": "string"},
        "topic": CODING,
    },
    "required": ["label"],
    "additionalProperties": False,
}
CARD = {
    "type": "object",
    "properties": {
        "uuid": {"type": "string", "format": "uuid"},
        "summary": {"type": "string", "minLength": 1, "maxLength": 139},
        "detail": {"type": "string", "minLength": 1},
        "indicator": {"enum": ["info", "warning", "critical"]},
        "source": SOURCE,
        "suggestions": {"type": "array", "items": SUGGESTION, "minItems": 1},
        "selectionBehavior": {"enum": ["at-most-one", "any"]},
        "overrideReasons": {"type": "array", "items": CODING, "minItems": 1},
        "links": {"type": "array", "items": LINK, "minItems": 1},
    },
    "required": ["summary", "indicator", "source"],
    "dependentRequired": {"suggestions": ["selectionBehavior"]},
    "additionalProperties": False,
}
ANSWER = {
    "type": "object",
    "properties": {
        "cards": {"type": "array", "items": CARD},
        "systemActions": {"type": "array", "items": ACTION},
    },
    "required": ["cards"],
    "additionalProperties": False,
}
DISCOVERY = {
    "type": "object",
    "properties": {
        "services": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "hook": {"type": "string", "minLength": 1},
                    "title": {"type": "string", "minLength": 1},
                    "description": {"type": "string", "minLength": 1},
                    "id": {"type": "string", "minLength": 1},
                    "prefetch": {
                        "type": "object",
                        "minProperties": 1,
                        "additionalProperties": {"type": "string", "minLength": 1},
                    },
                    "usageRequirements": {"type": "string"},
                },
                "required": ["hook", "description", "id"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["services"],
    "additionalProperties": False,
}
"""As chapters «Discovery» and «CDS Service Response» of CDS Hooks 2.0 say."""
CHECK = jsonschema.FormatChecker()


def service(**settings: Any) -> TestClient:
    """Return a client of the service on a fixed day."""
    app = create_cds(Settings(url=URL, **settings), today=lambda: TODAY)
    return TestClient(app, base_url=URL)


@pytest.fixture
def cds() -> TestClient:
    """The service over a day that does not move."""
    return service()


def cards(cds: TestClient, asked: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    """Return the cards of one call, checked against the specification."""
    identifier = {"patient-view": VISIT, "order-select": SELECT, "order-sign": SIGN}[asked["hook"]]
    answer = cds.post(f"/cds-services/{identifier}", json=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    jsonschema.validate(found, ANSWER, format_checker=CHECK)
    assert len(found["cards"]) <= 1
    return found["cards"]  # type: ignore[no-any-return]


def card(cds: TestClient, asked: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Return the one card of a call."""
    (found,) = cards(cds, asked, **headers)
    return found


# --- discovery ---


def test_discovery_is_as_the_specification_says(cds: TestClient) -> None:
    found = cds.get("/cds-services")
    assert found.status_code == 200
    jsonschema.validate(found.json(), DISCOVERY)
    hooks = {one["id"]: one["hook"] for one in found.json()["services"]}
    assert hooks == {VISIT: "patient-view", SELECT: "order-select", SIGN: "order-sign"}


def test_prefetch_uses_only_what_every_client_can_do(cds: TestClient) -> None:
    """Reads, searches by token and date with plain prefixes, `_count` and `_sort`; one token."""
    allowed = {"patient", "status", "clinical-status", "code", "date", "authoredon"}
    for one in cds.get("/cds-services").json()["services"]:
        for query in one["prefetch"].values():
            assert re.findall(r"\{\{(.*?)\}\}", query) == ["context.patientId"]
            names = {part.partition("=")[0] for part in query.partition("?")[2].split("&")} - {""}
            assert names <= allowed | {"_count", "_sort"}
            if "?" in query:
                assert "_count=" in query
            for when in re.findall(r"(?:date|authoredon)=([a-z]*)(\S+?)(?:&|$)", query):
                assert when[0] == "ge"
                assert dt.date.fromisoformat(when[1]) < TODAY


def test_orders_ask_for_less(cds: TestClient) -> None:
    parts = {one["id"]: set(one["prefetch"]) for one in cds.get("/cds-services").json()["services"]}
    assert parts[SELECT] == parts[SIGN]
    assert parts[SELECT] < parts[VISIT]


# --- a visit: who gets a card ---

WITH_CRAMPS: dict[str, list[dict[str, Any]]] = {
    "SNOMED CT, night leg cramps": [condition("90392009")],
    "SNOMED CT, cramp": [condition("55300003")],
    "ICD-10-CM": [
        condition(
            "", code={"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "G47.62"}]}
        )
    ],
    "words": [named("nocturnal leg cramps")],
    "quinine": [medicine("quinine sulfate 200 MG")],
    "an answer": [answers(called_cramp=True)],
    "a number": [answers(nights_per_month=8)],
}
WITHOUT: dict[str, list[dict[str, Any]]] = {
    "nothing": [],
    "stomach cramps": [named("stomach cramps")],
    "resolved": [condition(clinicalStatus={"coding": [{"code": "resolved"}]})],
    "refuted": [condition(verificationStatus={"coding": [{"code": "refuted"}]})],
    "entered in error": [condition(verificationStatus={"coding": [{"code": "entered-in-error"}]})],
    "quinine long ago": [medicine("quinine sulfate", since="2010-01-01", status="stopped")],
    "an answer": [answers(called_cramp=False)],
    "no nights": [answers(nights_per_month=0)],
    "something else altogether": [condition(), answers(no_cramp_at_all=True)],
}


@pytest.mark.parametrize("signs", WITH_CRAMPS.values(), ids=WITH_CRAMPS)
def test_a_person_with_cramps_on_indapamide_gets_one_card(
    cds: TestClient, signs: list[dict[str, Any]]
) -> None:
    found = card(cds, call(given=prefetch(*signs, medicine("indapamide 2.5 MG"))))
    assert "indapamide" in found["detail"]
    assert "grade A" in found["detail"]
    assert "(1.29 to 1.68)" in found["detail"]
    assert "https://doi.org/10.1001/archinternmed.2011.1029" in {
        one["url"] for one in found["links"]
    }


@pytest.mark.parametrize("signs", WITHOUT.values(), ids=WITHOUT)
def test_a_person_without_cramps_gets_none(cds: TestClient, signs: list[dict[str, Any]]) -> None:
    assert cards(cds, call(given=prefetch(*signs, medicine("indapamide 2.5 MG")))) == []


def test_cramps_alone_are_no_reason_for_a_card(cds: TestClient) -> None:
    """Nothing in the record points anywhere: nothing is said."""
    assert cards(cds, call(given=prefetch(condition()))) == []


def test_an_emergency_comes_first_and_nothing_gets_a_number(cds: TestClient) -> None:
    signs = [condition(), answers(leg_cold_pale_sudden=True), medicine("indapamide")]
    found = card(cds, call(given=prefetch(*signs)))
    assert found["indicator"] == "critical"
    assert "emergency" in found["summary"]
    assert found["detail"].startswith("**GET HELP NOW")
    assert "of 12 cramps" not in found["detail"]
    assert "suggestions" not in found


def test_what_must_be_seen_today_is_a_warning(cds: TestClient) -> None:
    signs = [condition(), answers(leg_swelling_one_side=True), medicine("indapamide")]
    found = card(cds, call(given=prefetch(*signs)))
    assert found["indicator"] in {"warning", "critical"}
    assert found["detail"].index("**") == 0
    assert "warning sign" in found["summary"]


def test_medicines_make_an_information_with_the_suspect_named(cds: TestClient) -> None:
    found = card(cds, call(given=prefetch(condition(), medicine("salmeterol", "2020-01-01"))))
    assert found["indicator"] == "info"
    assert found["summary"] == "Leg cramps: salmeterol may play a part"


def test_a_test_is_offered_only_where_a_factor_names_it(cds: TestClient) -> None:
    found = card(cds, call(given=prefetch(condition(), condition("44054006"))))
    assert found["selectionBehavior"] == "any"
    actions = [one["actions"][0] for one in found["suggestions"]]
    assert {one["type"] for one in actions} == {"create"}
    orders = [one["resource"] for one in actions]
    assert {one["resourceType"] for one in orders} == {"ServiceRequest"}
    assert {one["intent"] for one in orders} == {"proposal"}
    assert {one["subject"]["reference"] for one in orders} == {"Patient/p1"}
    codes = {one["code"]["coding"][0]["code"] for one in orders}
    assert codes & set(knowledge().labs["hba1c"].loinc)


def test_a_test_done_lately_is_not_offered_again(cds: TestClient) -> None:
    code = knowledge().labs["hba1c"].loinc[0]
    signs = [condition(), condition("44054006"), result(code, 7.1, "%")]
    offered = card(cds, call(given=prefetch(*signs))).get("suggestions", [])
    codes = {one["actions"][0]["resource"]["code"]["coding"][0]["code"] for one in offered}
    assert code not in codes


def test_no_card_ever_touches_a_medicine(cds: TestClient) -> None:
    """Nothing is stopped, started or changed: only proposals of tests are created."""
    told = [medicine(name) for name in ("indapamide", "salmeterol", "simvastatin", "furosemide")]
    asks = [
        call(given=prefetch(condition(), *told)),
        ordering(draft("rosuvastatin"), given=prefetch(condition(), *told)),
        signing(draft("torasemide"), given=prefetch(condition(), *told)),
    ]
    for asked in asks:
        for one in cards(cds, asked):
            for offered in one.get("suggestions", []):
                for action in offered["actions"]:
                    assert action["type"] == "create"
                    assert action["resource"]["resourceType"] == "ServiceRequest"


def test_a_card_says_what_it_lacked(cds: TestClient) -> None:
    given = {
        "conditions": searchset(condition()),
        "medicationRequests": searchset(medicine("indapamide")),
    }
    found = card(cds, call(given=given))
    lacked = found["detail"].partition("Not given, so not weighed")[2]
    assert "age and sex" in lacked
    assert "laboratory results" in lacked
    assert "diagnoses" not in lacked


def test_what_was_looked_for_and_is_empty_is_not_lacking(cds: TestClient) -> None:
    found = card(cds, call(given=prefetch(condition(), medicine("indapamide"))))
    assert "Not given" not in found["detail"]


def test_a_first_page_and_unreadable_medicines_are_said(cds: TestClient) -> None:
    first = {
        **searchset(condition(), condition("44054006")),
        "link": [{"relation": "next", "url": "x"}],
    }
    pointed = medicine("x", medicationReference={"reference": "Medication/9"})
    del pointed["medicationCodeableConcept"]
    given = {**prefetch(), "conditions": first, "medicationRequests": searchset(pointed)}
    detail = card(cds, call(given=given))["detail"]
    assert "diagnoses beyond a first page" in detail
    assert "1 entry of medicines that could not be read" in detail


def test_the_card_is_the_assessment_of_the_same_record(cds: TestClient) -> None:
    """Reading the same resources and assessing them gives the same card."""
    record = [patient(), condition(), condition("44054006"), medicine("indapamide 2.5 MG")]
    found = card(cds, call(given=prefetch(*record[1:])))
    facts = Facts(knowledge(), read_fhir_resources(record, knowledge(), TODAY, file="x").facts)
    assessed = assess(facts, questions=0)
    told = visit_card(assessed, Person(facts), "p1", Place(URL), knowledge())
    assert told is not None
    assert told.card.summary == found["summary"]
    assert told.card.detail == found["detail"]
    assert told.card.indicator == found["indicator"]
    share = next(one for one in assessed.shares if one.id == "medication:indapamide")
    assert f"{share.effects[0].ratio}" in found["detail"]


def test_a_card_speaks_the_language_of_the_caller(cds: TestClient) -> None:
    given = prefetch(condition(), medicine("indapamide"))
    found = card(cds, call(given=given), **{"accept-language": "es-ES,es;q=0.9"})
    assert found["summary"] == "Calambres en las piernas; puede influir: indapamida"
    assert "It does not replace" not in found["detail"]
    titles = cds.get("/cds-services", headers={"accept-language": "es"}).json()["services"]
    assert all("Calambres" in one["title"] for one in titles)


def test_a_page_is_offered_where_one_can_open() -> None:
    known = [{"iss": "http://127.0.0.1:9/fhir", "client_id": "n"}]
    import msgspec

    settings = msgspec.convert({"url": URL, "record_system": known}, Settings)
    with_page = TestClient(create_cds(settings, today=lambda: TODAY), base_url=URL)
    found = card(with_page, call(given=prefetch(condition(), medicine("indapamide"))))
    assert found["links"][0] == {
        "label": "The page for this visit",
        "url": f"{URL}/launch",
        "type": "smart",
    }


# --- orders ---

ON_INDAPAMIDE = [condition(), medicine("indapamide 2.5 MG")]


@pytest.mark.parametrize("asks", [ordering, signing])
@pytest.mark.parametrize(
    "name", ["furosemide 20 MG Oral Tablet", "salmeterol", "simvastatin 20 MG", "indapamide 2.5 MG"]
)
def test_a_new_medicine_with_an_effect_in_a_person_with_cramps(
    cds: TestClient, name: str, asks: Any
) -> None:
    found = card(cds, asks(draft(name)))
    assert name.split()[0] in found["summary"]
    assert found["indicator"] == "info"
    assert "grade" in found["detail"]
    assert found["links"]


def test_a_second_one_names_the_first(cds: TestClient) -> None:
    found = card(cds, ordering(draft("salmeterol"), given=prefetch(*ON_INDAPAMIDE)))
    assert found["summary"] == "Leg cramps on record: salmeterol, and already on indapamide"


NO_CARD = {
    "an irrelevant medicine": ordering(draft("amoxicillin 500 MG")),
    "a renewal": ordering(draft("indapamide 2.5 MG"), given=prefetch(*ON_INDAPAMIDE)),
    "no cramps": ordering(draft("furosemide"), given=prefetch()),
    "not chosen": ordering(draft("furosemide"), chosen=["MedicationRequest/other"]),
    "nothing chosen": ordering(draft("furosemide"), chosen=[]),
    "no orders": signing(),
    "not to be given": signing(draft("furosemide", doNotPerform=True)),
    "another kind of order": signing({"resourceType": "ServiceRequest", "id": "1"}),
    "a medicine nobody knows": signing(draft("xyzzymab")),
}


@pytest.mark.parametrize("asked", NO_CARD.values(), ids=NO_CARD)
def test_orders_that_get_no_card(cds: TestClient, asked: dict[str, Any]) -> None:
    assert cards(cds, asked) == []


def test_an_order_that_names_cramps_as_its_reason(cds: TestClient) -> None:
    """Quinine for cramps brings the regulator's warning, though nothing else tells of cramps."""
    reason = [{"coding": [{"system": "http://snomed.info/sct", "code": "90392009"}]}]
    found = card(cds, signing(draft("quinine sulfate 200 MG", reasonCode=reason), given=prefetch()))
    assert found["indicator"] == "warning"
    assert "Quinine for leg cramps" in found["summary"]
    assert "outweigh" in found["detail"]
    assert cards(cds, signing(draft("quinine sulfate 200 MG"), given=prefetch())) == []


def test_an_order_is_never_stopped(cds: TestClient) -> None:
    """Even beside an emergency the card of an order is a warning, with the emergency first."""
    given = prefetch(condition(), answers(leg_cold_pale_sudden=True))
    found = card(cds, signing(draft("furosemide"), given=given))
    assert found["indicator"] == "warning"
    assert found["detail"].startswith("**GET HELP NOW")


def test_several_drafts_make_one_card(cds: TestClient) -> None:
    drafts = [draft("furosemide"), draft("salmeterol"), draft("amoxicillin")]
    found = card(cds, signing(*drafts))
    assert "furosemide" in found["detail"]
    assert "salmeterol" in found["detail"]
    assert "amoxicillin" not in found["detail"]


def test_two_services_on_one_hook_each_answer_their_own(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Services are told apart by their address, not by their hook."""
    second = Kind(
        id="second", hook="patient-view", title="T", says="S", context=VisitContext, without=PAST
    )
    monkeypatch.setitem(SERVICES, "second", second)
    cds = service(counts=str(tmp_path / "counts.json"))
    listed = cds.get("/cds-services").json()["services"]
    on_hook = {one["id"]: set(one["prefetch"]) for one in listed if one["hook"] == "patient-view"}
    assert on_hook["second"] < on_hook[VISIT]
    given = prefetch(condition(), medicine("indapamide", "2026-09-01", status="stopped"))
    del given["pastMedicationRequests"]
    found = {}
    for identifier in (VISIT, "second"):
        asked = call(given={**given, "medicationRequests": searchset(medicine("salmeterol"))})
        asked["context"]["userId"] = identifier
        (found[identifier],) = cds.post(f"/cds-services/{identifier}", json=asked).json()["cards"]
    assert "prescriptions that ended lately" in found[VISIT]["detail"]
    assert "prescriptions that ended lately" not in found["second"]["detail"]
    tell(cds, reaction(found["second"]["uuid"]), service="second")
    rows = [
        row
        for month in json.loads((tmp_path / "counts.json").read_bytes()).values()
        for row in month
    ]
    assert {row[1] for row in rows if row[3] == "overridden"} == {"second"}


# --- repeats ---


def shown(cds: TestClient, **changes: Any) -> int:
    """Return how many cards one more call brings."""
    asked = call(given=prefetch(*ON_INDAPAMIDE))
    asked["context"] |= changes.pop("context", {})
    return len(cards(cds, asked | changes))


def test_the_same_card_is_not_shown_again(cds: TestClient) -> None:
    assert shown(cds) == 1
    assert shown(cds) == 0


def test_a_retry_of_one_call_gets_its_card_again(cds: TestClient) -> None:
    assert shown(cds, hookInstance="one") == 1
    assert shown(cds, hookInstance="one") == 1
    assert shown(cds, hookInstance="two") == 0


def test_another_clinician_has_not_seen_it(cds: TestClient) -> None:
    assert shown(cds) == 1
    assert shown(cds, context={"userId": "Practitioner/2"}) == 1


def test_something_new_is_shown(cds: TestClient) -> None:
    assert shown(cds) == 1
    assert len(cards(cds, call(given=prefetch(*ON_INDAPAMIDE, medicine("salmeterol"))))) == 1


def test_an_emergency_is_shown_every_time(cds: TestClient) -> None:
    given = prefetch(condition(), answers(leg_cold_pale_sudden=True))
    assert len(cards(cds, call(given=given))) == 1
    assert len(cards(cds, call(given=given))) == 1


def test_what_was_shown_is_forgotten_after_its_time() -> None:
    from nightcramp.cds.repeats import Repeats

    now = [0.0]
    repeats = Repeats(3600, clock=lambda: now[0])

    def again(instance: str) -> bool:
        return repeats.is_repeated("iss", "user", "p1", content=b"c", instance=instance)

    assert [again("1"), again("2")] == [False, True]
    now[0] = 3599
    assert again("3")
    now[0] = 3601
    assert not again("4")
    now[0] = 20_000
    again("5")
    assert len(repeats._shown) == 1


def test_memory_of_what_was_shown_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from nightcramp.cds import repeats

    monkeypatch.setattr(repeats, "MOST", 10)
    made = repeats.Repeats(3600)
    for number in range(50):
        made.is_repeated("iss", "user", f"p{number}", content=b"c", instance="1")
    assert len(made._shown) == 10
    assert "p49" not in repr(made)


# --- feedback ---


def reaction(card: str, outcome: str = "overridden", **more: Any) -> dict[str, Any]:
    return {"card": card, "outcome": outcome, "outcomeTimestamp": "2026-11-26T10:00:00Z", **more}


def tell(cds: TestClient, *reactions: dict[str, Any], service: str = VISIT) -> int:
    answer = cds.post(f"/cds-services/{service}/feedback", json={"feedback": list(reactions)})
    return answer.status_code


def counts(file: Any) -> dict[tuple[str, ...], int]:
    """Return what stands in the file of counts, by kind of card, outcome and reason."""
    plain = json.loads(file.read_bytes())
    return {tuple(row[2:5]): row[5] for rows in plain.values() for row in rows}


def test_what_became_of_a_card_is_counted_and_nothing_else(tmp_path: Any) -> None:
    file = tmp_path / "counts.json"
    cds = service(counts=str(file))
    given = prefetch(*ON_INDAPAMIDE, condition("44054006"))
    found = card(cds, call(given=given))
    reason = {"reason": found["overrideReasons"][0], "userComment": "Mrs Muster said no"}
    assert tell(cds, reaction(found["uuid"], overrideReason=reason)) == 200
    taken = [{"id": found["suggestions"][0]["uuid"]}]
    assert tell(cds, reaction(found["uuid"], "accepted", acceptedSuggestions=taken)) == 200
    assert counts(file) == {
        ("medicine", "given", ""): 1,
        ("medicine", "overridden", "known-already"): 1,
        ("medicine", "accepted", ""): 1,
    }
    for secret in ("p1", "Muster", found["uuid"], "indapamide", "Practitioner"):
        assert secret not in file.read_text()


def test_the_same_reaction_counts_once(tmp_path: Any) -> None:
    file = tmp_path / "counts.json"
    cds = service(counts=str(file))
    found = card(cds, call(given=prefetch(*ON_INDAPAMIDE)))
    for _again in range(3):
        assert tell(cds, reaction(found["uuid"])) == 200
    assert counts(file)["medicine", "overridden", "no-reason"] == 1


def test_reactions_to_unknown_cards_and_own_reasons(tmp_path: Any) -> None:
    file = tmp_path / "counts.json"
    cds = service(counts=str(file))
    found = card(cds, call(given=prefetch(*ON_INDAPAMIDE)))
    own = {"reason": {"code": "patient Muster refused", "system": "urn:x"}}
    assert tell(cds, reaction("of-nobody")) == 200
    assert tell(cds, reaction(found["uuid"]), service=SIGN) == 200
    assert tell(cds, reaction(found["uuid"], overrideReason=own)) == 200
    assert counts(file) == {
        ("medicine", "given", ""): 1,
        ("medicine", "overridden", "other-reason"): 1,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"feedback": []},
        {},
        {"feedback": [{"card": "x"}]},
        {"feedback": [reaction("x", "ignored")]},
        {"feedback": [reaction("x", "accepted")]},
        {"feedback": [reaction("x") | {"outcomeTimestamp": "yesterday"}]},
        [],
    ],
)
def test_feedback_that_is_none(cds: TestClient, wrong: Any) -> None:
    answer = cds.post(f"/cds-services/{VISIT}/feedback", json=wrong)
    assert answer.status_code == 400


def test_what_nearly_everybody_overrides_is_no_longer_shown() -> None:
    """Only what informs; a warning never falls silent. After some months it is shown again."""
    day = [TODAY]
    settings = Settings(url=URL, muting=Muting(least=4, share=0.75, months=2))
    cds = TestClient(create_cds(settings, today=lambda: day[0]), base_url=URL)

    def once(number: int, *more: dict[str, Any]) -> list[dict[str, Any]]:
        asked = call(given=prefetch(*ON_INDAPAMIDE, *more))
        asked["context"]["userId"] = f"Practitioner/{number}"
        return cards(cds, asked)

    for number in range(4):
        tell(cds, reaction(once(number)[0]["uuid"]))
    assert once(9) == []
    assert once(9, answers(leg_cold_pale_sudden=True)) != []
    day[0] = dt.date(2026, 12, 31)
    assert once(10) == []
    day[0] = dt.date(2027, 1, 1)
    assert once(11) != []


def test_counts_outlast_a_restart(tmp_path: Any) -> None:
    file = tmp_path / "counts.json"
    card(service(counts=str(file)), call(given=prefetch(*ON_INDAPAMIDE)))
    cds = service(counts=str(file))
    found = card(cds, call(given=prefetch(*ON_INDAPAMIDE)))
    tell(cds, reaction(found["uuid"]))
    assert counts(file)["medicine", "overridden", "no-reason"] == 1


def test_the_reasons_are_a_code_system_at_their_address(cds: TestClient) -> None:
    found = cds.get("/codes/override-reasons").json()
    assert found["resourceType"] == "CodeSystem"
    assert [one["code"] for one in found["concept"]] == list(REASONS_AGAINST)
    assert cds.get("/codes/nothing").status_code == 404
