"""When a solved ticket's customer said nothing but thanks: what follows soon brings it back (semantics R2)."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Of the tickets so far nobody said so."""
    op.execute("ALTER TABLE intake.ticket ADD COLUMN courtesy_at timestamptz")
