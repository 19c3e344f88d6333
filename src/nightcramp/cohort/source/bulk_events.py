"""The events of a FHIR bulk export, in the table that every source of a cohort gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nightcramp.cohort.content import CohortContent
from nightcramp.cohort.source.address import Database
from nightcramp.cohort.source.bulk_mapping import BulkMapping, small_table
from nightcramp.cohort.source.bulk_rows import MEDICINES
from nightcramp.cohort.source.tokens import BORN, DIED, OBSERVED, Tokens

if TYPE_CHECKING:
    import ibis.expr.types as ir

KINDS = {
    "person": "BIGINT",
    "token": "INTEGER",
    "start": "INTEGER",
    "end": "INTEGER",
    "value": "DOUBLE",
    "low": "DOUBLE",
    "high": "DOUBLE",
    "row": "BIGINT",
}


def events_of_export(
    database: Database, mapping: BulkMapping, wanted: frozenset[int], content: CohortContent
) -> ir.Table:
    """Return the events of the wanted tokens, in their order."""
    con = database.backend.con
    _write_keys(con, mapping, wanted, content)
    parts = [
        *_of_people(),
        _of_conditions(),
        _of_procedures(),
        *map(_of_medicines, MEDICINES),
        *_of_observations(),
    ]
    con.execute(f"CREATE OR REPLACE VIEW events AS {' UNION ALL '.join(parts)}")
    table: ir.Table = database.backend.table("events")
    return table


def _write_keys(
    con: Any, mapping: BulkMapping, wanted: frozenset[int], content: CohortContent
) -> None:
    """Write which codings stand for the wanted tokens; `told`: it is a sign of cramps."""
    signs = {name for marker in content.markers for name in marker.conditions}
    tokens = mapping.tokens.all
    coded = [row for row in mapping.coded if row[-1] in wanted]
    small_table(
        con,
        "keys_coded",
        kind=[row[0] for row in coded],
        code=[row[1] for row in coded],
        token=[row[2] for row in coded],
        told=[tokens[row[2]].id in signs for row in coded],
    )
    for name, rows, columns in (
        ("keys_measured", mapping.measured, ("code", "ucum", "unit", "token")),
        ("keys_answered", mapping.answered, ("code", "answer", "words", "token")),
    ):
        kept = [row for row in rows if row[-1] in wanted]
        small_table(con, name, **{c: [row[i] for row in kept] for i, c in enumerate(columns)})


def _event(source: str, **columns: str) -> str:
    """Return the statement for some events; what is not given is empty."""
    listed = ", ".join(
        f'CAST({columns.get(name, "NULL")} AS {kind}) AS "{name}"' for name, kind in KINDS.items()
    )
    return f"SELECT {listed} FROM {source}"


def _of_people() -> Iterator[str]:
    everybody = "Patient JOIN people USING (patient)"
    number = Tokens().number
    born, observed, died = (str(number(token)) for token in (BORN, OBSERVED, DIED))
    person = {"person": "person", "row": "person"}
    yield _event(everybody, **person, token=born, start="year", end="rest", value="sex")
    yield _event(
        'spans WHERE "last" IS NOT NULL', **person, token=observed, start='"first"', end='"last"'
    )
    yield _event(f"{everybody} WHERE died IS NOT NULL", **person, token=died, start="died")


def _used(table: str, dates: tuple[str, ...], others: str, keys: str, on: str) -> str:
    """Return the records of one kind that are used, with their tokens.

    A date is not later than the person's last full date only because it leaves its day open.
    """
    place = "t.place" if table.startswith("named_") else "t.rowid"
    clipped = ", ".join(
        f'CASE WHEN s."last" BETWEEN t.{name}_from AND t.{name} THEN s."last" ELSE t.{name} END '
        f"AS {name}"
        for name in dates
    )
    return (
        f'(SELECT t.person, {place} AS "row", k.token, {clipped}, s."last" AS last_day{others} '
        f"FROM {table} t JOIN {keys} k ON {on} LEFT JOIN spans s ON s.person = t.person "
        "WHERE t.why IS NULL AND t.person IS NOT NULL)"
    )


def _of_conditions() -> str:
    rows = _used(
        "Condition",
        ("recorded", "onset", "abated"),
        ", t.over, k.told",
        "keys_coded",
        "k.kind = 'Condition' AND k.code = t.code",
    )
    first = "coalesce(onset, recorded)"
    began = f"CASE WHEN told THEN coalesce(recorded, onset) ELSE {first} END"
    end = (
        "CASE WHEN abated >= earliest AND NOT (over AND abated > last_day) "
        "THEN greatest(abated - 1, began + 1) WHEN over THEN began + 1 ELSE abated END"
    )
    dated = f"(SELECT *, {began} AS began, {first} AS earliest FROM {rows})"
    return _event(dated, person="person", token="token", start="began", end=end, row='"row"')


def _of_procedures() -> str:
    on = "k.kind = 'Procedure' AND k.code = t.code"
    rows = _used("Procedure", ("done",), "", "keys_coded", on)
    return _event(rows, person="person", token="token", start="done", row='"row"')


def _of_medicines(kind: str) -> str:
    on = f"k.kind = '{kind}' AND k.code = t.code"
    others = ", t.until, t.days, t.going"
    rows = _used(f"named_{kind}", ("start",), others, "keys_coded", on)
    newest = '(SELECT max("last") FROM spans)'
    end = (
        "CASE WHEN until IS NULL AND going THEN greatest(start, "
        f"{newest}) WHEN going OR until <= last_day THEN until END"
    )
    supply = "CASE WHEN until IS NULL AND NOT going THEN days END"
    return _event(
        rows, person="person", token="token", start="start", end=end, value=supply, row='"row"'
    )


def _of_observations() -> Iterator[str]:
    on = "k.code = t.code AND k.ucum = t.ucum AND k.unit = t.unit AND t.value IS NOT NULL"
    others = ", t.value, t.low, t.high"
    yield _event(
        _used("Observation", ("measured",), others, "keys_measured", on),
        person="person",
        token="token",
        start="measured",
        value="value",
        low="low",
        high="high",
        row='"row"',
    )
    on = "k.code = t.code AND k.answer = t.answer AND k.words = t.words"
    yield _event(
        _used("Observation", ("measured",), "", "keys_answered", on),
        person="person",
        token="token",
        start="measured",
        row='"row"',
    )
