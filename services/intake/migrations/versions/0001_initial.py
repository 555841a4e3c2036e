"""Intake's first tables."""

from __future__ import annotations

from alembic import op

from shared.db.standard_ddl import create_standard_tables

revision = "0001"
down_revision = None

STATEMENTS = (
    """CREATE TABLE intake.delivery (
        source text NOT NULL,
        dedupe_key text NOT NULL,
        body_digest bytea NOT NULL,
        answer jsonb NOT NULL,
        clock_skew boolean NOT NULL,
        received_at timestamptz NOT NULL,
        PRIMARY KEY (source, dedupe_key))""",
    "CREATE INDEX delivery_received_at ON intake.delivery USING brin (received_at)",
    """CREATE TABLE intake.external_ref (
        source text NOT NULL,
        external_id text NOT NULL,
        ticket_id uuid NOT NULL,
        PRIMARY KEY (source, external_id))""",
    "CREATE INDEX external_ref_external_id ON intake.external_ref (external_id)",
    """CREATE TABLE intake.buffered_command (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        ticket_id uuid NOT NULL,
        command_id uuid NOT NULL,
        command jsonb NOT NULL,
        at timestamptz NOT NULL,
        traceparent text)""",
    "CREATE INDEX buffered_command_ticket_id ON intake.buffered_command (ticket_id)",
    # rows of ticket are updated a few times: room on the page keeps most updates off the indexes
    """CREATE TABLE intake.ticket (
        ticket_id uuid PRIMARY KEY,
        correlation_id uuid NOT NULL,
        customer_id text NOT NULL,
        customer_tier text NOT NULL,
        channel text NOT NULL,
        external_ref text,
        subject text NOT NULL,
        category text NOT NULL,
        complexity text NOT NULL,
        priority text NOT NULL,
        impact text NOT NULL,
        urgency text NOT NULL,
        signals text[] NOT NULL,
        contact_number integer NOT NULL,
        opened_at timestamptz NOT NULL,
        status text NOT NULL,
        status_at timestamptz NOT NULL,
        priority_at timestamptz NOT NULL,
        reopened_at timestamptz[] NOT NULL,
        agent_replies integer NOT NULL,
        first_response_at timestamptz,
        resolved_at timestamptz,
        closed_at timestamptz,
        close_reason text,
        rating integer,
        escalation_requested boolean NOT NULL)
        WITH (fillfactor = 80)""",
    "CREATE INDEX ticket_customer ON intake.ticket (customer_id, opened_at DESC)",
    "CREATE INDEX ticket_status ON intake.ticket (status, ticket_id)",
    """CREATE TABLE intake.message (
        message_id uuid PRIMARY KEY,
        n bigint GENERATED ALWAYS AS IDENTITY,
        ticket_id uuid NOT NULL,
        author_kind text NOT NULL,
        author_id text,
        public boolean NOT NULL,
        body text NOT NULL,
        at timestamptz NOT NULL)""",
    "CREATE INDEX message_ticket ON intake.message (ticket_id, at)",
    """CREATE TABLE intake.customer (
        customer_id text PRIMARY KEY,
        tier text,
        lifetime_value double precision,
        vip boolean,
        recent_escalations integer,
        preferred_channel text,
        account_manager text,
        contact jsonb)
        WITH (fillfactor = 80)""",
)


def upgrade() -> None:
    """Create them."""
    create_standard_tables(op, "intake")
    for statement in STATEMENTS:
        op.execute(statement)
