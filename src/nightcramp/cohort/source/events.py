"""Every event of a database that can matter, as one long table in the order of people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nightcramp.cohort.source.address import Database, handed
from nightcramp.cohort.source.cdm import CLINICAL, DEATH, Clinical, table
from nightcramp.cohort.source.mapping import KEYS, Mapping, told, whole
from nightcramp.cohort.source.tokens import BORN, DIED, OBSERVED

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

ORDER = ("person", "token", "start", "row", "end", "value", "low", "high")
"""Down to the last column: rows that share an id must not come as an engine happens to sort."""


def events_of(database: Database, mapping: Mapping, wanted: frozenset[int]) -> ir.Table:
    """Return the events of the wanted tokens, in any order."""
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
    return ibis.union(*parts, distinct=False)


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
