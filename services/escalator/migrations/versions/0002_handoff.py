"""What people write into hand-off documents, every version kept."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """CREATE TABLE escalator.handoff (
            ticket_id uuid NOT NULL,
            version integer NOT NULL,
            written_by text NOT NULL,
            written_at timestamptz NOT NULL,
            content jsonb NOT NULL,
            CONSTRAINT handoff_pkey PRIMARY KEY (ticket_id, version))"""
    )
