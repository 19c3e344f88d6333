"""Every event of a database that can matter, as one long table in the order of people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from nightcramp.assess.known import lineage
from nightcramp.cohort.address import Database, handed
from nightcramp.cohort.batch import NEVER, Events
from nightcramp.cohort.cdm import CLINICAL, DEATH, Clinical, table
from nightcramp.cohort.content import CohortContent
from nightcramp.cohort.mapping import KEYS, Mapping, told, whole
from nightcramp.cohort.reading import Reads
from nightcramp.cohort.tokens import BORN, DIED, OBSERVED, Token
from nightcramp.knowledge.loader import Knowledge

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

ORDER = ("person", "token", "start", "row", "end", "value", "low", "high")
"""Down to the last column: rows that share an id must not come as an engine happens to sort."""
COLUMNS = ("person", "token", "start", "end", "value", "low", "high")
ROWS_AT_ONCE = 1_000_000
"""So many events are read together: more take more memory, fewer repeat more work."""


def matters(token: Token, knowledge: Knowledge, reads: Reads, content: CohortContent) -> bool:
    """Return whether anything of the knowledge, or a marker, reads what a token says."""
    if token.kind == "medicine":
        names = lineage(knowledge, token.id)
        marks = any(not names.isdisjoint(marker.medicines) for marker in content.markers)
        read = any(f"{of}:{name}" in reads.all for name in names for of in ("med", "since"))
        return marks or read or token.id in reads.medicines
    if token.kind == "lab":
        return f"lab:{token.id}" in reads.all
    if token.kind in {"born", "observed", "died"}:
        return True
    marks = any(token.id in marker.conditions for marker in content.markers)
    return marks or not _names(token.id, knowledge).isdisjoint(reads.all)


def _names(name: str, knowledge: Knowledge) -> set[str]:
    """Return a name with all that follows from it, and what it becomes when it is over."""
    from nightcramp.intake.fhir.codes import codes_of

    found: set[str] = set()
    queue = [name]
    while queue:
        one = queue.pop()
        if one and one not in found:
            found.add(one)
            if one in knowledge.questions:
                queue += knowledge.questions[one].implies
            if one in knowledge.conditions:
                queue += knowledge.conditions[one].implies
            queue.append(codes_of(knowledge).content.resolved_becomes.get(one, ""))
    return found


def events_of(database: Database, mapping: Mapping, wanted: frozenset[int]) -> ir.Table:
    """Return the events of the wanted tokens, in `ORDER`; Spark sorts them within its parts."""
    import ibis

    parts = [*_people(database, mapping)]
    for one in CLINICAL:
        rows = {
            key: kept
            for key, tokens in mapping.of[one.table].items()
            if (kept := [token for token in tokens if token in wanted])
        }
        if rows:
            parts.append(_clinical(database, one, rows))
    events = ibis.union(*parts, distinct=False)
    return events if database.engine == "spark" else events.order_by(*ORDER)


def _people(database: Database, mapping: Mapping) -> Iterator[ir.Table]:
    people = database.tables["person"]
    month = people.month_of_birth.cast("int32").fill_null(0)
    day = people.day_of_birth.cast("int32").fill_null(0)
    yield _shaped(
        people,
        token=mapping.tokens.number(BORN),
        row=people.person_id,
        start=people.year_of_birth.cast("int32"),
        end=month * 100 + day,
        value=_sex(people, mapping),
    )
    periods = database.tables["observation_period"]
    yield _shaped(
        periods,
        token=mapping.tokens.number(OBSERVED),
        row=periods.person_id,
        start=days(periods.observation_period_start_date),
        end=days(periods.observation_period_end_date),
    )
    deaths = table(database, "death", DEATH)
    if deaths is not None:
        yield _shaped(
            deaths,
            token=mapping.tokens.number(DIED),
            row=deaths.person_id,
            start=days(deaths.death_date),
        )


def _sex(people: ir.Table, mapping: Mapping) -> Any:
    import ibis

    concept = people.gender_concept_id.cast("int64")
    cases = [
        (concept == int(code), value)
        for value, name in ((1.0, "female"), (0.0, "male"))
        for code in mapping.sexes[name]
        if code.isdigit()
    ]
    return ibis.cases(*cases, else_=ibis.null("float64"))


def days(date: Any) -> Any:
    """Return a date as whole days since 1970-01-01."""
    import ibis

    return date.cast("date").delta(ibis.date(1970, 1, 1), unit="day").cast("int32")


def _shaped(rows: ir.Table, **columns: Any) -> ir.Table:
    import ibis

    def number(name: str, kind: str) -> Any:
        value = columns.get(name)
        return ibis.null(kind) if value is None else value

    token = columns["token"]
    return rows.select(
        person=rows.person_id.cast("int64"),
        token=(ibis.literal(token) if isinstance(token, int) else token).cast("int32"),
        start=number("start", "int32").cast("int32"),
        end=number("end", "int32").cast("int32"),
        value=number("value", "float64").cast("float64"),
        low=number("low", "float64").cast("float64"),
        high=number("high", "float64").cast("float64"),
        row=columns["row"].cast("int64"),
    )


def _clinical(database: Database, one: Clinical, rows: dict[Any, list[int]]) -> ir.Table:
    """Return the events of one table: its rows joined with what their concepts stand for."""
    table = database.tables[one.table]
    keys = handed(database, _key_table(rows, detailed=one.table in KEYS))
    on = [whole(table, one.concept) == keys.k_concept, whole(table, one.source) == keys.k_source]
    if one.table in KEYS:
        coded, _names = KEYS[one.table]
        on.append((keys.k_any) | (whole(table, coded) == keys.k_coded))
        on.append((keys.k_any) | (told(table, one) == keys.k_words))
    joined = table.join(keys, on)
    figures = {"value": one.days} if one.days else {}
    if one.table == "measurement":
        figures = {"value": "value_as_number", "low": "range_low", "high": "range_high"}
    return _shaped(
        joined,
        token=joined.k_token,
        row=joined[one.row],
        start=days(joined[one.start]),
        end=_end(joined, one),
        **{name: _figure(database, joined[column]) for name, column in figures.items()},
    )


def _figure(database: Database, column: Any) -> Any:
    """Return numbers; of a column of words those that are numbers, where the engine can try."""
    if column.type().is_string() and database.engine != "postgresql":
        return column.try_cast("float64")
    return column.cast("float64")


def _end(table: ir.Table, one: Clinical) -> Any:
    import ibis

    ends = [days(table[name]) for name in (one.end, one.else_end) if name]
    return ibis.coalesce(*ends) if len(ends) > 1 else ends[0] if ends else None


def _key_table(rows: dict[Any, list[int]], *, detailed: bool) -> pa.Table:
    import pyarrow as pa

    flat = [(*key, token) for key, tokens in rows.items() for token in tokens]
    concept, source, coded, words, token = zip(*flat, strict=True)
    columns = {
        "k_concept": pa.array(concept, pa.int64()),
        "k_source": pa.array(source, pa.int64()),
        "k_token": pa.array(token, pa.int32()),
    }
    if detailed:
        columns["k_any"] = pa.array([c is None for c in coded], pa.bool_())
        columns["k_coded"] = pa.array([c or 0 for c in coded], pa.int64())
        columns["k_words"] = pa.array([w or "" for w in words], pa.string())
    return pa.table(columns)


def batches(events: Iterator[pa.RecordBatch], rows: int = ROWS_AT_ONCE) -> Iterator[Events]:
    """Yield events in their order, cut between people, about so many rows at a time."""
    waiting: list[Events] = []
    count = 0
    for batch in events:
        waiting.append(arrays(batch))
        count += batch.num_rows
        if count >= rows:
            whole_people, rest = _cut(_joined(waiting))
            waiting, count = [rest], len(rest)
            if len(whole_people):
                yield whole_people
    if waiting and count:
        yield _joined(waiting)


def arrays(batch: Any) -> Events:
    """Return a batch of Arrow, or a table of it, as arrays of NumPy."""

    def ints(name: str) -> Any:
        column = batch.column(name)
        column = column.fill_null(NEVER) if column.null_count else column
        return np.asarray(column.to_numpy(zero_copy_only=False)).astype(np.int64)

    def floats(name: str) -> Any:
        column = batch.column(name).to_numpy(zero_copy_only=False)
        return np.asarray(column, np.float64)

    return Events(*(ints(name) for name in COLUMNS[:4]), *(floats(name) for name in COLUMNS[4:]))


def _joined(parts: list[Events]) -> Events:
    if len(parts) == 1:
        return parts[0]
    return Events(*(np.concatenate([getattr(p, name) for p in parts]) for name in COLUMNS))


def _cut(events: Events) -> tuple[Events, Events]:
    """Return the events of all people but the last, and those of the last."""
    at = int(np.searchsorted(events.person, events.person[-1])) if len(events) else 0
    return events.where(slice(0, at)), events.where(slice(at, None))
