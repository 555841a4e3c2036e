"""Versions of the workflow, and how far due instants have followed a change of calendars."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    """CREATE TABLE escalator.workflow_version (
        number integer PRIMARY KEY,
        digest text NOT NULL,
        text text NOT NULL,
        tzdata text NOT NULL,
        calendars jsonb NOT NULL,
        effective_from timestamptz NOT NULL,
        applied_at timestamptz NOT NULL,
        applied_by text NOT NULL,
        note text NOT NULL)""",
    # what was in force stays what it was
    "REVOKE UPDATE, DELETE ON escalator.workflow_version FROM tierline_escalator",
    """CREATE TABLE escalator.reckoning (
        number integer PRIMARY KEY REFERENCES escalator.workflow_version,
        calendars text[] NOT NULL,
        turn smallint NOT NULL,
        after uuid NOT NULL,
        not_before timestamptz NOT NULL,
        done_at timestamptz)""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
