"""The shared bundles as a bulk export: for each patient the facts that reading the bundle gives.

What must differ is listed below with its reason; nothing else may.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bulk_exports import Export, of_bundles, read, written
from cohorts import differences
from nightcramp.cohort.content import cohort_content
from nightcramp.cohort.people.batch import Batch, When
from nightcramp.cohort.people.person import EPOCH
from nightcramp.cohort.people.reader import Reader
from nightcramp.intake.fhir.reader import read_fhir
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.fact import Fact, LabResult, MedicineUse

FOLDER = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "fhir"
BUNDLES = sorted(FOLDER.glob("*.json")) if FOLDER.is_dir() else []
pytestmark = pytest.mark.skipif(not BUNDLES, reason="no shared data")

Facts = dict[tuple[str, str], Any]

CREAM = "what acts where it is put is left out of every cohort"
LATER_RUN = (
    "taken since a later day: an order that was stopped, and names neither end nor supply, counts "
    "for a day; one person's reading does not know when it ended, and joins it with the next"
)
WINDOW = "taken: its only day is within the persistence window, though the order was completed"
STOPPED = "an order that was stopped and does not say when counts for its first day"
DIFFERENT = {
    ("Asa_Hermiston", "hydrocortisone"): CREAM,
    ("Asa_Hermiston", "naproxen"): LATER_RUN,
    ("Beatrice_Aufderhar", "glyceryl_trinitrate"): LATER_RUN,
    ("Edward_Gulgowski", "hydrochlorothiazide"): LATER_RUN,
    ("Fabian_Murray", "amoxicillin"): WINDOW,
    ("Jonah_Ruecker", "donepezil"): LATER_RUN,
    ("Kermit_Trantow", "hydrochlorothiazide"): LATER_RUN,
    ("Marc_Corkery", "doxylamine"): LATER_RUN,
    ("Marc_Corkery", "hydrocodone"): WINDOW,
    ("Marc_Corkery", "paracetamol"): WINDOW,
    ("Patria_Schimmel", "naproxen"): LATER_RUN,
}


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Export]:
    with read(written(tmp_path_factory.mktemp("export"), of_bundles(BUNDLES))) as found:
        yield found


@pytest.fixture(scope="module")
def batch(export: Export) -> Batch:
    reader = Reader(knowledge(), export.source.tokens, When(everyone=True))
    return reader.read(export.events)


def patient_in(path: Path) -> str:
    entries = json.loads(path.read_text(encoding="utf-8"))["entry"]
    return next(e["resource"]["id"] for e in entries if e["resource"]["resourceType"] == "Patient")


def index_of(path: Path, export: Export, batch: Batch) -> int:
    return batch.ids.tolist().index(export.numbers[patient_in(path)])


def as_known_to_a_cohort(facts: list[Fact]) -> Facts:
    """Return a person's newest facts without what no cohort is told: doses, and old results."""
    found: Facts = {}
    for fact in facts:
        key, value = (fact.kind, fact.id), fact.value
        if isinstance(value, MedicineUse):
            value = msgspec.structs.replace(value, dose="", changes=(), intermittent=None)
        if isinstance(value, LabResult):
            before = found.get(key)
            days = value.days_ago or 0.0
            if days > knowledge().model.lab_days or (before and (before.days_ago or 0.0) < days):
                continue
        found[key] = value
    return found


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.stem[:20])
def test_the_facts_are_those_of_the_bundle(path: Path, export: Export, batch: Batch) -> None:
    index = index_of(path, export, batch)
    day = EPOCH + dt.timedelta(int(batch.as_of[index]))
    alone = as_known_to_a_cohort(read_fhir(path, knowledge(), day).facts)
    here = {(fact.kind, fact.id): fact.value for fact in batch.facts(index)}
    name = path.stem.rpartition("_")[0]
    listed = {("medicine", one): why for (who, one), why in DIFFERENT.items() if who == name}
    found = {
        key: difference(here.get(key), alone.get(key))
        for key in alone.keys() | here.keys()
        if here.get(key) != alone.get(key)
    }
    assert {key: why for key, why in found.items() if why != STOPPED} == listed


def difference(here: Any, alone: Any) -> str:
    """Return how the cohort and the bundle differ on one thing, or an empty text."""
    window = cohort_content(knowledge()).persistence_days
    if here is None and isinstance(alone, MedicineUse) and not alone.taking:
        return CREAM
    if not isinstance(here, MedicineUse) or not isinstance(alone, MedicineUse):
        return ""
    since, before = here.since_days or 0.0, alone.since_days or 0.0
    if here.taking and not alone.taking:
        return WINDOW if since <= window else ""
    if here.taking == alone.taking and since < before:
        return LATER_RUN
    same = here.taking == alone.taking and since == before and alone.stopped_days is None
    return STOPPED if same and here.stopped_days == since else ""


def test_people_are_looked_at_on_their_last_day_or_when_they_died(
    export: Export, batch: Batch
) -> None:
    for path in BUNDLES:
        last = read_fhir(path, knowledge()).as_of
        entries = json.loads(path.read_text(encoding="utf-8"))["entry"]
        patient = next(e["resource"] for e in entries if e["resource"]["resourceType"] == "Patient")
        if death := patient.get("deceasedDateTime", "")[:10]:
            last = min(last, dt.date.fromisoformat(death))
        index = index_of(path, export, batch)
        assert EPOCH + dt.timedelta(int(batch.as_of[index])) == last


@pytest.mark.parametrize("day", [None, dt.date(2015, 6, 1)])
def test_many_at_once_equal_one_by_one(export: Export, day: dt.date | None) -> None:
    when = When(everyone=True, day=day)
    assert list(differences(export.events, export.source.tokens, knowledge(), when)) == []
