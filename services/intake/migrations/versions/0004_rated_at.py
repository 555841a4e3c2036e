"""When a ticket was rated: the customer's last ratings are counted (semantics V13)."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Nobody knows when the ratings so far came: each counts as of its ticket's opening."""
    op.execute("ALTER TABLE intake.ticket ADD COLUMN rated_at timestamptz")
