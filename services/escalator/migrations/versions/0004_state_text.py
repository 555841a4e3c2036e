"""The state of a case is text: jsonb was taken apart and put together at every fire, for nobody."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Keep what is there, as text."""
    op.execute("ALTER TABLE escalator.sla_case ALTER COLUMN state TYPE text")
