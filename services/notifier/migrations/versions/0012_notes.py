"""Notes that are written on tickets."""

from alembic import op

revision = "0012"
down_revision = "0011"

_CHANGES = (
    """CREATE TABLE notifier.note (
        note_id uuid PRIMARY KEY,
        ticket_id uuid NOT NULL,
        clock text NOT NULL,
        body text NOT NULL,
        due_at timestamptz NOT NULL,
        attempts integer NOT NULL,
        status text NOT NULL CHECK (status IN ('pending', 'written', 'dead')),
        detail text,
        UNIQUE (ticket_id, clock))""",
    "CREATE INDEX note_due ON notifier.note (due_at) WHERE status = 'pending'::text",
)


def upgrade() -> None:
    """Make the changes."""
    for change in _CHANGES:
        op.execute(change)
