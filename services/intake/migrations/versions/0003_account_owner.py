"""The agent who looks after a customer."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Nobody yet."""
    op.execute("ALTER TABLE intake.customer ADD COLUMN account_owner text")
