"""The router's first tables: work items, the roster, and the history of assignments."""

from __future__ import annotations

from alembic import op

from shared.db.standard_ddl import create_standard_tables

revision = "0001"
down_revision = None

# rows of work_item and agent are updated often: room on the page keeps updates off the indexes
STATEMENTS = (
    """CREATE TABLE router.work_item (
        ticket_id uuid PRIMARY KEY,
        status text NOT NULL,
        lane text,
        queue text,
        level text,
        priority_class smallint,
        rank integer,
        opened_at timestamptz,
        waiting_since timestamptz,
        agent_id text,
        told text[] NOT NULL DEFAULT '{}',
        facts jsonb NOT NULL,
        CONSTRAINT work_item_assigned_to_somebody CHECK (
            (status = 'assigned') = (agent_id IS NOT NULL)))
        WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)""",
    """CREATE INDEX work_item_line
        ON router.work_item (lane, priority_class, rank, opened_at, ticket_id)
        WHERE status = 'waiting'""",
    """CREATE INDEX work_item_agent ON router.work_item (agent_id) WHERE agent_id IS NOT NULL""",
    """CREATE TABLE router.agent (
        agent_id text PRIMARY KEY,
        name text NOT NULL,
        team text NOT NULL,
        level text NOT NULL,
        channels text[] NOT NULL,
        capacity integer NOT NULL,
        capacity_target integer,
        load integer NOT NULL,
        presence text NOT NULL,
        version bigint NOT NULL,
        last_assigned_at timestamptz,
        CONSTRAINT agent_load_not_negative CHECK (load >= 0),
        CONSTRAINT agent_load_within_capacity CHECK (load <= capacity))
        WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02)""",
    """CREATE TABLE router.agent_skill (
        agent_id text NOT NULL,
        skill text NOT NULL,
        proficiency smallint NOT NULL,
        CONSTRAINT agent_skill_pkey PRIMARY KEY (agent_id, skill),
        CONSTRAINT agent_skill_proficiency CHECK (proficiency BETWEEN 1 AND 5))""",
    """CREATE TABLE router.assignment (
        assignment_id uuid PRIMARY KEY,
        ticket_id uuid NOT NULL,
        agent_id text NOT NULL,
        assigned_at timestamptz NOT NULL,
        reason text NOT NULL,
        explanation jsonb NOT NULL,
        ended_at timestamptz,
        end_reason text)""",
    "CREATE INDEX assignment_ticket ON router.assignment (ticket_id, assigned_at)",
    "CREATE INDEX assignment_agent ON router.assignment (agent_id, assigned_at)",
    """CREATE UNIQUE INDEX assignment_one_a_ticket ON router.assignment (ticket_id)
        WHERE ended_at IS NULL""",
)


def upgrade() -> None:
    create_standard_tables(op, "router")
    for statement in STATEMENTS:
        op.execute(statement)
