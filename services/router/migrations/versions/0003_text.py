"""What only the core reads is text: jsonb was taken apart and put together at every change, for nobody."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Keep what is there, as text."""
    op.execute("ALTER TABLE router.work_item ALTER COLUMN facts TYPE text")
    op.execute("ALTER TABLE router.assignment ALTER COLUMN explanation TYPE text")
