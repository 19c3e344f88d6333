"""The made-up OMOP data that benchmarks measure by: their shape, their truth and their dirt."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

duckdb = pytest.importorskip("duckdb")

import cohort_floor  # noqa: E402
import omop_generator  # noqa: E402
from omop_vocabulary import EUNOMIA, FIRST_LOCAL, SYNTHEA  # noqa: E402

pytestmark = pytest.mark.skipif(not EUNOMIA.exists(), reason="../shared/data/omop is not here")

PEOPLE = 2000
EVENTS = {
    "drug_exposure": "drug",
    "condition_occurrence": "condition",
    "measurement": "measurement",
    "procedure_occurrence": "procedure",
    "observation": "observation",
}
Ask = Callable[[str], list[tuple[Any, ...]]]


def asked_of(folder: Path) -> Ask:
    """Return what answers queries about the tables of a folder."""
    connection = duckdb.connect()
    for file in folder.glob("*.parquet"):
        connection.execute(f"CREATE VIEW {file.stem} AS FROM read_parquet('{file}')")
    return lambda query: connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of made-up people."""
    made = tmp_path_factory.mktemp("people")
    omop_generator.generate(PEOPLE, made)
    return made


@pytest.fixture(scope="module")
def ask(folder: Path) -> Ask:
    """Return what answers queries about them."""
    return asked_of(folder)


def test_tables_have_the_columns_of_the_common_data_model(folder: Path, ask: Ask) -> None:
    """Names, types and order are those of the sample database of CDM 5.4."""
    for file in folder.glob("*.parquet"):
        expected = ask(f"DESCRIBE SELECT * FROM read_parquet('{SYNTHEA / file.name}')")
        assert [row[:2] for row in ask(f"DESCRIBE {file.stem}")] == [row[:2] for row in expected]
    assert not (folder / "parts").exists()


def test_people_take_medicines_as_people_do(ask: Ask) -> None:
    """About ten prescriptions a person, few for the young, many for the old, refilled in runs."""
    by_age = dict(
        ask("""
            SELECT CASE WHEN year_of_birth > 2007 THEN 'young' WHEN year_of_birth < 1951 THEN 'old'
                ELSE 'between' END, count(*) / count(DISTINCT person_id)
            FROM person JOIN drug_exposure USING (person_id) GROUP BY 1""")
    )
    assert 4 * by_age["young"] < by_age["old"]
    assert 8 <= ask("SELECT count(*) FROM drug_exposure")[0][0] / PEOPLE <= 15
    supplies = {row[0] for row in ask("SELECT DISTINCT days_supply FROM drug_exposure")}
    assert {28, 30, 84, 90, None} <= supplies


def test_there_are_many_medicines_and_conditions_that_do_not_matter(ask: Ask) -> None:
    """Codes have to be looked up among hundreds."""
    assert ask("SELECT count(DISTINCT drug_concept_id) FROM drug_exposure")[0][0] >= 150
    conditions = ask("SELECT count(DISTINCT condition_concept_id) FROM condition_occurrence")
    assert conditions[0][0] >= 150


@pytest.mark.parametrize("table", EVENTS)
def test_every_concept_is_in_the_vocabulary(ask: Ask, table: str) -> None:
    """Nothing refers to a concept that the concept table does not hold."""
    domain = EVENTS[table]
    for column in (f"{domain}_concept_id", f"{domain}_source_concept_id"):
        lost = ask(f"SELECT {column} FROM {table} ANTI JOIN concept ON concept_id = {column}")
        assert not lost


def test_codes_are_true_or_local(ask: Ask) -> None:
    """Concept ids are the samples' and the knowledge's own; the rest lies in the local range."""
    samples = ask(f"""
        ATTACH '{EUNOMIA}' AS eunomia (READ_ONLY);
        SELECT concept_id FROM read_parquet('{SYNTHEA}/concept.parquet')
        UNION SELECT concept_id FROM eunomia.concept""")
    medicines = omop_generator.knowledge().medicines.values()
    conditions = omop_generator.knowledge().conditions.values()
    known = {int(medicine.omop) for medicine in medicines if medicine.omop}
    known |= {int(each) for condition in conditions for each in condition.omop}
    ids = {
        row[0] for row in ask(f"SELECT concept_id FROM concept WHERE concept_id < {FIRST_LOCAL}")
    }
    assert ids <= known | {row[0] for row in samples}


@pytest.mark.parametrize(
    ("product", "ingredients"),
    [
        ("simvastatin 20 MG Oral Tablet", {"simvastatin"}),
        ("furosemide 40 MG Oral Tablet", {"furosemide"}),
        ("sacubitril 97 MG / valsartan 103 MG Oral Tablet", {"sacubitril", "valsartan"}),
        (
            "60 ACTUAT fluticasone propionate 0.25 MG/ACTUAT / salmeterol 0.05 MG/ACTUAT Dry "
            "Powder Inhaler",
            {"fluticasone", "salmeterol"},
        ),
        (
            "12 HR hydrocodone bitartrate 10 MG Extended Release Oral Capsule",
            {"hydrocodone"},
        ),
    ],
)
def test_products_lead_to_their_ingredients(ask: Ask, product: str, ingredients: set[str]) -> None:
    """concept_ancestor holds the ingredients that a product's name says."""
    found = ask(f"""
        SELECT lower(i.concept_name) FROM concept p
        JOIN concept_ancestor ON descendant_concept_id = p.concept_id
        JOIN concept i ON i.concept_id = ancestor_concept_id
        WHERE p.concept_name = '{product}' AND i.concept_class_id = 'Ingredient'""")
    assert {row[0] for row in found} == ingredients


