"""The notifier's first tables."""

from alembic import op

from shared.db.standard_ddl import create_standard_tables

revision = "0001"
down_revision = None

_TABLES = (
    """CREATE TABLE notifier.ticket (
        ticket_id uuid PRIMARY KEY,
        subject_line text,
        view jsonb NOT NULL)
        WITH (fillfactor = 80)""",
    """CREATE TABLE notifier.notification (
        notification_id uuid PRIMARY KEY,
        ticket_id uuid NOT NULL,
        recipient_id text NOT NULL,
        role text NOT NULL,
        channel text NOT NULL,
        target text NOT NULL,
        template text NOT NULL,
        plan jsonb NOT NULL,
        status text NOT NULL
            CHECK (status IN ('pending', 'leased', 'sent', 'dead', 'suppressed')),
        reason text,
        planned_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        attempts integer NOT NULL,
        unknowns integer NOT NULL,
        acknowledged_at timestamptz)
        WITH (fillfactor = 80)""",
    "CREATE INDEX notification_ticket ON notifier.notification (ticket_id)",
    """CREATE INDEX notification_due ON notifier.notification (target, due_at)
        WHERE status = 'pending'""",
    """CREATE INDEX notification_leased ON notifier.notification (target, due_at)
        WHERE status = 'leased'""",
    """CREATE TABLE notifier.attempt (
        notification_id uuid NOT NULL
            REFERENCES notifier.notification ON DELETE CASCADE,
        n integer NOT NULL,
        started_at timestamptz NOT NULL,
        finished_at timestamptz,
        outcome text CHECK (outcome IN ('sent', 'retry', 'unknown', 'dead')),
        detail text,
        PRIMARY KEY (notification_id, n))""",
    """CREATE TABLE notifier.recipient (
        recipient_id text PRIMARY KEY,
        name text NOT NULL,
        roles text[] NOT NULL,
        team text,
        channels jsonb NOT NULL,
        muted_until timestamptz)""",
    """CREATE TABLE notifier.ack_token (
        token_sha256 bytea PRIMARY KEY,
        notification_id uuid NOT NULL
            REFERENCES notifier.notification ON DELETE CASCADE,
        expires_at timestamptz NOT NULL,
        used_at timestamptz)""",
    "CREATE INDEX ack_token_notification ON notifier.ack_token (notification_id)",
)


def upgrade() -> None:
    create_standard_tables(op, "notifier")
    for statement in _TABLES:
        op.execute(statement)
