"""The backlog is counted in an index of its own: tickets that nobody has settled, and since when they are open."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        """CREATE INDEX ticket_open ON intake.ticket (status, priority, opened_at)
        WHERE status IN ('new', 'open', 'pending', 'on_hold') AND merged_into IS NULL"""
    )
