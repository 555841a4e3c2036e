"""When a recipient is told how, and when not."""

from alembic import op

revision = "0004"
down_revision = "0003"

_CHANGES = (
    """ALTER TABLE notifier.recipient ADD COLUMN prefer jsonb, ADD COLUMN language text,
        ADD COLUMN zone text, ADD COLUMN quiet jsonb, ADD COLUMN away jsonb""",
)


def upgrade() -> None:
    """Make the changes."""
    for change in _CHANGES:
        op.execute(change)
