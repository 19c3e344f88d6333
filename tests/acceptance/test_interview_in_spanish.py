"""The interview by somebody who writes Spanish: it is understood, and means the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.testclient import TestClient

from nightcramp.app.server import create_app
from nightcramp.assess.assessment import assess
from nightcramp.intake.own_record import own_record
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import speaking
from nightcramp.person.facts import Facts
from nightcramp.store.database import opened

MOST = 60
ANSWERS = {
    "age": ("71", "71"),
    "sex": ("female", "female"),
    "called_cramp": ("yes", "yes"),
    "onset": ("for 2 years", "desde hace 2 años"),
    "site": ("calf", "calf"),
    "wakes_from_sleep": ("yes", "sí"),
}
LINES = {
    "medicines": [
        ("indapamide 1.5 mg since May", "indapamida 1,5 mg desde mayo"),
        ("simvastatin 40 mg for 8 years", "simvastatina 40 mg desde hace 8 años"),
        ("blood pressure tablet", "pastilla para la tensión"),
        ("amlodipine 5 mg, stopped 2 weeks ago", "amlodipino 5 mg, lo dejé hace 2 semanas"),
        ("salmeterol and fluticasone", "salmeterol y fluticasona"),
    ],
    "conditions": [
        ("type 2 diabetes", "diabetes tipo 2"),
        ("knee replacement 2019", "prótesis de rodilla 2019"),
        ("no heart failure", "sin insuficiencia cardíaca"),
    ],
}
KEPT = {"id", "level", "ladder", "kind", "status", "source", "direction", "word"}
UNDERSTOOD = {
    "medicines": [
        ["indapamida"],
        ["simvastatina"],
        ["medicamentos para la presión arterial"],
        ["amlodipino"],
        ["salmeterol", "fluticasona"],
    ],
    "conditions": [
        ["diabetes"],
        ["articulación de la rodilla desgastada"],
        ["insuficiencia cardíaca"],
    ],
}


class Talk:
    """An interview with the app, in English (0) or Spanish (1)."""

    def __init__(self, home: Path, place: int) -> None:
        self.home, self.place = home, place
        self.app: Any = TestClient(create_app(), base_url="http://localhost")
        self.app.post("/settings", data={"language": ("en", "es")[place]})

    def step(self) -> dict[str, Any]:
        return self.app.get("/api/interview").json()  # type: ignore[no-any-return]

    def answer(self, page: dict[str, Any], **given: Any) -> Any:
        form = {"kind": page["kind"], "ids": page["ids"], **given}
        sent = self.app.post(f"/interview/{page['number']}", data=form)
        assert sent.status_code == 200
        return sent

    def given(self, page: dict[str, Any]) -> dict[str, Any]:
        """Return what is answered to a page; nothing more to a list."""
        if page["kind"] != "question":
            return {"then": "none" if page["kind"] == "signs" else "on"}
        name = page["ids"][0]
        if name in ANSWERS:
            return {"value": ANSWERS[name][self.place]}
        return (
            {"value": "no"}
            if page["asks"] == "yes_no"
            else {"value": ("not sure", "no sé")[self.place]}
        )

    def to_the_end(self) -> list[str]:
        """Answer everything; return the order of the pages."""
        pages = []
        for _ in range(MOST):
            page = self.step()
            pages.append(f"{page['kind']} {' '.join(page['ids'])}")
            if page["kind"] == "finished":
                return pages
            if page["kind"] in LINES:
                for line in LINES[page["kind"]]:
                    self.answer(page, then="add", line=line[self.place])
                self.answer(page, then="on")
            else:
                self.answer(page, **self.given(page))
        raise AssertionError("it goes on asking")

    def facts(self) -> Facts:
        with opened() as store:
            return own_record(store).facts()


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Talk]:
    """Begin an interview over a store of its own."""
    for name in ("NIGHTCRAMP_DATABASE", "NIGHTCRAMP_PERSON"):
        monkeypatch.delenv(name, raising=False)

    def begun(place: int) -> Talk:
        home = tmp_path / ("english", "spanish")[place]
        monkeypatch.setenv("NIGHTCRAMP_HOME", str(home))
        return Talk(home, place)

    return begun


def told(facts: Facts) -> list[tuple[str, str, Any]]:
    """Return facts without the words they were written in."""
    return [(f.kind, f.id, re.sub(r"(\d),(\d)", r"\1.\2", repr(f.value))) for f in facts.all]


def numbers(value: Any, key: str = "") -> Any:
    """Return ids, levels and numbers, without the words that people read."""
    if isinstance(value, dict):
        return {name: numbers(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [numbers(item, key) for item in value]
    return value if key in KEPT or not isinstance(value, str) else ""


def test_the_same_told_in_spanish_has_the_same_assessment(talk: Callable[[int], Talk]) -> None:
    """Ids and numbers are equal; only the words differ."""
    english = talk(0)
    pages = english.to_the_end()
    facts = english.facts()
    spanish = talk(1)
    assert spanish.to_the_end() == pages
    with speaking("es"):
        hechos = spanish.facts()
        found = assess(hechos, questions=3)
    assert told(hechos) == told(facts)
    assert found.shares
    english_found = assess(facts, questions=3)
    assert numbers(msgspec.to_builtins(found)) == numbers(msgspec.to_builtins(english_found))
    assert found.unrecognised == []
    assert told(spanish.facts()) == told(facts), "who reads English sees the same facts"


def test_what_was_understood_is_shown_in_spanish(talk: Callable[[int], Talk]) -> None:
    spanish = talk(1)
    pages = spanish.to_the_end()
    for kind, understood in UNDERSTOOD.items():
        number = 1 + pages.index(f"{kind} ")
        page = spanish.app.get(f"/api/interview/{number}").json()
        assert [line["understood"] for line in page["lines"]] == understood
    result = spanish.app.get("/result").text + spanish.app.get("/doctor").text
    assert "indapamida" in result.lower()
    for medicine in knowledge().medicines:
        assert not re.search(rf"\b{medicine}e?\b", result) or _same_in_spanish(medicine), medicine


def _same_in_spanish(identifier: str) -> bool:
    from nightcramp.knowledge.lookup import name_of_medicine

    with speaking("es"):
        return identifier in name_of_medicine(identifier)


def test_answers_in_spanish_are_typed_as_one_speaks(talk: Callable[[int], Talk]) -> None:
    spanish = talk(1)
    while (page := spanish.step())["ids"] != ["age"]:
        spanish.answer(page, **spanish.given(page))
    spanish.answer(page, value="no lo sé")
    assert spanish.app.get(f"/api/interview/{page['number']}").json()["not_known"]
