"""Laboratory results: units, ranges, words, impossible values."""

from __future__ import annotations

import pytest

from nightcramp.assess.known import Known
from nightcramp.errors import InputError
from nightcramp.intake.labs import read_lab_line
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.fact import Fact, LabResult, Provenance
from nightcramp.person.facts import Facts

ORIGIN = Provenance(file="story", at="labs[1]")


def read(text: str) -> Fact:
    """Return the one result of a line."""
    (fact,) = read_lab_line(knowledge(), text, ORIGIN)
    return fact


@pytest.mark.parametrize(
    ("written", "lab", "value"),
    [
        ("potassium 2.9 mmol/L", "potassium", 2.9),
        ("K 2.9 mEq/L", "potassium", 2.9),
        ("calcium 7.3 mg/dL", "calcium", 1.821),
        ("magnesium 1.9 mg/dL", "magnesium", 0.782),
        ("HbA1c 94 mmol/mol", "hba1c", 10.75),
        ("creatinine 0.9 mg/dL", "creatinine", 79.6),
        ("vitamin D 20 ng/mL", "vitamin_d", 50),
        ("glucose 126 mg/dL", "glucose", 7.0),
        ("hemoglobin 9.8 g/dL", "haemoglobin", 98),
        ("TSH <0.02 mU/L", "tsh", 0.02),
    ],
)
def test_units_become_one(written: str, lab: str, value: float) -> None:
    """Every usual unit is converted to the lab's own."""
    fact = read(written)
    assert fact.id == lab
    assert isinstance(fact.value, LabResult)
    assert fact.value.value == pytest.approx(value, rel=0.005)


@pytest.mark.parametrize(
    ("written", "function", "expected"),
    [
        ("potassium 3.6 mmol/L (3.7-5.3)", "low", True),
        ("potassium 3.6 mmol/L", "low", False),
        ("potassium 3.4 mmol/L", "low", True),
        ("potassium low", "low", True),
        ("magnesium: normal", "normal", True),
        ("creatine kinase: markedly raised", "high", True),
    ],
)
def test_the_range_on_the_result_comes_first(written: str, function: str, expected: bool) -> None:
    """The laboratory's own range decides; the fallback serves where there is none."""
    fact = read(written)
    known = Known(Facts(knowledge(), [fact]))
    assert known.truth(f"{function}('{fact.id}')") is expected


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("potassium 290 mmol/L", "not possible"),
        ("potassium 3.9 furlongs", "not reported in"),
        ("sodium 5000", "without a unit"),
        ("potassium 3.9 mmol/L (5.3-3.5)", "upside down"),
    ],
)
def test_impossible_results_are_refused(written: str, said: str) -> None:
    """The message says what is wrong and what would fit."""
    with pytest.raises(InputError) as error:
        read(written)
    assert said in str(error.value)
    assert "\n" in str(error.value) or said == "upside down"


def test_a_missing_unit_is_assumed_only_when_it_can_be_and_is_shown() -> None:
    """The result says that its unit was assumed."""
    fact = read("potassium 3.2")
    assert isinstance(fact.value, LabResult)
    assert fact.value.unit_assumed


@pytest.mark.parametrize(
    "written", ["potassium not raised", "potassium not low", "CK not elevated"]
)
def test_a_denied_word_is_not_a_result(written: str) -> None:
    """It says what the result is not; it is shown as not understood, never as its opposite."""
    assert read(written).kind == "unrecognised"