def test_some_adults_have_cramps(ask: Ask) -> None:
    """A few in a hundred adults have a marker, as a code or as a medicine, and no child has."""
    marked = ask("""
        WITH marked AS (
            SELECT person_id FROM condition_occurrence
            WHERE condition_source_value IN ('G47.62', 'R25.2', '55300003')
            UNION SELECT person_id FROM drug_exposure JOIN concept ON concept_id = drug_concept_id
            WHERE concept_name IN ('quinine', 'carisoprodol', 'orphenadrine'))
        SELECT year_of_birth < 2008, avg((marked.person_id IS NOT NULL)::INT)
        FROM person LEFT JOIN marked USING (person_id) GROUP BY 1""")
    shares = dict(marked)
    assert 0.015 < shares[True] < 0.06
    assert shares[False] == 0


def test_laboratory_values_come_in_two_units(ask: Ask) -> None:
    """The same test in mg/dL and umol/L differs by its factor, and so do its limits."""
    found = ask("""
        SELECT unit_source_value, median(value_as_number), max(range_high) FROM measurement
        JOIN concept ON concept_id = measurement_concept_id WHERE concept_code = '2160-0'
        GROUP BY 1""")
    value, limit = ({row[0]: float(row[at]) for row in found} for at in (1, 2))
    assert value["umol/L"] / value["mg/dL"] == pytest.approx(88.4, rel=0.1)
    assert limit["umol/L"] / limit["mg/dL"] == pytest.approx(88.4, rel=0.01)


@pytest.mark.parametrize(
    "found",
    [
        "condition_occurrence JOIN person USING (person_id) "
        "WHERE year(condition_start_date) < year_of_birth",
        "condition_occurrence WHERE condition_end_date < condition_start_date",
        "drug_exposure WHERE drug_exposure_end_date IS NULL",
        "drug_exposure WHERE drug_exposure_end_date < drug_exposure_start_date",
        "(SELECT count(*) AS rows FROM drug_exposure GROUP BY person_id, drug_concept_id, "
        "drug_exposure_start_date, days_supply) WHERE rows > 1",
        "observation_period ANTI JOIN person USING (person_id)",
        "condition_occurrence WHERE condition_concept_id = 0",
        "measurement WHERE value_as_number IS NULL",
        "measurement WHERE value_as_number < 0 AND range_low > 1",
        "person WHERE gender_concept_id = 0",
        "(SELECT count(*) AS rows FROM observation_period GROUP BY person_id) WHERE rows > 1",
    ],
)
def test_dirt_of_real_records_is_there_and_rare(ask: Ask, found: str) -> None:
    """Each kind of dirt occurs, in less than a tenth of the rows."""
    rows = ask(f"SELECT count(*) FROM {found}")[0][0]
    assert 0 < rows < ask(f"SELECT count(*) FROM {found.split(' WHERE ')[0]}")[0][0] / 10 + 150


def all_rows(folder: Path, table: str) -> list[tuple[Any, ...]]:
    """Return the rows of a table as they lie in its file."""
    return asked_of(folder)(f"SELECT * FROM {table}")


def test_blocks_leave_no_seam(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People made in several blocks are the people made at once, sorted through."""
    monkeypatch.setattr(omop_generator, "BLOCK", 700)
    omop_generator.generate(PEOPLE, tmp_path)
    for table in EVENTS:
        rows = all_rows(tmp_path, table)
        assert sorted(map(str, rows)) == sorted(map(str, all_rows(folder, table)))
        assert [row[1] for row in rows] == sorted(row[1] for row in rows)


def test_shuffled_rows_are_the_same_rows(folder: Path, tmp_path: Path) -> None:
    """A shuffled database holds what the sorted one does, in no order."""
    omop_generator.generate(PEOPLE, tmp_path, shuffled=True)
    rows = all_rows(tmp_path, "condition_occurrence")
    assert sorted(map(str, rows)) == sorted(map(str, all_rows(folder, "condition_occurrence")))
    following = sum(a[1] < b[1] for a, b in pairwise(rows))
    assert following / len(rows) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(("words", "in_order"), [([], True), (["--shuffled"], False)])
def test_the_command_sorts_unless_told_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], in_order: bool
) -> None:
    """The command line prints what it wrote; its rows lie by person unless they are shuffled."""
    omop_generator.main(["100", str(tmp_path), *words])
    people = [row[1] for row in all_rows(tmp_path, "drug_exposure")]
    assert f"drug_exposure {len(people):>21,} rows" in capsys.readouterr().out
    assert (people == sorted(people)) is in_order


def test_another_seed_makes_other_people(folder: Path, tmp_path: Path) -> None:
    """The seed decides who they are."""
    omop_generator.generate(100, tmp_path, seed=2)
    assert all_rows(tmp_path, "person")[:100] != all_rows(folder, "person")[:100]


def test_a_database_file_holds_the_same_tables(folder: Path, tmp_path: Path) -> None:
    """The DuckDB database has every table with every row."""
    path = tmp_path / "people.duckdb"
    omop_generator.into_duckdb(folder, path)
    with duckdb.connect(path, read_only=True) as connection:
        for table, (rows, _) in cohort_floor.sizes(folder).items():
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchall() == [(rows,)]


def test_the_floor_counts_what_a_person_has(folder: Path, ask: Ask) -> None:
    """The floor groups every table by person and concept, in a process whose memory it tells."""
    found = cohort_floor.measured(folder)
    groups = sum(
        ask(f"SELECT count(DISTINCT (person_id, {domain}_concept_id)) FROM {table}")[0][0]
        for table, domain in EVENTS.items()
    )
    assert (found.people, found.groups) == (PEOPLE, groups)
    assert set(found.seconds) == {"person", "observation_period", *EVENTS}
    assert found.megabytes > 10
