"""Screening by Spark: people are read, weighed and tabulated where their rows are."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from nightcramp.cohort.people.batch import Account
from nightcramp.cohort.settings import Settings
from nightcramp.cohort.source.address import Database
from nightcramp.cohort.source.arrays import batches
from nightcramp.cohort.source.events import ORDER
from nightcramp.cohort.source.tokens import Token
from nightcramp.cohort.weigh.results import TABLES, Found
from nightcramp.cohort.weigh.workers import Worker

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

ROWS_AT_ONCE = 1 << 18
"""So many rows of a result travel together."""
COLUMNS = "of string, content binary"
ACCOUNT = "account"
"""Stands where a table has its name; it ends what was found in a batch."""


def found_by_spark(
    database: Database, events: ir.Table, tokens: list[Token], settings: Settings
) -> Iterator[Found]:
    """Yield what is found, batch by batch; `events` in any order.

    What was found waits on the disks of the executors until it is asked for, so that all of them
    work at once and the driver never holds more than a batch.
    """
    from pyspark import StorageLevel

    rows = database.backend.raw_sql(database.backend.compile(events))
    people = rows.repartition("person").sortWithinPartitions(*_ascending())
    work = functools.partial(_worked, tuple(tokens), settings)
    found = people.mapInArrow(work, COLUMNS).persist(StorageLevel.DISK_ONLY)
    try:
        found.count()
        yield from _gathered(found.toLocalIterator())
    finally:
        found.unpersist()


def _ascending() -> list[Any]:
    from pyspark.sql import functions

    return [functions.asc_nulls_last(name) for name in ORDER]


# On the executors


def _worked(
    tokens: tuple[Token, ...], settings: Settings, rows: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Yield what is found in the sorted events of whole people, as `COLUMNS`."""
    for events in batches(rows, settings.rows_at_once):
        found = _worker(tokens, settings).found(events)
        for name in TABLES:
            for part in _parts(found.tables[name]):
                yield _row(name, _packed(part))
        yield _row(ACCOUNT, _told(found.account))


@functools.lru_cache(maxsize=1)
def _worker(tokens: tuple[Token, ...], settings: Settings) -> Worker:
    """Return the worker of this process, which learns from one part of the people to the next."""
    from nightcramp.knowledge.loader import knowledge

    return Worker(knowledge(), list(tokens), settings)


def _parts(table: pa.Table) -> Iterator[pa.Table]:
    """Yield a table in pieces, at least one."""
    for start in range(0, max(table.num_rows, 1), ROWS_AT_ONCE):
        yield table.slice(start, ROWS_AT_ONCE)


def _packed(table: pa.Table) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


def _told(account: Account) -> bytes:
    return msgspec.json.encode([account.steps, account.rows, account.people])


def _row(name: str, content: bytes) -> pa.RecordBatch:
    import pyarrow as pa

    columns = [pa.array([name], pa.string()), pa.array([content], pa.binary())]
    return pa.RecordBatch.from_arrays(columns, ["of", "content"])


# On the driver


def _gathered(rows: Iterator[Any]) -> Iterator[Found]:
    """Yield what was found in each batch from its rows, which come one after the other."""
    import pyarrow as pa

    parts: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
    for row in rows:
        if row["of"] == ACCOUNT:
            yield Found({name: pa.concat_tables(parts[name]) for name in TABLES}, _account(row))
            parts = {name: [] for name in TABLES}
        else:
            parts[row["of"]].append(pa.ipc.open_stream(row["content"]).read_all())


def _account(row: Any) -> Account:
    counts = msgspec.json.decode(row["content"], type=list[dict[str, int]])
    return Account(*(Counter(one) for one in counts))
