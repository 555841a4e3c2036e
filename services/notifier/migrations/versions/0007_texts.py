"""How many texts a day has seen."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the changes."""
    op.execute(
        """CREATE TABLE notifier.text_day (
            day date PRIMARY KEY,
            texts integer NOT NULL)"""
    )
