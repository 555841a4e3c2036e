"""The threshold a note tells of, so that it is dropped with its warning."""

from alembic import op

revision = "0014"
down_revision = "0013"

_CHANGES = ("ALTER TABLE notifier.note ADD COLUMN threshold integer NOT NULL DEFAULT 0",)


def upgrade() -> None:
    """Make the changes."""
    for change in _CHANGES:
        op.execute(change)
