"""Screens a database: everybody's factors, shares, red flags and medicines into a folder."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from nightcramp.cohort.content import cohort_content
from nightcramp.cohort.people.batch import Account, When
from nightcramp.cohort.settings import USUAL, Settings
from nightcramp.cohort.source.address import opened
from nightcramp.cohort.source.arrays import batches
from nightcramp.cohort.source.bulk_mapping import NOTICES as BULK_NOTICES
from nightcramp.cohort.source.bulk_source import write_patients
from nightcramp.cohort.source.cdm import CdmSource
from nightcramp.cohort.source.database import Source, read_source
from nightcramp.cohort.source.mapping import Use
from nightcramp.cohort.weigh.reading import wanted_by
from nightcramp.cohort.weigh.results import TABLES, Found
from nightcramp.cohort.weigh.staging import staged
from nightcramp.cohort.weigh.workers import WORTH_IT, Pool, found_by_workers, found_in_part
from nightcramp.errors import InputError
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import noted

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

SCRATCH = "scratch"
STAGED = frozenset({"duckdb", "parquet", "bulk"})
"""Engines that lay events out on disk; others sort by themselves."""
STEPS = {
    "people": noted("people in the database"),
    "observed": noted("observed for some time"),
    "observed_then": noted("alive and observed on the day"),
    "possible_age": noted("with an age that can be"),
    "marked": noted("with a sign of cramps on record"),
}
NOTICES = {
    "not_in_person": noted("rows about people who are not in the table of people: not read"),
    "born_twice": noted("people who stand in the table of people more than once"),
    "births_differ": noted("people with two different dates of birth: left out"),
    "no_date": noted("rows without a date: not read"),
    "before_birth": noted("rows dated before the person's birth: not read"),
    "end_before_start": noted("rows that end before they begin: the end is not used"),
    "repeated": noted("rows that stand there more than once: read once"),
    "impossible_lab": noted("results that cannot be, in any unit used for them: not read"),
    "unit": noted("results in a unit the test is never given in: not read"),
    "local_form": noted("medicines that act only where they are put: not read"),
    "unknown_concept": noted("rows without a concept (0): not read"),
    "stub_vocabulary": noted(
        "the vocabulary holds no ancestors: products and diagnoses are read by their codes, "
        "relationships and names"
    ),
    "no_version": noted("the database does not say which version of the model it holds"),
}


class Step(Struct, frozen=True, kw_only=True):
    """How many people were left after one filter."""

    id: str
    says: str
    people: int


class Notice(Struct, frozen=True, kw_only=True):
    """Something in the data that was met and how it was treated; in rows, or in people."""

    id: str
    says: str
    rows: int = 0
    people: int = 0


class Run(Struct, frozen=True, kw_only=True):
    """One screening: of what, how, and what was met: the content of `run.json`."""

    version: str
    made_on: str
    source: CdmSource
    who: str
    as_of: str
    attrition: list[Step]
    vocabulary: list[Use]
    notices: list[Notice]
    smallest_cell: int


def screen(
    address: str,
    out: Path,
    knowledge: Knowledge,
    settings: Settings = USUAL,
    *,
    progress: Callable[[int], None] = lambda people: None,
    finish: Callable[[Path], None] = lambda folder: None,
) -> Run:
    """Screen the database at an address into a new folder; it is there whole or not at all.

    `progress` is told how many people have been read, `finish` gets the folder before it is in
    its place. Raises InputError.
    """
    with _new_folder(out) as folder:
        scratch = folder / SCRATCH
        scratch.mkdir(mode=0o700)
        settings = replace(settings, limits=replace(settings.limits, scratch=scratch))
        with opened(address, settings.limits) as database:
            source = read_source(database, knowledge)
            account = _written(folder, found_in(source, knowledge, settings), progress)
            if database.engine == "bulk" and settings.rows:
                write_patients(database, folder)
        shutil.rmtree(scratch, ignore_errors=True)
        run = _run(source, account, knowledge, settings)
        (folder / "run.json").write_bytes(msgspec.json.format(msgspec.json.encode(run)))
        finish(folder)
    return run


def found_in(source: Source, knowledge: Knowledge, settings: Settings) -> Iterator[Found]:
    """Yield what is found, batch by batch."""
    engine, wanted = source.database.engine, wanted_by(knowledge)
    if engine == "spark":
        from nightcramp.cohort.weigh.spark import found_by_spark

        yield from found_by_spark(source.database, source.events(wanted), source.tokens, settings)
    elif engine in STAGED and source.rows() > WORTH_IT * settings.rows_at_once:
        yield from _found_in_stages(source, source.events(wanted), settings)
    else:
        yield from _found_in_stream(source, source.ordered(wanted), knowledge, settings)


def _found_in_stages(source: Source, events: ir.Table, settings: Settings) -> Iterator[Found]:
    """Lay the events out on disk, and have several processes weigh what lies there."""
    scratch = settings.limits.scratch
    assert scratch is not None
    with Pool(source.tokens, settings) as pool:
        parts = staged(source, events, scratch, -(-source.rows() // settings.rows_at_once))
        yield from pool.each(found_in_part, parts)


def _found_in_stream(
    source: Source, events: ir.Table, knowledge: Knowledge, settings: Settings
) -> Iterator[Found]:
    """Weigh events as they come, in the order of people."""
    stream = source.database.backend.to_pyarrow_batches(events, chunk_size=1 << 18)
    with contextlib.closing(stream):
        parts = batches(stream, settings.rows_at_once)
        yield from found_by_workers(parts, source.tokens, knowledge, settings)


@contextlib.contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """Yield a folder beside `out` that becomes it in the end; nothing is left when it fails."""
    if out.exists():
        raise InputError(
            _("exists already, and nothing is written over"),
            where=str(out),
            hint=_("Give a folder that is not there yet."),
        )
    if not out.parent.is_dir():
        raise InputError(_("there is no such folder"), where=str(out.parent))
    unfinished = out.with_name(f".{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    try:
        yield unfinished
        unfinished.rename(out)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _written(folder: Path, found: Iterator[Found], progress: Callable[[int], None]) -> Account:
    """Write the tables as they come; returns the sum of the accounts."""
    account = Account()
    with contextlib.ExitStack() as open_files:
        writers: dict[str, Any] = {}
        for one in found:
            for name in TABLES:
                _write(folder, name, one.tables[name], writers, open_files)
            account.add(one.account)
            progress(account.steps["people"])
        if not writers:
            raise InputError(_("the database holds nobody"))
    return account


def _write(
    folder: Path,
    name: str,
    table: pa.Table,
    writers: dict[str, Any],
    open_files: contextlib.ExitStack,
) -> None:
    import pyarrow.parquet as pq

    if name not in writers:
        path = folder / f"{name}.parquet"
        schema = plain_schema(table.schema)
        writer = pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=_words(schema))
        writers[name] = open_files.enter_context(writer)
    writers[name].write_table(table.cast(writers[name].schema))


def plain_schema(schema: Any) -> Any:
    """Return a schema with plain words in place of dictionaries, which differ by batch."""
    import pyarrow as pa

    return pa.schema([pa.field(one.name, _plain(one.type)) for one in schema])


def _plain(kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    return pa.string() if pa.types.is_dictionary(kind) else kind


def _words(schema: Any) -> list[str]:
    """Return the columns that hold words, which repeat."""
    import pyarrow as pa

    return [one.name for one in schema if one.type == pa.string()]


def _run(source: Source, account: Account, knowledge: Knowledge, settings: Settings) -> Run:
    from nightcramp import __version__

    when = settings.when
    return Run(
        version=__version__,
        made_on=dt.date.today().isoformat(),
        source=source.about,
        who="everyone" if when.everyone else "marked",
        as_of=when.day.isoformat() if when.day else "own",
        attrition=[
            Step(id=name, says=_(says), people=account.steps[name])
            for name, says in STEPS.items()
            if name in _steps_of(when)
        ],
        vocabulary=source.mapping.uses,
        notices=list(_notices(source, account)),
        smallest_cell=_smallest(settings, knowledge),
    )


def _smallest(settings: Settings, knowledge: Knowledge) -> int:
    usual = cohort_content(knowledge).smallest_cell
    return usual if settings.smallest_cell is None else settings.smallest_cell


def _steps_of(when: When) -> list[str]:
    """Return the filters that a screening has."""
    left_out = {"observed_then"} if when.day is None else set()
    left_out |= {"marked"} if when.everyone else set()
    return [name for name in STEPS if name not in left_out]


def _notices(source: Source, account: Account) -> Iterator[Notice]:
    rows = account.rows + source.mapping.trouble()
    for name, says in (NOTICES | BULK_NOTICES).items():
        if rows[name] or account.people[name]:
            yield Notice(id=name, says=_(says), rows=rows[name], people=account.people[name])
    for name, there in (
        ("stub_vocabulary", not source.mapping.has_ancestors),
        ("no_version", not source.about.cdm_version and source.database.engine != "bulk"),
    ):
        if there:
            yield Notice(id=name, says=_(NOTICES[name]))
