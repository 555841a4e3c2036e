"""The escalator's first tables: a case a ticket, and the escalations."""

from __future__ import annotations

from alembic import op

from shared.db.standard_ddl import create_standard_tables

revision = "0001"
down_revision = None

# a case is rewritten by every event and every threshold: room on the page keeps updates off the key
STATEMENTS = (
    """CREATE TABLE escalator.sla_case (
        ticket_id uuid PRIMARY KEY,
        partition smallint NOT NULL,
        status text NOT NULL,
        level text NOT NULL,
        next_due_at timestamptz,
        state jsonb NOT NULL)
        WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)""",
    """CREATE INDEX sla_case_due ON escalator.sla_case (partition, next_due_at)
        WHERE next_due_at IS NOT NULL""",
    """CREATE TABLE escalator.escalation (
        escalation_id uuid PRIMARY KEY,
        ticket_id uuid NOT NULL,
        status text NOT NULL,
        level text NOT NULL,
        reason text NOT NULL,
        raised_at timestamptz NOT NULL,
        acknowledge_by timestamptz,
        acknowledged_by text,
        acknowledged_at timestamptz,
        resolved_at timestamptz,
        outcome text)""",
    """CREATE UNIQUE INDEX escalation_one_open_a_ticket ON escalator.escalation (ticket_id)
        WHERE status <> 'resolved'""",
    """CREATE INDEX escalation_by_status
        ON escalator.escalation (status, raised_at, escalation_id)""",
    "CREATE INDEX escalation_ticket ON escalator.escalation (ticket_id)",
)


def upgrade() -> None:
    create_standard_tables(op, "escalator")
    for statement in STATEMENTS:
        op.execute(statement)
