"""Locked protocols of trials, what happened on their way, and the looks at their verdicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

COUNTS = ("trials", "trial_events", "looks")


def upgrade() -> None:
    """Make the tables of trials, and count their rows for each person."""
    for name in COUNTS:
        op.add_column("person", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "trial",
        sa.Column("seq", sa.Integer, primary_key=True),
        _owner(),
        *(_text(name) for name in ("id", "locked_at", "sha256", "body", "checksum")),
        sa.UniqueConstraint("person_id", "id", name="trial_once"),
        sqlite_autoincrement=True,
    )
    _of_trial("trial_event", "trial", "body", "checksum")
    _of_trial("look", "trial", "made_at", "outcomes", "body", "checksum")


def _of_trial(table: str, *texts: str) -> None:
    op.create_table(
        table,
        sa.Column("seq", sa.Integer, primary_key=True),
        _owner(),
        *(_text(name) for name in texts),
        sqlite_autoincrement=True,
    )
    op.create_index(f"{table}_person", table, ["person_id"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _owner() -> sa.Column[int]:
    owner = sa.ForeignKey("person.id", ondelete="CASCADE")
    return sa.Column("person_id", sa.Integer, owner, nullable=False)
