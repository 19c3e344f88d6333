"""The tables of the store, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, Table, Text, UniqueConstraint

HEAD = "0004"
"""The newest migration: a store at any other one is brought here first, or is too new."""

LATER = ("trials", "trial_events", "looks", "stories")
"""What is counted for each person since later migrations."""
metadata = MetaData()


def _owner() -> Column[int]:
    return Column("person_id", Integer, ForeignKey("person.id", ondelete="CASCADE"), nullable=False)


def _of_import() -> Column[int]:
    return Column(
        "import_id", Integer, ForeignKey("import.id", ondelete="CASCADE"), primary_key=True
    )


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


person = Table(
    "person",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("key"),
    _text("name"),
    _text("made_at"),
    *(Column(name, Integer, nullable=False) for name in ("entries", "imports", "findings")),
    _text("checksum"),
    *(Column(name, Integer, nullable=False, server_default="0") for name in LATER),
    UniqueConstraint("key", name="person_key"),
    UniqueConstraint("name", name="person_name"),
    sqlite_autoincrement=True,
)

entry = Table(
    "entry",
    metadata,
    Column("seq", Integer, primary_key=True),
    _owner(),
    _text("id"),
    _text("body"),
    _text("checksum"),
    UniqueConstraint("person_id", "id", name="entry_once"),
    sqlite_autoincrement=True,
)

imported = Table(
    "import",
    metadata,
    Column("id", Integer, primary_key=True),
    _owner(),
    _text("file"),
    _text("format"),
    _text("sha256"),
    _text("as_of"),
    _text("imported_at"),
    Column("facts", Integer, nullable=False),
    Column("nights", Integer, nullable=False),
    _text("account"),
    _text("checksum"),
    UniqueConstraint("person_id", "sha256", name="import_once"),
    sqlite_autoincrement=True,
)

fact = Table(
    "fact",
    metadata,
    _of_import(),
    Column("place", Integer, primary_key=True),
    _text("body"),
    _text("checksum"),
)

night = Table(
    "night",
    metadata,
    _of_import(),
    Column("evening", Text, primary_key=True),
    _text("body"),
    _text("checksum"),
)

finding = Table(
    "finding",
    metadata,
    Column("seq", Integer, primary_key=True),
    _owner(),
    _text("digest"),
    _text("made_at"),
    _text("body"),
    _text("checksum"),
    Index("finding_person", "person_id"),
    sqlite_autoincrement=True,
)

trial = Table(
    "trial",
    metadata,
    Column("seq", Integer, primary_key=True),
    _owner(),
    _text("id"),
    _text("locked_at"),
    _text("sha256"),
    _text("body"),
    _text("checksum"),
    UniqueConstraint("person_id", "id", name="trial_once"),
    sqlite_autoincrement=True,
)

trial_event = Table(
    "trial_event",
    metadata,
    Column("seq", Integer, primary_key=True),
    _owner(),
    _text("trial"),
    _text("body"),
    _text("checksum"),
    Index("trial_event_person", "person_id"),
    sqlite_autoincrement=True,
)

look = Table(
    "look",
    metadata,
    Column("seq", Integer, primary_key=True),
    _owner(),
    _text("trial"),
    _text("made_at"),
    _text("outcomes"),
    _text("body"),
    _text("checksum"),
    Index("look_person", "person_id"),
    sqlite_autoincrement=True,
)

story = Table(
    "story",
    metadata,
    Column("seq", Integer, primary_key=True),
    _owner(),
    _text("told_at"),
    _text("body"),
    _text("checksum"),
    Index("story_person", "person_id"),
    sqlite_autoincrement=True,
)

journal = Table(
    "journal",
    metadata,
    Column("number", Integer, primary_key=True),
    _text("text"),
)
