"""DuckDB, PostgreSQL and Spark find the same in the same people, and say alike what is wrong."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import engines
import omop_generator
from nightcramp.cohort.people.batch import When
from nightcramp.cohort.screen import Run, screen
from nightcramp.cohort.settings import Settings
from nightcramp.cohort.source.address import opened
from nightcramp.cohort.source.arrays import batches
from nightcramp.cohort.source.database import read_source
from nightcramp.cohort.weigh import spark as by_spark
from nightcramp.cohort.weigh.reading import wanted_by
from nightcramp.cohort.weigh.workers import found_from
from nightcramp.errors import InputError
from nightcramp.knowledge.loader import knowledge

OMOP = Path(__file__).parents[2].parent / "shared" / "data" / "omop"
SAMPLES = {"gibleed": OMOP / "eunomia.duckdb", "synthea": OMOP / "Synthea27NjParquet"}
EVERYONE = When(everyone=True)
IN_PIECES = Settings(when=EVERYONE, rows_at_once=3_000)
"""Small batches, so that they are cut between people and put together again."""
SECRET = "hunter2"
QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Java that compiles little and keeps to one thread: twice as fast over a minute."""

pytestmark = pytest.mark.filterwarnings(
    # PySpark leaves the sockets to its own Java process to the garbage collector.
    "ignore:unclosed <socket.socket .*127.0.0.1:ResourceWarning"
)


@dataclass(frozen=True)
class Screened:
    """A database as DuckDB has it, as a folder of Parquet files, and what DuckDB found."""

    name: str
    source: Path
    folder: Path
    found: Path
    run: Run


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Spark on this machine, started as the program starts it, one for all tests."""
    pytest.importorskip("pyspark", reason="PySpark is not installed")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Java, which Spark needs, is not installed")
    from pyspark import SparkContext

    from nightcramp.cohort.source.spark import spark_session

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", QUICK_START)
        with spark_session("spark") as session:
            yield session
    process = SparkContext._gateway.proc
    SparkContext._gateway.shutdown()
    SparkContext._gateway = SparkContext._jvm = None
    process.stdin.close()
    process.wait(60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module", params=["gibleed", "synthea", "made", "faulty"])
def screened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Screened:
    """Two samples, two thousand made-up people, and a few hundred with every fault."""
    name: str = request.param
    home = tmp_path_factory.mktemp(name)
    folder = home / "folder"
    if name != "faulty" and not OMOP.is_dir():
        pytest.skip("the sample databases are not here")
    if name == "faulty":
        seed = 7 if os.environ.get("CI") else int.from_bytes(os.urandom(3), "big")
        print("the seed of the people with faults:", seed)
        engines.random_database(folder, 300, seed=seed)
    elif name == "made":
        omop_generator.generate(2_000, folder)
    else:
        engines.into_parquet(SAMPLES[name], folder)
    source = SAMPLES.get(name, folder)
    run = screen(str(source), home / "found", knowledge(), Settings(when=EVERYONE))
    return Screened(name, source, folder, home / "found", run)


def assert_same(run: Run, found: Path, expected: Screened) -> None:
    """Assert that people, factors and medicines are equal, and all that was counted."""
    assert list(engines.differences(found, expected.found)) == []
    assert run.attrition == expected.run.attrition
    assert run.vocabulary == expected.run.vocabulary
    assert run.notices == expected.run.notices


def test_a_folder_is_read_like_a_file(screened: Screened, tmp_path: Path) -> None:
    """The same tables as Parquet files give the same result, in batches of any size."""
    run = screen(str(screened.folder), tmp_path / "found", knowledge(), IN_PIECES)
    assert_same(run, tmp_path / "found", screened)


def test_postgresql_finds_the_same(screened: Screened, postgresql: str, tmp_path: Path) -> None:
    """A server with the model's own types, in a schema of its own."""
    engines.into_postgresql(screened.folder, postgresql, f"cdm {screened.name}")
    address = f"{postgresql}&schema=cdm%20{screened.name}"
    run = screen(address, tmp_path / "found", knowledge(), IN_PIECES)
    assert_same(run, tmp_path / "found", screened)


