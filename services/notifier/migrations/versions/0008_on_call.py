"""Who is on call, and who watches."""

from alembic import op

revision = "0008"
down_revision = "0007"

_CHANGES = (
    """CREATE TABLE notifier.rotation (
        team text PRIMARY KEY,
        members text[] NOT NULL,
        zone text NOT NULL,
        days integer NOT NULL,
        weekday integer NOT NULL,
        minute integer NOT NULL)""",
    """CREATE TABLE notifier.on_call_override (
        override_id uuid PRIMARY KEY,
        team text NOT NULL,
        recipient_id text NOT NULL,
        since timestamptz NOT NULL,
        until timestamptz NOT NULL,
        made_at timestamptz NOT NULL,
        imported boolean NOT NULL)""",
    "CREATE INDEX on_call_override_until ON notifier.on_call_override (until)",
    """CREATE TABLE notifier.watcher (
        kind text NOT NULL,
        subject text NOT NULL,
        recipient_id text NOT NULL,
        since timestamptz NOT NULL,
        PRIMARY KEY (kind, subject, recipient_id))""",
)


def upgrade() -> None:
    """Make the changes."""
    for change in _CHANGES:
        op.execute(change)
