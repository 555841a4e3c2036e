"""The trace that a message came in, so that what is understood of it later goes on in it."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Of the messages so far nobody knows."""
    op.execute("ALTER TABLE intake.message ADD COLUMN traceparent text")