def test_spark_finds_the_same(screened: Screened, spark: Any, tmp_path: Path) -> None:
    """The executors weigh; nothing of it depends on how the people were dealt out."""
    address = f"spark:{screened.folder}"
    run = screen(address, tmp_path / "found", knowledge(), IN_PIECES)
    assert_same(run, tmp_path / "found", screened)


def test_a_changed_share_is_noticed(screened: Screened, tmp_path: Path) -> None:
    """The comparison above sees one share that is off by the smallest amount there is."""
    shutil.copytree(screened.found, tmp_path / "other")
    path = tmp_path / "other" / "factors.parquet"
    table = pq.read_table(path)
    shares = table["share"].to_pylist()
    shares[len(shares) // 2] += 1e-15
    place = table.column_names.index("share")
    pq.write_table(table.set_column(place, "share", pa.array(shares)), path)
    assert list(engines.differences(tmp_path / "other", screened.found)) == ["factors.share"]


def test_what_executors_send_is_put_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results cut into small pieces, as large ones are, come out as they went in."""
    monkeypatch.setattr(by_spark, "ROWS_AT_ONCE", 7)
    folder = engines.random_database(tmp_path / "folder", 100, seed=1)
    with opened(str(folder)) as database:
        source = read_source(database, knowledge())
        table = database.backend.to_pyarrow(source.ordered(wanted_by(knowledge())))
    rows = [
        row
        for part in by_spark._worked(tuple(source.tokens), IN_PIECES, iter(table.to_batches()))
        for row in part.to_pylist()
    ]
    parts = batches(iter(table.to_batches()), IN_PIECES.rows_at_once)
    expected = list(found_from(parts, source.tokens, knowledge(), IN_PIECES))
    found = list(by_spark._gathered(iter(rows)))
    assert len(rows) > len(expected) * 10
    assert [one.account for one in found] == [one.account for one in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert {name: one.to_pylist() for name, one in ours.tables.items()} == {
            name: one.to_pylist() for name, one in theirs.tables.items()
        }


# What a server must allow, and what it is never told


@pytest.fixture
def reader(postgresql: str) -> Iterator[str]:
    """The address of a role that may read the schema `cdm`, with a password, and nothing else."""
    import psycopg

    with psycopg.connect(postgresql, autocommit=True) as server:
        rules = Path(str(server.execute("SHOW hba_file").fetchone()[0]))  # type: ignore[index]
        before = rules.read_text()
        rules.write_text("local all reader scram-sha-256\n" + before)
        for statement in (
            "SELECT pg_reload_conf()",
            "REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC",
            f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'",
            "DROP SCHEMA IF EXISTS cdm CASCADE",
            "CREATE SCHEMA cdm",
        ):
            server.execute(statement)
        yield postgresql.replace("postgres@", f"reader:{SECRET}@") + "&schema=cdm"
        server.execute("DROP OWNED BY reader")
        server.execute("DROP ROLE reader")
        server.execute("GRANT TEMPORARY ON DATABASE postgres TO PUBLIC")
        rules.write_text(before)
        server.execute("SELECT pg_reload_conf()")


def granted(postgresql: str, folder: Path, *statements: str) -> None:
    """Fill the schema `cdm` and say what the reader may do there."""
    import psycopg

    engines.into_postgresql(folder, postgresql, "cdm")
    with psycopg.connect(postgresql, autocommit=True) as server:
        for statement in statements:
            server.execute(statement)


READING = (
    "GRANT USAGE ON SCHEMA cdm TO reader",
    "GRANT SELECT ON ALL TABLES IN SCHEMA cdm TO reader",
)


def test_a_role_that_may_only_read_is_enough(
    postgresql: str, reader: str, faulty: Path, tmp_path: Path
) -> None:
    """No right to temporary tables is needed, and the password is in nothing that is written."""
    granted(postgresql, faulty, *READING)
    run = screen(reader, tmp_path / "found", knowledge(), IN_PIECES)
    assert run.attrition[0].people == 60
    assert run.source.shown.endswith("&schema=cdm")
    written = b"".join(path.read_bytes() for path in (tmp_path / "found").iterdir())
    assert SECRET.encode() not in written
    assert b"reader" not in (tmp_path / "found" / "run.json").read_bytes()


def test_nothing_can_be_written_on_a_server(postgresql: str, faulty: Path) -> None:
    """Even the owner of everything opens it for reading only."""
    engines.into_postgresql(faulty, postgresql, "cdm")
    with (
        pytest.raises(InputError, match="read-only transaction"),
        opened(f"{postgresql}&schema=cdm") as database,
    ):
        database.backend.con.execute("DELETE FROM cdm.person")


def test_a_server_hands_over_events_piece_by_piece(postgresql: str, faulty: Path) -> None:
    """A cursor stays on the server, so that memory does not grow with the database."""
    engines.into_postgresql(faulty, postgresql, "cdm")
    with opened(f"{postgresql}&schema=cdm") as database:
        events = read_source(database, knowledge()).ordered(wanted_by(knowledge()))
        stream = database.backend.to_pyarrow_batches(events, chunk_size=50)
        assert next(stream).num_rows == 50
        cursors = database.backend.con.execute("SELECT is_scrollable FROM pg_cursors").fetchall()
        assert len(cursors) == 1
        stream.close()


def test_tables_that_may_not_be_read_are_named(
    postgresql: str, reader: str, faulty: Path, tmp_path: Path
) -> None:
    """A right that is missing is told as that, not as a table that is missing."""
    granted(postgresql, faulty, *READING, "REVOKE SELECT ON cdm.death, cdm.person FROM reader")
    with pytest.raises(InputError, match="may not read: death, person") as told:
        screen(reader, tmp_path / "found", knowledge())
    assert "SELECT on these tables" in str(told.value)
    granted(postgresql, faulty, READING[1])
    with pytest.raises(
        InputError, match="may not read: concept, condition_occurrence, death"
    ) as told:
        screen(reader, tmp_path / "found", knowledge())
    assert "USAGE on the schema" in str(told.value)


def test_a_wrong_password(reader: str, tmp_path: Path) -> None:
    """The server's reason is told, without what was tried."""
    address = reader.replace(SECRET, "swordfish")
    with pytest.raises(InputError, match="password authentication failed") as told:
        screen(address, tmp_path / "found", knowledge())
    assert str(told.value).startswith("postgresql:///postgres?host=")
    assert "swordfish" not in str(told.value)
    assert "~/.pgpass" in told.value.hint
    assert not (tmp_path / "found").exists()


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """Nobody answers: the address is shown without user and password."""
    address = f"postgresql://me:{SECRET}@127.0.0.1:1/cdm?schema=omop"
    with pytest.raises(InputError, match=r"the server does not open: .*refused") as told:
        screen(address, tmp_path / "found", knowledge())
    assert told.value.where == "postgresql://127.0.0.1:1/cdm?schema=omop"
    assert "See that it runs" in told.value.hint
    assert SECRET not in str(told.value)


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{SECRET}@{SECRET}@host/cdm",
        f"postgresql://me:{SECRET}/{SECRET}@host/cdm",
        f"postgresql://me:{SECRET}#{SECRET}@host/cdm",
        f"postgresql://me:%zz{SECRET}@host/cdm",
        f"postgresql://me@host/cdm?passwort={SECRET}",
        f"mysql://me:{SECRET}@host/cdm",
    ],
)
def test_no_part_of_a_password_is_shown(address: str, tmp_path: Path) -> None:
    """An address that cannot be understood is not repeated; how to write one is told."""
    with pytest.raises(InputError, match="is not an address that can be read") as told:
        screen(address, tmp_path / "found", knowledge())
    assert SECRET not in str(told.value)
    assert "%40" in told.value.hint


