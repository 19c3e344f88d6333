"""People, their entries and analyses, a checksum on every row, and the journal.

What was imported before belongs to the first person, who is called "me".
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

COUNTS = ("entries", "imports", "findings")
Rows = list[dict[str, Any]]


def upgrade() -> None:
    """Make the tables of the diary and move the imports into them."""
    before = {name: _all(name) for name in ("import", "fact", "night")}
    for name in ("night", "fact", "import"):
        op.drop_table(name)
    _people()
    _diary()
    _imports()
    key = _add_me(len(before["import"]))
    _move(before, key)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA user_version = 2")  # the program before Alembic refuses this one


def _all(name: str) -> Rows:
    rows = op.get_bind().execute(sa.text(f'SELECT * FROM "{name}"'))
    return [dict(row._mapping) for row in rows]


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("key"),
        _text("name"),
        _text("made_at"),
        *(sa.Column(name, sa.Integer, nullable=False) for name in COUNTS),
        _text("checksum"),
        sa.UniqueConstraint("key", name="person_key"),
        sa.UniqueConstraint("name", name="person_name"),
        sqlite_autoincrement=True,
    )


def _diary() -> None:
    op.create_table(
        "entry",
        sa.Column("seq", sa.Integer, primary_key=True),
        _owner(),
        _text("id"),
        _text("body"),
        _text("checksum"),
        sa.UniqueConstraint("person_id", "id", name="entry_once"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "finding",
        sa.Column("seq", sa.Integer, primary_key=True),
        _owner(),
        _text("digest"),
        _text("made_at"),
        _text("body"),
        _text("checksum"),
        sqlite_autoincrement=True,
    )
    op.create_index("finding_person", "finding", ["person_id"])
    op.create_table(
        "journal",
        sa.Column("number", sa.Integer, primary_key=True),
        _text("text"),
    )


def _imports() -> None:
    op.create_table(
        "import",
        sa.Column("id", sa.Integer, primary_key=True),
        _owner(),
        *(_text(name) for name in ("file", "format", "sha256", "as_of", "imported_at")),
        sa.Column("facts", sa.Integer, nullable=False),
        sa.Column("nights", sa.Integer, nullable=False),
        _text("account"),
        _text("checksum"),
        sa.UniqueConstraint("person_id", "sha256", name="import_once"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "fact",
        _import_id(),
        sa.Column("place", sa.Integer, primary_key=True),
        _text("body"),
        _text("checksum"),
    )
    op.create_table(
        "night",
        _import_id(),
        sa.Column("evening", sa.Text, primary_key=True),
        _text("body"),
        _text("checksum"),
    )


def _add_me(imports: int) -> str:
    key, made_at = uuid.uuid4().hex, dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    row = {"key": key, "name": "me", "made_at": made_at}
    counts = {"entries": 0, "imports": imports, "findings": 0}
    _insert("person", [{**row, **counts, "checksum": _checksum(*row.values())}])
    return key


def _move(before: dict[str, Rows], key: str) -> None:
    owner = op.get_bind().scalar(sa.text("SELECT id FROM person"))
    facts, nights = before["fact"], before["night"]
    for row in before["import"]:
        row["facts"] = sum(fact["import_id"] == row["id"] for fact in facts)
        row["nights"] = sum(night["import_id"] == row["id"] for night in nights)
        columns = ("id", "file", "format", "sha256", "as_of", "imported_at", "facts", "nights")
        row["checksum"] = _checksum(key, *(row[name] for name in columns), row["account"])
        row["person_id"] = owner
    _insert("import", before["import"])
    _insert("fact", [_part(row, "place") for row in facts])
    _insert("night", [_part(row, "evening") for row in nights])


def _part(row: dict[str, Any], place: str) -> dict[str, Any]:
    kept = {name: row[name] for name in ("import_id", place, "body")}
    return {**kept, "checksum": _checksum(*kept.values())}


def _insert(name: str, rows: Rows) -> None:
    if rows:
        op.bulk_insert(sa.table(name, *map(sa.column, rows[0])), rows)


def _checksum(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _owner() -> sa.Column[int]:
    owner = sa.ForeignKey("person.id", ondelete="CASCADE")
    return sa.Column("person_id", sa.Integer, owner, nullable=False)


def _import_id() -> sa.Column[int]:
    owner = sa.ForeignKey("import.id", ondelete="CASCADE")
    return sa.Column("import_id", sa.Integer, owner, primary_key=True)
