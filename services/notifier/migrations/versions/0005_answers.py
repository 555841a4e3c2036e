"""What recipients have answered to their messages."""

from alembic import op

revision = "0005"
down_revision = "0004"

_CHANGES = (
    """CREATE TABLE notifier.answer (
        notification_id uuid NOT NULL
            REFERENCES notifier.notification (notification_id) ON DELETE CASCADE,
        answer text NOT NULL,
        via text NOT NULL,
        answered_at timestamptz NOT NULL,
        PRIMARY KEY (notification_id, answer))""",
    # what was acknowledged before has been answered so
    """INSERT INTO notifier.answer (notification_id, answer, via, answered_at)
        SELECT notification_id, 'acknowledge', 'link', acknowledged_at
        FROM notifier.notification WHERE acknowledged_at IS NOT NULL""",
    """CREATE INDEX notification_staff ON notifier.notification (recipient_id, planned_at)
        WHERE role <> 'customer'::text""",
)


def upgrade() -> None:
    """Make the changes."""
    for change in _CHANGES:
        op.execute(change)
