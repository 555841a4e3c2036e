"""Acknowledgements of receipt are counted by customer."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the index they are counted by."""
    op.execute(
        """CREATE INDEX notification_customer ON notifier.notification (recipient_id, planned_at)
            WHERE role = 'customer'"""
    )
