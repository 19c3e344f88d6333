"""Both sample databases from end to end: as one by one, with their traps said."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

pytest.importorskip("ibis", reason="the extra `cohort` is not installed")

import pyarrow.parquet as pq

from cohorts import differences
from nightcramp.assess.assessment import assess
from nightcramp.cohort.people.batch import When
from nightcramp.cohort.people.one import facts_of_person
from nightcramp.cohort.screen import Run, screen
from nightcramp.cohort.settings import Settings
from nightcramp.cohort.source.address import opened
from nightcramp.cohort.source.arrays import batches
from nightcramp.cohort.source.database import read_source
from nightcramp.knowledge.loader import knowledge

DATA = Path(__file__).parents[2].parent / "shared" / "data"
EUNOMIA = DATA / "omop" / "eunomia.duckdb"
NEW_JERSEY = DATA / "omop" / "Synthea27NjParquet"
pytestmark = pytest.mark.skipif(not EUNOMIA.exists(), reason="the sample databases are not here")
EVERYONE = When(everyone=True)


@pytest.mark.parametrize("when", [EVERYONE, When(everyone=True, day=dt.date(2012, 5, 5)), When()])
def test_new_jersey_is_as_its_people_one_by_one(when: When) -> None:
    assert _differences(NEW_JERSEY, when) == []


def test_eunomia_is_as_its_people_one_by_one() -> None:
    assert _differences(EUNOMIA, EVERYONE) == []


def _differences(path: Path, when: When) -> list[str]:
    with opened(str(path)) as database:
        source = read_source(database, knowledge())
        events = source.ordered(lambda token: True)
        return [
            fault
            for part in batches(iter(database.backend.to_pyarrow_batches(events)))
            for fault in differences(part, source.tokens, knowledge(), when)
        ]


@pytest.fixture(scope="module")
def eunomia(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    out = tmp_path_factory.mktemp("screened") / "eunomia"
    return screen(str(EUNOMIA), out, knowledge(), Settings(when=EVERYONE)), out


@pytest.fixture(scope="module")
def new_jersey(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    out = tmp_path_factory.mktemp("screened") / "nj"
    settings = Settings(when=EVERYONE, intervals=True)
    return screen(str(NEW_JERSEY), out, knowledge(), settings), out


def test_everybody_is_there_once(eunomia: tuple[Run, Path]) -> None:
    run, out = eunomia
    people = pq.read_table(out / "people.parquet")

    assert people.num_rows == 2694 == run.attrition[-1].people
    assert len(set(people["person_id"].to_pylist())) == 2694


def test_people_who_do_not_exist_are_counted_and_left_out(eunomia: tuple[Run, Path]) -> None:
    run, _out = eunomia
    notice = next(one for one in run.notices if one.id == "not_in_person")

    assert notice.people == 2649


def test_products_become_ingredients_by_ancestors_where_there_are_any(
    eunomia: tuple[Run, Path],
) -> None:
    run, _out = eunomia
    drugs = next(one for one in run.vocabulary if one.table == "drug_exposure")

    assert drugs.by["ancestor"] > 0
    assert not any(one.id == "stub_vocabulary" for one in run.notices)


def test_a_vocabulary_without_ancestors_is_said(new_jersey: tuple[Run, Path]) -> None:
    run, out = new_jersey
    medicines = pq.read_table(out / "medicines.parquet")

    assert any(one.id == "stub_vocabulary" for one in run.notices)
    assert {"hydrochlorothiazide", "lisinopril", "amlodipine"} <= set(
        medicines["medicine"].to_pylist()
    )


def test_the_rows_are_those_of_the_one_person_assessment(new_jersey: tuple[Run, Path]) -> None:
    _run, out = new_jersey
    people = pq.read_table(out / "people.parquet").to_pylist()
    factors = pq.read_table(out / "factors.parquet").to_pylist()
    taken = pq.read_table(out / "medicines.parquet").to_pylist()
    for row in people:
        number = row["person_id"]
        single = assess(facts_of_person(str(NEW_JERSEY), number, knowledge()), questions=0)
        shares = {one.id: (one.share, one.low, one.high) for one in single.shares}
        mine = [one for one in factors if one["person_id"] == number]

        assert {
            one["factor"]: tuple(round(one[name], 6) for name in ("share", "low", "high"))
            for one in mine
        } == shares
        assert round(row["unexplained"], 6) == single.unexplained.share
        assert round(row["unexplained_low"], 6) == single.unexplained.low
        assert row["level"] == single.triage.level
        assert row["red_flags"] == sorted(
            (reason.id for reason in single.triage.reasons), key=list(knowledge().red_flags).index
        )
        plan = next((item for item in single.plan if item.id == "review_medicine"), None)
        worth = [name.removeprefix("medication:") for name in plan.because] if plan else []
        assert row["review"] == worth
        assert sorted(row["review"]) == sorted(
            one["medicine"] for one in taken if one["person_id"] == number and one["review"]
        )


def test_factors_have_the_day_they_were_first_written_down(new_jersey: tuple[Run, Path]) -> None:
    _run, out = new_jersey
    factors = pq.read_table(out / "factors.parquet").to_pylist()
    diabetes = [f for f in factors if f["factor"] == "diabetes" and f["presence"] == 1.0]

    assert diabetes
    assert all(one["since"] and one["since"] < dt.date(2023, 1, 1) for one in diabetes)
    assert all(one["since"] is None for one in factors if one["presence"] < 0.3)
