"""Imports with the facts and nights they brought: the first shape, as it was before Alembic."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of the first shape."""
    op.create_table(
        "import",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False, unique=True),
        sa.Column("as_of", sa.Text, nullable=False),
        sa.Column("imported_at", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "fact",
        _import_id(),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "night",
        _import_id(),
        sa.Column("evening", sa.Text, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("night_evening", "night", ["evening"])


def _import_id() -> sa.Column[int]:
    owner = sa.ForeignKey("import.id", ondelete="CASCADE")
    return sa.Column("import_id", sa.Integer, owner, primary_key=True)
