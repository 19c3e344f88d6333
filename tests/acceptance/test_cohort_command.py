"""`nightcramp cohort`: what it finds in a small database, and what it says of a broken one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("ibis", reason="the extra `cohort` is not installed")

import pyarrow.parquet as pq

from nightcramp.cli.main import cli
from nightcramp.errors import InputError
from omop import CRAMP, HYDROCHLOROTHIAZIDE, QUININE, SIMVASTATIN, Omop


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["cohort", *map(str, words)])


def screened(folder: Path, out: Path, *more: object) -> Result:
    return run("screen", "--cdm", folder, "--out", out, "--no-pdf", *more)


def rows(out: Path, table: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = pq.read_table(out / f"{table}.parquet").to_pylist()
    return found


@pytest.fixture
def database() -> Omop:
    """One has cramps and takes a water tablet, one takes quinine, one has neither."""
    made = Omop()
    made.person(1)
    made.medicine(1, HYDROCHLOROTHIAZIDE, "2023-01-10", 400)
    made.condition(1, 0, "2023-05-01", condition_source_concept_id=CRAMP)
    made.person(2, sex=8507)
    made.medicine(2, QUININE, "2022-03-01")
    made.person(3)
    made.condition(3, 201826, "2020-01-01")
    return made


def test_those_with_a_sign_of_cramps_are_looked_at_on_its_day(
    database: Omop, tmp_path: Path
) -> None:
    found = screened(database.write(tmp_path / "cdm"), tmp_path / "out")

    assert found.exit_code == 0, found.output
    people = {row["person_id"]: row for row in rows(tmp_path / "out", "people")}
    assert people.keys() == {1, 2}
    assert str(people[1]["as_of"]) == "2023-05-01"
    assert people[1]["markers"] == ["night_leg_cramps"]
    assert people[1]["age"] == 72
    assert people[1]["review"] == ["hydrochlorothiazide"]
    assert people[2]["markers"] == ["quinine"]
    assert people[2]["sex"] == "male"


def test_a_medicine_has_its_days_and_its_share(database: Omop, tmp_path: Path) -> None:
    screened(database.write(tmp_path / "cdm"), tmp_path / "out")

    medicines = [r for r in rows(tmp_path / "out", "medicines") if r["person_id"] == 1]
    (thiazide,) = medicines
    assert str(thiazide["since"]) == "2023-01-10"
    assert thiazide["until"] is None
    assert thiazide["review"] is True
    factors = {r["factor"]: r for r in rows(tmp_path / "out", "factors") if r["person_id"] == 1}
    assert factors["medication:hydrochlorothiazide"]["share"] == thiazide["share"] > 0.05


def test_everyone_can_be_looked_at_on_one_day(database: Omop, tmp_path: Path) -> None:
    folder = database.write(tmp_path / "cdm")

    screened(folder, tmp_path / "out", "--everyone", "--as-of", "2021-06-01")

    people = rows(tmp_path / "out", "people")
    assert [row["person_id"] for row in people] == [1, 2, 3]
    assert {str(row["as_of"]) for row in people} == {"2021-06-01"}
    assert not rows(tmp_path / "out", "medicines")


def test_a_muscle_relaxant_alone_selects_nobody(tmp_path: Path) -> None:
    made = Omop()
    made.person(1)
    made.add(
        "concept",
        concept_id=7001,
        concept_name="carisoprodol 350 MG Oral Tablet",
        vocabulary_id="RxNorm",
        concept_class_id="Clinical Drug",
        concept_code="0",
    )
    made.medicine(1, 7001, "2023-01-10")

    found = screened(made.write(tmp_path / "cdm"), tmp_path / "out")

    assert found.exit_code == 0, found.output
    assert rows(tmp_path / "out", "people") == []


def test_small_counts_are_not_printed(database: Omop, tmp_path: Path) -> None:
    folder = database.write(tmp_path / "cdm")
    found = screened(folder, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")

    assert "<5" in found.output
    assert "&lt;5" in page
    assert run("show", tmp_path / "out").output == found.output.removesuffix(
        f"Written to {tmp_path / 'out'}\n"
    )


def test_only_tables_are_left_where_asked(database: Omop, tmp_path: Path) -> None:
    screened(database.write(tmp_path / "cdm"), tmp_path / "out", "--tables-only")

    assert not list((tmp_path / "out").glob("*.parquet"))
    assert list((tmp_path / "out" / "tables").glob("*.csv"))


def test_the_attrition_says_who_was_left_at_each_filter(database: Omop, tmp_path: Path) -> None:
    database.person(4, seen=False)
    database.person(5, born=1800)
    folder = database.write(tmp_path / "cdm")

    screened(folder, tmp_path / "out")

    run_ = json.loads((tmp_path / "out" / "run.json").read_bytes())
    assert [(step["id"], step["people"]) for step in run_["attrition"]] == [
        ("people", 5),
        ("observed", 4),
        ("possible_age", 4),
        ("marked", 2),
    ]


def test_one_person_is_assessed_like_any_other(database: Omop, tmp_path: Path) -> None:
    folder = database.write(tmp_path / "cdm")

    found = run("person", "--cdm", folder, 1)

    assert found.exit_code == 0, found.output
    assert "hydrochlorothiazide" in found.output


def test_a_duckdb_file_may_keep_its_tables_in_a_schema(database: Omop, tmp_path: Path) -> None:
    import duckdb

    folder = database.write(tmp_path / "cdm")
    with duckdb.connect(str(tmp_path / "all.duckdb")) as connection:
        connection.execute("CREATE SCHEMA cdm")
        for file in folder.glob("*.parquet"):
            connection.execute(f"CREATE TABLE cdm.{file.stem} AS FROM read_parquet('{file}')")

    found = screened(tmp_path / "all.duckdb", tmp_path / "out")

    assert found.exit_code == 0, found.output
    assert [row["person_id"] for row in rows(tmp_path / "out", "people")] == [1, 2]


# Faults of the data, met and counted


def notice(out: Path, name: str) -> dict[str, object]:
    notices = json.loads((out / "run.json").read_bytes())["notices"]
    return next(one for one in notices if one["id"] == name)


def test_dates_before_birth_are_not_read(database: Omop, tmp_path: Path) -> None:
    database.condition(1, 201826, "1930-01-01")

    screened(database.write(tmp_path / "cdm"), tmp_path / "out")

    assert notice(tmp_path / "out", "before_birth")["rows"] == 1
    factors = {r["factor"] for r in rows(tmp_path / "out", "factors") if r["person_id"] == 1}
    assert "diabetes" not in factors


def test_a_million_rows_twice_are_read_once(database: Omop, tmp_path: Path) -> None:
    import pyarrow as pa

    folder = database.write(tmp_path / "cdm")
    one = database.table("drug_exposure").slice(0, 1)
    many = pa.concat_tables([database.table("drug_exposure"), *[one] * 1_000_000])
    pq.write_table(many.combine_chunks(), folder / "drug_exposure.parquet")

    found = screened(folder, tmp_path / "out")

    assert found.exit_code == 0, found.output
    assert notice(tmp_path / "out", "repeated")["rows"] == 1_000_000
    assert len([r for r in rows(tmp_path / "out", "medicines") if r["person_id"] == 1]) == 1


def test_people_in_the_table_twice_are_read_once(database: Omop, tmp_path: Path) -> None:
    database.add("person", person_id=1, gender_concept_id=8532, year_of_birth=1950)
    database.add("person", person_id=2, gender_concept_id=8507, year_of_birth=1961)

    screened(database.write(tmp_path / "cdm"), tmp_path / "out")

    assert [row["person_id"] for row in rows(tmp_path / "out", "people")] == [1]
    assert notice(tmp_path / "out", "births_differ")["people"] == 1


def test_a_result_in_a_foreign_unit_is_not_read(database: Omop, tmp_path: Path) -> None:
    database.potassium(1, 2.5, "2023-04-20", unit_concept_id=0, unit_source_value="kg")
    database.potassium(2, 2.5, "2022-02-20")

    screened(database.write(tmp_path / "cdm"), tmp_path / "out")

    assert notice(tmp_path / "out", "unit")["rows"] == 1
    factors = rows(tmp_path / "out", "factors")
    low = {r["person_id"] for r in factors if r["factor"] == "potassium_deficiency"}
    assert low == {2} or all(
        r["presence"] < 0.5
        for r in factors
        if r["person_id"] == 1 and r["factor"] == "potassium_deficiency"
    )


def test_a_cream_is_no_medicine_taken(database: Omop, tmp_path: Path) -> None:
    database.add(
        "concept",
        concept_id=7002,
        concept_name="simvastatin 1 % Topical Cream",
        vocabulary_id="RxNorm",
        concept_class_id="Clinical Drug",
        concept_code="0",
    )
    database.medicine(1, 7002, "2023-04-01")
    database.medicine(2, SIMVASTATIN, "2022-02-20")

    screened(database.write(tmp_path / "cdm"), tmp_path / "out")

    assert notice(tmp_path / "out", "local_form")["rows"] == 1
    taken = {(r["person_id"], r["medicine"]) for r in rows(tmp_path / "out", "medicines")}
    assert (2, "simvastatin") in taken
    assert (1, "simvastatin") not in taken


# What cannot be read


def refused(found: Result) -> InputError:
    assert isinstance(found.exception, InputError), found.output
    return found.exception


@pytest.mark.parametrize(
    ("leave_out", "said"),
    [
        (("drug_exposure",), "missing: table drug_exposure"),
        (("person.year_of_birth",), "missing: year_of_birth in table person"),
        (
            ("measurement", "observation.value_as_string"),
            "missing: value_as_string in table observation; table measurement",
        ),
    ],
)
def test_what_is_missing_is_named(
    database: Omop, tmp_path: Path, leave_out: tuple[str, ...], said: str
) -> None:
    folder = database.write(tmp_path / "cdm", leave_out)

    error = refused(screened(folder, tmp_path / "out"))

    assert said in error.message
    assert error.where == str(folder)
    assert not (tmp_path / "out").exists()


def test_another_version_of_the_model_is_refused(tmp_path: Path) -> None:
    folder = Omop(version="v6.0").write(tmp_path / "cdm")

    error = refused(screened(folder, tmp_path / "out"))

    assert "OMOP CDM v6.0" in error.message
    assert "5.3, 5.4" in error.message


def test_a_database_without_people_is_refused(tmp_path: Path) -> None:
    folder = Omop().write(tmp_path / "cdm")

    assert "holds nobody" in refused(screened(folder, tmp_path / "out")).message
    assert list(tmp_path.iterdir()) == [folder]


def test_a_broken_file_is_named(database: Omop, tmp_path: Path) -> None:
    folder = database.write(tmp_path / "cdm")
    (folder / "measurement.parquet").write_bytes(b"PAR1 but not really")

    error = refused(screened(folder, tmp_path / "out"))

    assert "measurement.parquet" in f"{error.where} {error.message}"
    assert list(tmp_path.iterdir()) == [folder]


def test_nothing_is_written_over(database: Omop, tmp_path: Path) -> None:
    folder = database.write(tmp_path / "cdm")
    (tmp_path / "out").mkdir()

    assert "exists already" in refused(screened(folder, tmp_path / "out")).message


def test_words_where_numbers_belong_are_refused(database: Omop, tmp_path: Path) -> None:
    import pyarrow as pa

    folder = database.write(tmp_path / "cdm")
    table = database.table("person")
    words = pa.array(["nineteen fifty"] * table.num_rows)
    table = table.set_column(table.column_names.index("year_of_birth"), "year_of_birth", words)
    pq.write_table(table, folder / "person.parquet")

    error = refused(screened(folder, tmp_path / "out"))

    assert "nineteen fifty" in error.message or "year_of_birth" in error.message
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_broken_off_leaves_nothing_half_written(
    database: Omop, tmp_path: Path, how: signal.Signals
) -> None:
    folder = database.write(tmp_path / "cdm")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "nightcramp.cli.main", "cohort", "screen"]
    command += ["--cdm", str(folder), "--out", str(out), "--intervals"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        _wait_for(tmp_path / ".out.unfinished", process)
        process.send_signal(how)
        process.wait(60)

    assert not out.exists()
    assert (tmp_path / ".out.unfinished").exists() == (how == signal.SIGKILL)
    assert screened(folder, out).exit_code == 0
    assert not (tmp_path / ".out.unfinished").exists()


def _wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    for _ in range(3000):
        if path.exists() or process.poll() is not None:
            return
        time.sleep(0.01)
    raise AssertionError("the screening did not begin")
