"""All shared bundles against an independent count in plain Python over the raw JSON."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from nightcramp.intake.fhir.reader import read_fhir
from nightcramp.intake.reading import Reading
from nightcramp.knowledge.loader import knowledge

ROOT = Path(__file__).parent.parent
FOLDER = ROOT.parent.parent / "shared" / "data" / "fhir"
FIXTURE = ROOT / "fixtures" / "fhir" / "one_person.json"
EXAMPLES = ROOT.parent / "node_modules" / "hl7.fhir.r4.examples"
BUNDLES = sorted(FOLDER.glob("*.json")) if FOLDER.is_dir() else []
PERSONS = [
    FIXTURE,
    *(BUNDLES or [pytest.param(FOLDER, marks=pytest.mark.skip(f"{FOLDER.name}: no shared data"))]),
]
# Salts in product names that are medicines of their own only when they come first.
SALTS = {"potassium", "sodium", "calcium", "magnesium", "iron"}


def resources(path: Path, kind: str) -> list[dict[str, Any]]:
    entries = json.loads(path.read_text(encoding="utf-8"))["entry"]
    return [e["resource"] for e in entries if e["resource"]["resourceType"] == kind]


def words(text: str) -> str:
    return f" {' '.join(re.findall(r'[a-z0-9]+', text.lower()))} "


def medicines_in(path: Path) -> set[str]:
    """Return the ingredients whose name, or a brand of theirs, stands in a prescription."""
    found = set()
    for request in resources(path, "MedicationRequest"):
        text = words(request["medicationCodeableConcept"]["text"])
        for medicine in knowledge().medicines.values():
            names = [medicine.id, *medicine.names, *medicine.brands]
            if not medicine.contains and any(words(n) in text for n in names if n not in SALTS):
                found.add(medicine.id)
    return found


def labs_in(path: Path) -> Counter[str]:
    """Return how many results of each lab stand in the file, by LOINC code or by name."""
    by_code = {code: lab.id for lab in knowledge().labs.values() for code in lab.loinc}
    by_name = {words(n): lab.id for lab in knowledge().labs.values() for n in lab.names}
    found: Counter[str] = Counter()
    for observation in resources(path, "Observation"):
        for part in [observation, *observation.get("component", [])]:
            coding = part["code"]["coding"][0]
            name = words(coding["display"].replace("\u200b", "").split("[")[0])
            fluid = coding["display"].replace("\u200b", "").rpartition(" in ")[2]
            lab = by_code.get(coding["code"])
            if fluid in {"Serum or Plasma", "Blood", coding["display"]}:
                lab = lab or by_name.get(name)
            if lab and "valueQuantity" in part:
                found[lab] += 1
    return found


def conditions_in(path: Path) -> set[str]:
    """Return the conditions whose code or name stands in a diagnosis that is not over."""
    found = set()
    for diagnosis in resources(path, "Condition"):
        coding = diagnosis["code"]["coding"][0]
        text = words(coding["display"])
        active = diagnosis["clinicalStatus"]["coding"][0]["code"] == "active"
        if not active or "miscarriage" in text or "tubal" in text:
            continue
        for condition in knowledge().conditions.values():
            named = any(words(name) in text for name in condition.names)
            barred = any(words(name) in text for name in condition.excludes_names)
            if coding["code"] in condition.snomed or (named and not barred):
                found.add(condition.id)
    return found


def facts(reading: Reading, kind: str) -> list[str]:
    return [fact.id for fact in reading.facts if fact.kind == kind]


@pytest.mark.parametrize("path", PERSONS, ids=lambda path: path.stem.partition("_")[0])
def test_every_medicine_condition_and_lab_becomes_a_fact(path: Path) -> None:
    reading = read_fhir(path, knowledge())
    assert sorted(facts(reading, "medicine")) == sorted(medicines_in(path))
    assert Counter(facts(reading, "lab")) == labs_in(path)
    missing = conditions_in(path) - set(facts(reading, "condition"))
    covered = {i for n in facts(reading, "condition") for i in knowledge().conditions[n].implies}
    assert missing <= covered
    assert set(facts(reading, "condition")) <= conditions_in(path) | lasting(path)


def lasting(path: Path) -> set[str]:
    """Return conditions that count although their diagnosis is over."""
    over = resources(path, "Condition")
    texts = [words(c["code"]["coding"][0]["display"]) for c in over]
    marks = {"coronary_disease": " infarction ", "stroke": " stroke "}
    found = {name for name, mark in marks.items() if any(mark in text for text in texts)}
    done = [words(p["code"]["coding"][0]["display"]) for p in resources(path, "Procedure")]
    return found | {"organ_transplant" for text in done if " transplant of " in text}


@pytest.mark.parametrize("path", PERSONS, ids=lambda path: path.stem.partition("_")[0])
def test_every_resource_is_accounted_for(path: Path) -> None:
    entries = json.loads(path.read_text(encoding="utf-8"))["entry"]
    account = read_fhir(path, knowledge()).account
    for kind, count in Counter(e["resource"]["resourceType"] for e in entries).items():
        assert account.read[kind] == count
        assert account.used[kind] + sum(account.unused.get(kind, {}).values()) == count


@pytest.mark.parametrize("path", PERSONS, ids=lambda path: path.stem.partition("_")[0])
def test_every_fact_names_a_resource_that_is_there(path: Path) -> None:
    entries = json.loads(path.read_text(encoding="utf-8"))["entry"]
    there = {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in entries}
    for fact in read_fhir(path, knowledge()).facts:
        assert fact.provenance.file == str(path)
        named = fact.provenance.at.partition(" and ")[0].split(", ")
        assert named
        assert set(named) <= there


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="npm install hl7.fhir.r4.examples is not there")
def test_the_examples_of_the_standard_are_read_or_refused() -> None:
    from nightcramp.errors import InputError

    refused: Counter[str] = Counter()
    read = 0
    for path in sorted(EXAMPLES.glob("*.json")):
        try:
            read_fhir(path, knowledge())
            read += 1
        except InputError as error:
            refused[error.message] += 1
    assert read > 5000
    assert refused.keys() <= {
        "holds the records of several people",
        "holds records about several people",
        "is JSON, but not FHIR: it names no resource type",
    }
