"""Who has stopped their summaries by mail, and the links that do it."""

from alembic import op

revision = "0013"
down_revision = "0012"

_CHANGES = (
    "ALTER TABLE notifier.recipient ADD COLUMN no_digests boolean NOT NULL DEFAULT false",
    """CREATE TABLE notifier.stop_token (
        token_sha256 bytea PRIMARY KEY,
        recipient_id text NOT NULL REFERENCES notifier.recipient ON DELETE CASCADE,
        made_at timestamptz NOT NULL)""",
    "CREATE INDEX stop_token_recipient ON notifier.stop_token (recipient_id, made_at)",
)


def upgrade() -> None:
    """Make the changes."""
    for change in _CHANGES:
        op.execute(change)
