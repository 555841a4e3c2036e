"""Surveys: the links, the ratings on their way to intake, and who wants no surveys."""

from alembic import op

revision = "0015"
down_revision = "0014"

_CHANGES = (
    """CREATE TABLE notifier.survey_token (
        token_sha256 bytea PRIMARY KEY,
        notification_id uuid NOT NULL REFERENCES notifier.notification ON DELETE CASCADE,
        expires_at timestamptz NOT NULL)""",
    "CREATE INDEX survey_token_notification ON notifier.survey_token (notification_id)",
    """CREATE TABLE notifier.survey_rating (
        notification_id uuid PRIMARY KEY REFERENCES notifier.notification ON DELETE CASCADE,
        ticket_id uuid NOT NULL,
        score integer NOT NULL,
        given_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        attempts integer NOT NULL,
        status text NOT NULL,
        detail text)""",
    "CREATE INDEX survey_rating_due ON notifier.survey_rating (due_at) WHERE status = 'pending'",
    """CREATE TABLE notifier.survey_refusal (
        customer_id text PRIMARY KEY,
        since timestamptz NOT NULL)""",
)


def upgrade() -> None:
    """Make the changes."""
    for change in _CHANGES:
        op.execute(change)
