"""The addresses of what is the project's own in FHIR: code systems, extensions, questionnaires.

They are names, not places: `.example` is reserved and belongs to nobody, so that none of them is
ever fetched. `docs/fhir.md` lists them.
"""

from __future__ import annotations

from typing import Literal

BASE = "https://nightcramp.example/fhir"
INTERVIEW = f"{BASE}/Questionnaire/interview"
DIARY = f"{BASE}/Questionnaire/diary"

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
HL7 = "http://terminology.hl7.org/CodeSystem"
CORE = "http://hl7.org/fhir/StructureDefinition"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition"

ABSENT = f"{CORE}/data-absent-reason"
ASKED_UNKNOWN = "asked-unknown"
ZONE_CODE = f"{CORE}/tz-code"

Role = Literal["fact", "entry", "night", "derived", "result"]
"""What a resource of ours is for whoever reads it back, as its tag says.

`fact`, `entry` (of the diary) and `night` (of an import) hold what was told; `derived` says once
more what a response or an entry beside it holds; `result` was worked out.
"""


def system(name: str) -> str:
    """Return the address of a code system of ours."""
    return f"{BASE}/CodeSystem/{name}"


def extension(name: str) -> str:
    """Return the address of an extension of ours."""
    return f"{BASE}/StructureDefinition/{name}"


def answers_of(question: str) -> str:
    """Return the address of the code system of a question's answers."""
    return system(f"answers-{question.replace('_', '-')}")


ROLE = system("role")
QUESTION, CONDITION, MEDICINE = system("question"), system("condition"), system("medicine")
LAB, MEASURE, DIARY_CODE = system("lab"), system("measure"), system("diary")
LEG, MUSCLE, RELIEF, ORIGIN = (
    system("leg"),
    system("muscle"),
    system("relief"),
    system("entry-origin"),
)
EXPLANATION, TRIAGE, LADDER = system("explanation"), system("triage"), system("ladder")
FINDING, VERDICT, FIGURE = system("finding-state"), system("verdict"), system("figure")

TOLD = extension("told")
DAYS = extension("days-and-parts")
UNIT_ASSUMED = extension("unit-assumed")
MEDICINE_USE = extension("medicine-use")
NOT_UNDERSTOOD = extension("not-understood")
ZONE = extension("zone")
REPLACES = extension("replaces")

CRAMP, COUNT, TOLD_NIGHT, NOTE, NAMED = "cramp", "cramps-a-night", "told", "note", "named-value"
"""Codes of what a diary holds."""
