"""Feeds that are read live, and the tokens that open them."""

from alembic import op

revision = "0011"
down_revision = "0010"

_CHANGES = (
    """CREATE TABLE notifier.feed (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        recipient_id text NOT NULL,
        notification_id uuid NOT NULL UNIQUE
            REFERENCES notifier.notification (notification_id) ON DELETE CASCADE,
        put_at timestamptz NOT NULL)""",
    "CREATE INDEX feed_recipient ON notifier.feed (recipient_id, seq)",
    """CREATE TABLE notifier.feed_token (
        token_sha256 bytea PRIMARY KEY,
        recipient_id text NOT NULL
            REFERENCES notifier.recipient (recipient_id) ON DELETE CASCADE,
        created_at timestamptz NOT NULL)""",
    "CREATE INDEX feed_token_recipient ON notifier.feed_token (recipient_id)",
)


def upgrade() -> None:
    """Make the changes."""
    for change in _CHANGES:
        op.execute(change)