def test_a_password_among_the_options_is_not_shown(tmp_path: Path) -> None:
    """It may stand there too; only host, port, database and schema are shown of the options."""
    address = f"postgresql:///cdm?host=127.0.0.1&port=1&user=me&password={SECRET}"
    with pytest.raises(InputError, match="the server does not open") as told:
        screen(address, tmp_path / "found", knowledge())
    assert told.value.where == "postgresql:///cdm?host=127.0.0.1&port=1"
    assert SECRET not in str(told.value)


def test_a_schema_without_tables(postgresql: str, faulty: Path, tmp_path: Path) -> None:
    """The schemas that do hold people are named."""
    engines.into_postgresql(faulty, postgresql, "omop_here")
    with pytest.raises(InputError, match="the schema nowhere holds no tables") as told:
        screen(f"{postgresql}&schema=nowhere", tmp_path / "found", knowledge())
    assert "omop_here" in told.value.hint


# What is wrong with a database is told alike whatever reads it


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A small database in a folder."""
    return engines.random_database(tmp_path / "folder", 60, seed=3)


@pytest.fixture(params=["parquet", "duckdb", "postgresql", "spark"])
def address_of(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Path], str]:
    """How to give each engine the tables of a folder."""
    engine: str = request.param
    if engine == "spark":
        request.getfixturevalue("spark")
        return lambda folder: f"spark:{folder}"
    if engine == "duckdb":
        return lambda folder: str(engines.into_duckdb(folder, tmp_path / "cdm.duckdb"))
    if engine == "parquet":
        return str
    server: str = request.getfixturevalue("postgresql")

    def loaded(folder: Path) -> str:
        engines.into_postgresql(folder, server, "wrong")
        return f"{server}&schema=wrong"

    return loaded


def refusal(address: str, out: Path) -> InputError:
    """Return what is told of a database that cannot be screened; nothing is left behind."""
    with pytest.raises(InputError) as told:
        screen(address, out, knowledge())
    assert sorted(path.name for path in out.parent.glob("*found*")) == []
    assert "\n" not in told.value.message
    return told.value


def rewritten(folder: Path, table: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change a table of a folder."""
    path = folder / f"{table}.parquet"
    pq.write_table(change(pq.read_table(path)), path)


