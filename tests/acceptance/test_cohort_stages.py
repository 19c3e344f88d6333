"""More people than fit in memory are laid out on disk and weighed by several processes, alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("ibis", reason="the extra `cohort` is not installed")

import pyarrow as pa
import pyarrow.parquet as pq

from nightcramp.cohort import screen as screening
from nightcramp.cohort.people.batch import When
from nightcramp.cohort.screen import Run, screen
from nightcramp.cohort.settings import Settings
from nightcramp.cohort.weigh.staging import staged
from nightcramp.knowledge.loader import knowledge
from omop import CRAMP, HYDROCHLOROTHIAZIDE, QUININE, SIMVASTATIN, Omop

PEOPLE = 300
EVERYONE = Settings(when=When(everyone=True), processes=1)
IN_STAGES = replace(EVERYONE, rows_at_once=50, processes=2)
TABLES = ("people", "factors", "medicines")


def database(folder: Path, number_of: dict[int, int] | None = None) -> Path:
    """Write people with some of everything; `number_of`: other ids than 1, 2, 3, ..."""
    made = Omop()
    ids = number_of or {}
    for index in range(1, PEOPLE + 1):
        person = ids.get(index, index)
        made.person(person, born=1930 + index % 70, sex=8507 + 25 * (index % 2))
        for concept, every in ((HYDROCHLOROTHIAZIDE, 3), (SIMVASTATIN, 4), (QUININE, 7)):
            if index % every == 0:
                made.medicine(person, concept, f"20{16 + index % 8}-0{1 + index % 9}-11", 90)
        if index % 5 == 0:
            made.condition(person, 201826, "2019-02-03")
            made.potassium(person, 2.5 + index % 30 / 10, "2024-10-01")
        if index % 11 == 0:
            made.condition(person, 0, "2023-05-01", condition_source_concept_id=CRAMP)
    return made.write(folder)


def found(out: Path) -> dict[str, pa.Table]:
    keys = {"people": [], "factors": ["factor"], "medicines": ["medicine"]}
    return {
        name: pq.read_table(out / f"{name}.parquet").sort_by(
            [(key, "ascending") for key in ("person_id", *keys[name])]
        )
        for name in TABLES
    }


@pytest.mark.parametrize("spread", ["evenly", "unevenly"])
def test_stages_give_what_one_sweep_gives(
    tmp_path: Path, spread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = {index: index**4 for index in range(1, PEOPLE + 1)} if spread == "unevenly" else {}
    folder = database(tmp_path / "cdm", far)

    at_once = screen(str(folder), tmp_path / "once", knowledge(), EVERYONE)
    laid_out = []
    monkeypatch.setattr(
        screening, "staged", lambda *given: laid_out.extend(staged(*given)) or laid_out
    )
    in_stages = screen(str(folder), tmp_path / "stages", knowledge(), IN_STAGES)

    assert len(laid_out) > 3
    assert found(tmp_path / "stages") == found(tmp_path / "once")
    assert told(in_stages) == told(at_once)


def told(run: Run) -> tuple[object, ...]:
    return run.attrition, run.notices, run.vocabulary


def test_nothing_of_the_stages_is_left(tmp_path: Path) -> None:
    folder = database(tmp_path / "cdm")

    screen(str(folder), tmp_path / "out", knowledge(), IN_STAGES)

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "factors.parquet",
        "medicines.parquet",
        "people.parquet",
        "run.json",
    ]
