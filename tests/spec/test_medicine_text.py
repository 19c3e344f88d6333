"""Medicines as people write them, and what is read from them."""

from __future__ import annotations

import datetime as dt

import pytest

from nightcramp.intake.medicines import read_medicine
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.fact import Fact, Provenance
from nightcramp.person.facts import use_of

ORIGIN = Provenance(file="story", at="medicines[1]")
TODAY = dt.date(2026, 11, 23)


def read(text: str) -> list[Fact]:
    """Return the facts in one line."""
    return list(read_medicine(knowledge(), text, ORIGIN, TODAY))


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        ("simvastatin 40 mg daily for 8 years", ["simvastatin"]),
        ("Lipitor", ["atorvastatin"]),
        ("water tablet", ["diuretic"]),
        ("Water pills", ["diuretic"]),
        ("blood pressure tablets", ["blood_pressure_medicine"]),
        ("the pill", ["hormonal_contraceptive"]),
        ("frusemide 40", ["furosemide"]),
        ("albuterol inhaler", ["salbutamol"]),
        ("Seretide 250 twice a day", ["salmeterol", "fluticasone"]),
        ("co-amilofruse 5/40", ["furosemide", "amiloride"]),
        ("lisinopril-hydrochlorothiazide 20/12.5", ["lisinopril", "hydrochlorothiazide"]),
        ("aspirin 75mg, ramipril 5mg", ["aspirin", "ramipril"]),
        ("magnesium tablets", ["magnesium_supplement"]),
        ("simvastin 20mg", ["simvastatin"]),
        ("hydroclorothiazide", ["hydrochlorothiazide"]),
        ("bendroflumethiazde", ["bendroflumethiazide"]),
    ],
)
def test_names_brands_lay_words_and_misspellings(written: str, ids: list[str]) -> None:
    """The ingredient is found; where only the class is known, the class."""
    facts = read(written)
    assert [fact.id for fact in facts] == ids
    assert all(fact.kind == "medicine" for fact in facts)


def test_a_near_miss_says_how_it_was_read() -> None:
    """A misspelt name is shown with what it was taken for."""
    (fact,) = read("simvastin 20mg")
    assert fact.provenance.written == "simvastin 20mg"
    assert "simvastatin" in fact.provenance.note


@pytest.mark.parametrize(
    ("written", "since"),
    [
        ("simvastatin 40 mg daily for 8 years", 2922),
        ("raloxifene 60 mg daily, started about 3 months ago", 91),
        ("teriparatide 20 mcg daily injection, 6 weeks", 42),
        ("indapamide since March 2026", 253),
        ("sumatriptan about once a month", None),
        ("iron sucrose 200 mg intravenous weekly", None),
        ("dialysis vitamins three times a week", None),
    ],
)
def test_since_when(written: str, since: float | None) -> None:
    """A start is read; how often it is taken is not mistaken for how long."""
    facts = read(written)
    found = [use_of(fact).since_days for fact in facts if fact.kind == "medicine"]
    assert found == [pytest.approx(since, abs=2)] * len(found) if since else set(found) <= {None}


def test_dose_changes_and_stopping() -> None:
    """A raised dose, a stopped medicine and a denied one are told apart."""
    (raised,) = read("hydrochlorothiazide 50 mg daily (raised one month ago)")
    assert [(c.direction, c.days_ago) for c in use_of(raised).changes] == [("raised", 30.44)]
    (doubled,) = read("mirtazapine 15 mg increased to 30 mg in the evening")
    assert use_of(doubled).changes[0].direction == "raised"
    (stopped,) = read("bendroflumethiazide stopped 2 weeks ago")
    assert use_of(stopped).taking is False
    assert use_of(stopped).stopped_days == 14
    (denied,) = read("no statin")
    assert denied.id == "statin"
    assert use_of(denied).taking is False


def test_what_is_not_understood_is_kept_and_shown() -> None:
    """An unknown word is neither guessed nor lost."""
    (fact,) = read("grandfather's green drops")
    assert fact.kind == "unrecognised"
    assert fact.value == "grandfather's green drops"


def test_none_means_that_nothing_else_is_taken() -> None:
    """`none` answers the question whether all medicines were named."""
    (fact,) = read("none")
    assert (fact.id, fact.value) == ("no_other_medicines", True)
