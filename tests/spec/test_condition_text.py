"""Conditions as people and records write them."""

from __future__ import annotations

import pytest

from nightcramp.intake.conditions import condition_of_code, read_condition
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.fact import Provenance

ORIGIN = Provenance(file="story", at="conditions[1]")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("cirrhosis with ascites", {"cirrhosis": True, "ascites": True}),
        ("T2DM", {"diabetes": True}),
        ("no diabetes", {"diabetes": False}),
        ("I don't have diabetes", {"diabetes": False}),
        ("I haven’t got diabetes", {"diabetes": False}),
        ("diabetes, but I don't have kidney failure", {"diabetes": True, "ckd": False}),
        ("pre-diabetes", {"prediabetes": True}),
        ("type 2 diabetes without neuropathy", {"diabetes": True, "polyneuropathy": False}),
        ("DVT ruled out", {"deep_vein_thrombosis": False}),
        ("previous DVT in 2019", {"previous_thrombosis": True}),
        ("end-stage kidney disease", {"ckd_advanced": True}),
        ("ex-smoker", {"smoking_status_former": True}),
        ("hypertention", {"hypertension": True}),
        ("pregnant 30 weeks", {"pregnancy": True, "pregnancy_weeks": 30.0}),
        ("mother had varicose veins", {}),
        ("family history of diabetes", {}),
        ("none known", {}),
    ],
)
def test_words(written: str, expected: dict[str, object]) -> None:
    """Synonyms, denials, relatives and misspellings are told apart."""
    facts = list(read_condition(knowledge(), written, ORIGIN))
    assert {fact.id: fact.value for fact in facts} == expected


def test_an_unknown_condition_is_kept() -> None:
    """It plays no part, and is shown as not understood."""
    (fact,) = read_condition(knowledge(), "housemaid's elbow", ORIGIN)
    assert fact.kind == "unrecognised"


@pytest.mark.parametrize(
    ("system", "code", "condition"),
    [
        ("icd10cm", "G47.62", "night_leg_cramps"),
        ("icd10cm", "E11.9", "diabetes"),
        ("icd10cm", "E11.42", "diabetic_neuropathy"),
        ("snomed", "73211009", "diabetes"),
        ("icd10cm", "Z99.9", None),
    ],
)
def test_codes(system: str, code: str, condition: str | None) -> None:
    """A code means the condition of its longest matching prefix."""
    assert condition_of_code(knowledge(), system, code) == condition
