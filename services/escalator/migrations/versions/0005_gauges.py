"""What gauges count stands in columns: which promises of a ticket run, which are overdue, at what priority."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

# rows from before are counted from their next threshold on, which every running promise has
STATEMENTS = (
    """ALTER TABLE escalator.sla_case
        ADD COLUMN running smallint NOT NULL DEFAULT 0,
        ADD COLUMN overdue smallint NOT NULL DEFAULT 0,
        ADD COLUMN priority text NOT NULL DEFAULT ''""",
    "ALTER INDEX escalator.sla_case_due RENAME TO sla_case_due_before",
    """CREATE INDEX sla_case_due ON escalator.sla_case (partition, next_due_at)
        INCLUDE (running, priority) WHERE next_due_at IS NOT NULL""",
    "DROP INDEX escalator.sla_case_due_before",
    """CREATE INDEX sla_case_overdue ON escalator.sla_case (overdue, priority)
        WHERE overdue <> 0""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
