"""Subscriptions of other systems: who they are, what they are told, what came of it."""

from alembic import op

revision = "0009"
down_revision = "0008"

_TABLES = (
    """CREATE TABLE notifier.subscription (
        subscription_id uuid PRIMARY KEY,
        url text NOT NULL,
        events text[] NOT NULL,
        filters jsonb NOT NULL,
        description text,
        owner text,
        enabled boolean NOT NULL,
        created_at timestamptz NOT NULL,
        kept_since timestamptz NOT NULL,
        disabled_at timestamptz,
        disabled_because text CHECK (disabled_because IN ('asked', 'gone', 'failing')),
        failures integer NOT NULL,
        failing_since timestamptz,
        last_success_at timestamptz,
        probe_at timestamptz,
        tested_at timestamptz,
        notice_due_at timestamptz,
        notice_attempts integer NOT NULL)
        WITH (fillfactor = 70)""",
    """CREATE TABLE notifier.subscription_secret (
        subscription_id uuid NOT NULL REFERENCES notifier.subscription ON DELETE CASCADE,
        n integer NOT NULL,
        secret text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        PRIMARY KEY (subscription_id, n))""",
    """CREATE TABLE notifier.subscription_event (
        event_id uuid PRIMARY KEY,
        event text NOT NULL,
        traits jsonb NOT NULL,
        recorded_at timestamptz NOT NULL,
        document bytea NOT NULL)""",
    """CREATE INDEX subscription_event_recorded
        ON notifier.subscription_event (recorded_at, event_id)""",
    """CREATE TABLE notifier.subscription_delivery (
        subscription_id uuid NOT NULL REFERENCES notifier.subscription ON DELETE CASCADE,
        event_id uuid NOT NULL,
        event text NOT NULL,
        status text NOT NULL CHECK (status IN ('pending', 'leased', 'sent', 'dead')),
        planned_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        attempts integer NOT NULL,
        run_from integer NOT NULL,
        PRIMARY KEY (subscription_id, event_id))
        WITH (fillfactor = 80)""",
    """CREATE INDEX subscription_delivery_due
        ON notifier.subscription_delivery (subscription_id, due_at, event_id)
        WHERE status = 'pending'""",
    """CREATE INDEX subscription_delivery_leased
        ON notifier.subscription_delivery (subscription_id, due_at) WHERE status = 'leased'""",
    """CREATE INDEX subscription_delivery_owed
        ON notifier.subscription_delivery (event_id) WHERE status IN ('pending', 'leased')""",
    """CREATE INDEX subscription_delivery_log
        ON notifier.subscription_delivery (subscription_id, planned_at)""",
    """CREATE INDEX subscription_delivery_planned
        ON notifier.subscription_delivery USING brin (planned_at)""",
    """CREATE TABLE notifier.subscription_attempt (
        subscription_id uuid NOT NULL,
        event_id uuid NOT NULL,
        n integer NOT NULL,
        started_at timestamptz NOT NULL,
        outcome text CHECK (outcome IN
            ('sent', 'retry', 'client_error', 'unknown', 'lost', 'refused', 'gone')),
        status integer,
        latency_ms integer,
        detail text,
        answer bytea,
        PRIMARY KEY (subscription_id, event_id, n),
        FOREIGN KEY (subscription_id, event_id)
            REFERENCES notifier.subscription_delivery ON DELETE CASCADE)""",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in _TABLES:
        op.execute(statement)