def test_missing_tables_and_columns(
    faulty: Path, address_of: Callable[[Path], str], tmp_path: Path
) -> None:
    """All that is missing is named at once."""
    (faulty / "measurement.parquet").unlink()
    rewritten(faulty, "person", lambda t: t.drop_columns(["year_of_birth", "day_of_birth"]))
    told = refusal(address_of(faulty), tmp_path / "found")
    assert "missing: year_of_birth, day_of_birth in table person" in told.message
    assert "table measurement" in told.message
    assert "may stay empty" in told.hint


def test_a_version_that_cannot_be_read(
    faulty: Path, address_of: Callable[[Path], str], tmp_path: Path
) -> None:
    """The version is told with those that can be read."""
    pq.write_table(pa.table({"cdm_version": ["v6.0"]}), faulty / "cdm_source.parquet")
    told = refusal(address_of(faulty), tmp_path / "found")
    assert told.message == "holds OMOP CDM v6.0; versions 5.3, 5.4 can be read"


@pytest.mark.parametrize("prefix", ["", "spark:"])
def test_words_where_numbers_belong(
    prefix: str, faulty: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A value that is no id is told in the engine's own words, without its statement."""
    if prefix:
        request.getfixturevalue("spark")

    def lettered(table: pa.Table) -> pa.Table:
        ids = pa.array([f"P{one}" for one in table["person_id"].to_pylist()])
        return table.set_column(table.column_names.index("person_id"), "person_id", ids)

    rewritten(faulty, "person", lettered)
    told = refusal(f"{prefix}{faulty}", tmp_path / "found")
    assert told.where == f"{prefix}{faulty}"
    assert told.message.startswith("could not be read to the end: ")
    assert "'P1'" in told.message
    assert "SELECT" not in told.message


def test_words_where_numbers_belong_on_a_server(
    postgresql: str, faulty: Path, tmp_path: Path
) -> None:
    """The same where a server holds ids as words."""
    import psycopg

    engines.into_postgresql(faulty, postgresql, "wrong")
    with psycopg.connect(postgresql) as server:
        server.execute(
            "ALTER TABLE wrong.person ALTER person_id TYPE varchar USING 'P' || person_id"
        )
    told = refusal(f"{postgresql}&schema=wrong", tmp_path / "found")
    assert told.message.startswith("could not be read to the end: ")
    assert '"P1"' in told.message
    assert "SELECT" not in told.message


@pytest.mark.parametrize("prefix", ["", "spark:"])
def test_a_broken_file(
    prefix: str, faulty: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The file that is no Parquet file is named; one that is cut off in the middle too."""
    if prefix:
        request.getfixturevalue("spark")
    path = faulty / "person.parquet"
    whole = path.read_bytes()
    path.write_bytes(b"year,month\n1950,1\n" * 20)
    told = refusal(f"{prefix}{faulty}", tmp_path / "found")
    assert told.message.startswith("cannot be read as a Parquet file: ")
    assert told.where == str(path)
    path.write_bytes(whole[: len(whole) // 2])
    assert refusal(f"{prefix}{faulty}", tmp_path / "found").where == str(path)


@pytest.mark.parametrize("prefix", ["", "spark:"])
def test_a_file_damaged_within(
    prefix: str, faulty: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Damage that is met only while rows are read ends in a sentence, and with no result."""
    if prefix:
        request.getfixturevalue("spark")
    path = faulty / "condition_occurrence.parquet"
    damaged = bytearray(path.read_bytes())
    damaged[200:-2_000] = bytes(len(damaged) - 2_200)
    path.write_bytes(bytes(damaged))
    told = refusal(f"{prefix}{faulty}", tmp_path / "found")
    assert told.message.startswith("could not be read to the end: ")


@pytest.mark.parametrize("prefix", ["", "spark:"])
def test_a_folder_without_parquet_files(prefix: str, tmp_path: Path) -> None:
    """What a table must look like is told, before Spark is started."""
    (tmp_path / "folder").mkdir()
    told = refusal(f"{prefix}{tmp_path / 'folder'}", tmp_path / "found")
    assert told.message == "holds no Parquet files"
    assert "person.parquet" in told.hint


@pytest.mark.parametrize("prefix", ["", "spark:"])
def test_a_folder_that_is_not_there(prefix: str, tmp_path: Path) -> None:
    """The address is repeated."""
    told = refusal(f"{prefix}{tmp_path / 'nowhere'}", tmp_path / "found")
    assert told.where == f"{prefix}{tmp_path / 'nowhere'}"
    assert told.message.startswith("there is no such")


def test_machines_of_spark_that_lack_a_part(faulty: Path, spark: Any) -> None:
    """A cluster without nightcramp is told as that, with what to do, and without a stack."""

    def worked(rows: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import nowhere_installed  # noqa: F401

        yield from rows

    with (
        pytest.raises(InputError, match=r"lack a part: .*No module named 'nowhere") as told,
        opened(f"spark:{faulty}") as database,
    ):
        database.backend.raw_sql("SELECT 1 AS one").mapInArrow(worked, "one int").count()
    assert "Install nightcramp there too" in told.value.hint
    assert "Traceback" not in str(told.value)


def test_spark_that_is_not_installed(
    faulty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How to add it is told."""
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    told = refusal(f"spark:{faulty}", tmp_path / "found")
    assert told.message == "Spark is not installed"
    assert "nightcramp[spark]" in told.hint
    assert "Java 17" in told.hint


DAYS = {
    "condition_occurrence": ("condition_start_date", pa.timestamp("us")),
    "drug_exposure": ("drug_exposure_start_date", pa.timestamp("ns")),
    "observation": ("observation_date", pa.string()),
    "measurement": ("measurement_date", pa.timestamp("us", "UTC")),
}


def test_days_written_in_another_way(faulty: Path, spark: Any, tmp_path: Path) -> None:
    """Days stored as times, even in nanoseconds, and as words; a broken file nobody reads."""

    def only_late(column: str) -> Callable[[pa.Table], pa.Table]:
        return lambda table: table.filter(
            pc.and_(pc.greater(pc.year(table[column]), 1700), pc.less(pc.year(table[column]), 2200))
        )

    def stored_as(column: str, kind: pa.DataType) -> Callable[[pa.Table], pa.Table]:
        def change(table: pa.Table) -> pa.Table:
            place = table.column_names.index(column)
            return table.set_column(place, column, table[column].cast(kind))

        return change

    for table, (column, _kind) in DAYS.items():
        rewritten(faulty, table, only_late(column))
    screen(str(faulty), tmp_path / "expected", knowledge(), IN_PIECES)
    for table, (column, kind) in DAYS.items():
        rewritten(faulty, table, stored_as(column, kind))
    (faulty / "note.parquet").write_bytes(b"no Parquet file")
    for name, address in (("duckdb", str(faulty)), ("spark", f"spark:{faulty}")):
        screen(address, tmp_path / name, knowledge(), IN_PIECES)
        assert list(engines.differences(tmp_path / name, tmp_path / "expected")) == []
