"""What people told in an interview, as it stood each time they went on with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table of stories, and count its rows for each person."""
    op.add_column("person", sa.Column("stories", sa.Integer, nullable=False, server_default="0"))
    owner = sa.ForeignKey("person.id", ondelete="CASCADE")
    op.create_table(
        "story",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("person_id", sa.Integer, owner, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("told_at", "body", "checksum")),
        sqlite_autoincrement=True,
    )
    op.create_index("story_person", "story", ["person_id"])
