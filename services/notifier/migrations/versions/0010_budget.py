"""Which messages are counted against the budget of their recipients."""

from alembic import op

revision = "0010"
down_revision = "0009"

_CHANGES = (
    "ALTER TABLE notifier.notification ADD COLUMN counted_at timestamptz",
    """CREATE INDEX notification_counted ON notifier.notification (recipient_id, counted_at)
        WHERE counted_at IS NOT NULL""",
)


def upgrade() -> None:
    """Make the changes."""
    for change in _CHANGES:
        op.execute(change)
