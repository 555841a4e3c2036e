"""Slack and ageing in the line, shifts and leases, acceptance, and who knows which customer."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    """ALTER TABLE router.work_item
        ADD COLUMN begin_by timestamptz,
        ADD COLUMN due_at timestamptz""",
    "DROP INDEX router.work_item_line",
    """CREATE INDEX work_item_line
        ON router.work_item (lane, priority_class, rank, begin_by, opened_at, ticket_id)
        WHERE status = 'waiting'""",
    "CREATE INDEX work_item_due ON router.work_item (due_at) WHERE due_at IS NOT NULL",
    """ALTER TABLE router.agent
        ADD COLUMN channel_caps jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN held jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN shift text,
        ADD COLUMN on_shift boolean NOT NULL DEFAULT true,
        ADD COLUMN renewed_at timestamptz,
        ADD COLUMN suspect boolean NOT NULL DEFAULT false,
        ADD COLUMN auto_accept boolean NOT NULL DEFAULT false,
        ADD COLUMN changes_at timestamptz""",
    "CREATE INDEX agent_changes ON router.agent (changes_at) WHERE changes_at IS NOT NULL",
    # what was held before is counted by channel from the tickets themselves
    """UPDATE router.agent a SET held = counted.held FROM (
        SELECT agent_id, jsonb_object_agg(channel, n) AS held FROM (
            SELECT agent_id, facts -> 'item' -> 'opened' ->> 'channel' AS channel, count(*) AS n
            FROM router.work_item
            WHERE agent_id IS NOT NULL AND NOT coalesce((facts -> 'item' ->> 'paused')::boolean, false)
            GROUP BY 1, 2) AS by_channel
        WHERE channel IS NOT NULL GROUP BY agent_id) AS counted
        WHERE counted.agent_id = a.agent_id""",
    """CREATE TABLE router.shift (
        name text PRIMARY KEY,
        kind text NOT NULL,
        source text NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT shift_kind CHECK (kind IN ('weekly', 'ical')))""",
    """CREATE TABLE router.acquaintance (
        customer_id text NOT NULL,
        agent_id text NOT NULL,
        last_at timestamptz NOT NULL,
        CONSTRAINT acquaintance_pkey PRIMARY KEY (customer_id, agent_id))""",
    "ALTER TABLE router.assignment ADD COLUMN queue text",
    "CREATE INDEX assignment_recent ON router.assignment (assigned_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
