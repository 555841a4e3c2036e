"""Notifications that wait for others, and what a provider calls a message."""

from alembic import op

revision = "0003"
down_revision = "0002"

_CHANGES = (
    "ALTER TABLE notifier.notification ADD COLUMN hold text, ADD COLUMN bundle_id uuid",
    """CREATE INDEX notification_held ON notifier.notification (recipient_id, channel)
        WHERE hold IS NOT NULL AND status = 'pending'""",
    "ALTER TABLE notifier.attempt ADD COLUMN reference text",
)


def upgrade() -> None:
    """Make the changes."""
    for change in _CHANGES:
        op.execute(change)
