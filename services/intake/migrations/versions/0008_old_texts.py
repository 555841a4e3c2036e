"""Old messages, reasons and searched texts are found by their instants, without reading whole tables."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

INDEXES = (
    ("message_at", "intake.message", "at"),
    ("evidence_at", "intake.evidence", "at"),
    ("ticket_text_opened_at", "intake.ticket_text", "opened_at"),
)


def upgrade() -> None:
    # an attempt that was cut off leaves an index behind that is good for nothing
    with op.get_context().autocommit_block():
        for name, table, column in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS intake.{name}")
            op.execute(
                f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} USING brin ({column})"
            )
