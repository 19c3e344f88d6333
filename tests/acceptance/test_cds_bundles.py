"""The 26 shared records as patients: who gets a card as they are, and with cramps written down."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from nightcramp.assess.assessment import assess
from nightcramp.cds.cards import Place, visit_card
from nightcramp.cds.person import Person
from nightcramp.cds.server import create_cds
from nightcramp.cds.settings import Settings
from nightcramp.intake.fhir.reader import read_fhir_resources
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.facts import Facts
from record_systems import (
    BUNDLES,
    TODAY,
    URL,
    VISIT,
    condition,
    prefetch_of,
    record_in,
)

pytestmark = pytest.mark.skipif(not BUNDLES, reason="no shared data beside the checkout")


@pytest.fixture(scope="module")
def cds() -> TestClient:
    """The service over a day that does not move."""
    return TestClient(create_cds(Settings(url=URL), today=lambda: TODAY), base_url=URL)


def called(cds: TestClient, path: Path, *, with_cramps: bool) -> tuple[Any, dict[str, Any], str]:
    """Return the cards of one record, what was sent of it, and whose it is."""
    identifier, resources = record_in(path)
    if with_cramps:
        resources = [*resources, condition(patient=identifier)]
    given = prefetch_of(resources, identifier)
    asked = {
        "hook": "patient-view",
        "hookInstance": f"{path.stem}-{with_cramps}",
        "context": {"userId": "Practitioner/1", "patientId": identifier},
        "prefetch": given,
    }
    answer = cds.post(f"/cds-services/{VISIT}", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["cards"], given, identifier


@pytest.mark.parametrize("path", BUNDLES, ids=[path.stem[:24] for path in BUNDLES])
def test_nobody_without_cramps_gets_a_card(cds: TestClient, path: Path) -> None:
    """None of the shared records says anything of cramps."""
    assert called(cds, path, with_cramps=False)[0] == []


KINDS = {"medicine": 18, "cause": 4, "nothing": 4}
"""Of the 26 with cramps written down: whose card names a medicine, only another cause, or none."""


def test_with_cramps_written_down_each_gets_what_the_record_points_to(cds: TestClient) -> None:
    found: Counter[str] = Counter()
    for path in BUNDLES:
        cards, _given, _whose = called(cds, path, with_cramps=True)
        named = {bold for one in cards for bold in re.findall(r"- \*\*(.+?)\*\*", one["detail"])}
        medicine = named & {name.replace("_", " ") for name in knowledge().medicines}
        found["nothing" if not cards else "medicine" if medicine else "cause"] += 1
        assert all(one["indicator"] == "info" for one in cards)
    assert found == KINDS


@pytest.mark.parametrize("path", BUNDLES[:8], ids=[path.stem[:24] for path in BUNDLES[:8]])
def test_the_card_is_the_assessment_of_the_record_that_was_sent(
    cds: TestClient, path: Path
) -> None:
    cards, given, identifier = called(cds, path, with_cramps=True)
    resources = []
    for value in given.values():
        entries = value.get("entry") if value else None
        resources += [one["resource"] for one in entries] if entries else [value] if value else []
    facts = Facts(knowledge(), read_fhir_resources(resources, knowledge(), TODAY, file="x").facts)
    told = visit_card(
        assess(facts, questions=0), Person(facts), identifier, Place(URL), knowledge()
    )
    assert [one["detail"] for one in cards] == ([told.card.detail] if told else [])
    assert [one["summary"] for one in cards] == ([told.card.summary] if told else [])
