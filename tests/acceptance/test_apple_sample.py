"""Whole exports: the shared sample, and a made-up month of which the truth is known."""

from __future__ import annotations

import datetime as dt
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from nightcramp.intake.apple_health.reader import read_apple_health
from nightcramp.intake.reading import Reading
from nightcramp.knowledge.loader import knowledge
from people import ROOT

SAMPLE = ROOT.parent / "shared" / "data" / "apple" / "export.xml"
SEED = 3


def generator() -> ModuleType:
    """Return the maker of exports, which stands beside the benchmarks."""
    path = ROOT / "benchmarks" / "make_apple_export.py"
    spec = importlib.util.spec_from_file_location("make_apple_export", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    return generator()


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory, maker: ModuleType) -> Reading:
    path = tmp_path_factory.mktemp("apple") / "export.zip"
    maker.make_export(path, maker.days_before(30), seed=SEED, clinical=3)
    return read_apple_health(path, knowledge())


@pytest.mark.skipif(not SAMPLE.exists(), reason="the shared sample is not here")
def test_the_sample() -> None:
    found = read_apple_health(SAMPLE, knowledge())
    nights = {night.evening: night.values for night in found.nights}
    assert found.as_of == dt.date(2025, 6, 17)
    assert {f.id: f.value for f in found.facts} == {
        "age": 30.0,
        "sex": "male",
        "body_mass_index": 22.2,
    }
    assert nights[dt.date(2025, 5, 28)] == {
        "active_energy": 45.3,
        "distance": 523.0,
        "resting_heart_rate": 52.0,
        "steps": 690.0,
    }
    assert nights[dt.date(2025, 4, 27)] == {
        "awake_minutes": 10.0,
        "bedtime": 845.0,
        "sleep_hours": 7.25,
        "wake_time": 1290.0,
    }
    assert nights[dt.date(2025, 5, 8)] == pytest.approx(
        {
            "active_energy": 547.163,
            "exercise_minutes": 44.0,
            "workout_energy": 342.5,
            "workout_minutes": 88.2338,
        }
    )
    assert sum(found.account.read.values()) == sum(found.account.used.values()) + sum(
        count for reasons in found.account.unused.values() for count in reasons.values()
    )


def test_steps_of_three_sources_are_within_two_per_cent_of_the_truth(
    month: Reading, maker: ModuleType
) -> None:
    """Watch, phone and an app that copies the phone together wrote far more."""
    for night in month.nights[1:-1]:
        truth = maker.day_of(SEED, night.evening).steps
        assert night.values["steps"] == pytest.approx(truth, rel=0.02)


def test_sleep_and_drinks_are_the_truth(month: Reading, maker: ModuleType) -> None:
    nights = {night.evening: night.values for night in month.nights}
    for date in maker.days_before(30):
        day = maker.day_of(SEED, date)
        assert nights[date]["sleep_hours"] == pytest.approx(day.asleep / 60, abs=1e-3)
        assert nights[date]["bedtime"] == day.bed - 720
        assert nights[date].get("water", 0) == pytest.approx(0.25 * day.drinks[0])
        assert nights[date].get("alcohol", 0) == day.drinks[2]


def test_clinical_records_of_the_zip_become_facts(month: Reading) -> None:
    pytest.importorskip("nightcramp.intake.fhir.reader")
    labs = [fact for fact in month.facts if fact.kind == "lab"]
    assert [fact.id for fact in labs] == ["potassium"] * 3
    assert "clinical-records/Observation-0000.json" in labs[0].provenance.at


def test_every_record_is_used_or_has_a_reason(month: Reading) -> None:
    account = month.account
    for kind in ("StepCount", "HeartRate", "SleepAnalysis", "BasalEnergyBurned"):
        unused = sum(account.unused.get(kind, {}).values())
        assert account.read[kind] == account.used[kind] + unused


def test_the_same_file_gives_the_same_reading(
    tmp_path: Path, month: Reading, maker: ModuleType
) -> None:
    path = tmp_path / "export.xml"
    maker.make_export(path, maker.days_before(30), seed=SEED)
    again = read_apple_health(path, knowledge())
    assert [n.values for n in again.nights] == [n.values for n in month.nights]
