"""Rates and circuit breakers of the targets of deliveries, and pages that go over two channels."""

from alembic import op

revision = "0006"
down_revision = "0005"

_CHANGES = (
    """CREATE TABLE notifier.target (
        target text PRIMARY KEY,
        seen_at timestamptz NOT NULL,
        full_at timestamptz NOT NULL,
        failures integer NOT NULL,
        opened_at timestamptz,
        probe_at timestamptz,
        held_until timestamptz,
        failure text,
        ready_at timestamptz NOT NULL)
        WITH (fillfactor = 50)""",
    "ALTER TABLE notifier.notification ADD COLUMN beside_at timestamptz",
    """CREATE INDEX notification_page ON notifier.notification (planned_at)
        WHERE status IN ('pending', 'leased') AND beside_at IS NULL
            AND plan ->> 'urgency' = 'page'""",
)


def upgrade() -> None:
    """Make the changes."""
    for change in _CHANGES:
        op.execute(change)
