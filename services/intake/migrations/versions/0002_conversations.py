"""Conversations, identities, files, evidence, moods, duplicates and articles."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

UNREAD = "analysed_at IS NULL AND author_kind = 'customer' AND public AND NOT automatic"

ARTICLE_SEARCH = """
CASE language
    WHEN 'en' THEN setweight(to_tsvector('english'::regconfig, title || ' ' || tags), 'A')
        || setweight(to_tsvector('english'::regconfig, body), 'B')
    WHEN 'de' THEN setweight(to_tsvector('german'::regconfig, title || ' ' || tags), 'A')
        || setweight(to_tsvector('german'::regconfig, body), 'B')
    WHEN 'fr' THEN setweight(to_tsvector('french'::regconfig, title || ' ' || tags), 'A')
        || setweight(to_tsvector('french'::regconfig, body), 'B')
    WHEN 'es' THEN setweight(to_tsvector('spanish'::regconfig, title || ' ' || tags), 'A')
        || setweight(to_tsvector('spanish'::regconfig, body), 'B')
    ELSE setweight(to_tsvector('simple'::regconfig, title || ' ' || tags), 'A')
        || setweight(to_tsvector('simple'::regconfig, body), 'B')
END"""

STATEMENTS = (
    """ALTER TABLE intake.ticket
        ADD COLUMN language text,
        ADD COLUMN sentiment text NOT NULL DEFAULT 'calm',
        ADD COLUMN frustrated_in_a_row integer NOT NULL DEFAULT 0,
        ADD COLUMN bumped boolean NOT NULL DEFAULT false,
        ADD COLUMN opening_priority text,
        ADD COLUMN merged_into uuid""",
    """CREATE INDEX ticket_merged_into ON intake.ticket (merged_into)
        WHERE merged_into IS NOT NULL""",
    """ALTER TABLE intake.message
        ADD COLUMN automatic boolean NOT NULL DEFAULT false,
        ADD COLUMN channel text,
        ADD COLUMN html text,
        ADD COLUMN analysed_at timestamptz DEFAULT now()""",
    # what was written before there was an analyst is not read any more
    "ALTER TABLE intake.message ALTER COLUMN analysed_at DROP DEFAULT",
    f"CREATE INDEX message_unread ON intake.message (n) WHERE {UNREAD}",
    """CREATE TABLE intake.attachment (
        attachment_id uuid PRIMARY KEY,
        ticket_id uuid NOT NULL,
        message_id uuid NOT NULL,
        name text NOT NULL,
        content_type text NOT NULL,
        size bigint NOT NULL,
        content bytea,
        refused text)""",
    "CREATE INDEX attachment_ticket ON intake.attachment (ticket_id)",
    """CREATE TABLE intake.evidence (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        ticket_id uuid NOT NULL,
        message_id uuid,
        at timestamptz NOT NULL,
        why jsonb NOT NULL)""",
    "CREATE INDEX evidence_ticket ON intake.evidence (ticket_id, id)",
    """CREATE TABLE intake.ticket_text (
        ticket_id uuid PRIMARY KEY,
        customer_id text NOT NULL,
        opened_at timestamptz NOT NULL,
        text text NOT NULL,
        search tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, text)) STORED)""",
    "CREATE INDEX ticket_text_search ON intake.ticket_text USING gin (search)",
    "CREATE INDEX ticket_text_customer ON intake.ticket_text (customer_id, opened_at DESC)",
    """CREATE TABLE intake.suggestion (
        ticket_id uuid NOT NULL,
        candidate_id uuid NOT NULL,
        score double precision NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (ticket_id, candidate_id))""",
    "ALTER TABLE intake.customer ADD COLUMN revenue_impact double precision",
    """CREATE TABLE intake.customer_address (
        address text PRIMARY KEY,
        customer_id text NOT NULL,
        linked_at timestamptz NOT NULL)""",
    "CREATE INDEX customer_address_customer ON intake.customer_address (customer_id)",
    """CREATE TABLE intake.customer_escalation (
        escalation_id uuid PRIMARY KEY,
        customer_id text NOT NULL,
        at timestamptz NOT NULL)""",
    """CREATE INDEX customer_escalation_customer
        ON intake.customer_escalation (customer_id, at)""",
    f"""CREATE TABLE intake.article (
        article_id text PRIMARY KEY,
        language text NOT NULL,
        title text NOT NULL,
        body text NOT NULL,
        url text,
        tags text NOT NULL,
        digest bytea NOT NULL,
        updated_at timestamptz NOT NULL,
        search tsvector GENERATED ALWAYS AS ({ARTICLE_SEARCH}) STORED)""",
    "CREATE INDEX article_search ON intake.article USING gin (search)",
)


def upgrade() -> None:
    """Add them."""
    for statement in STATEMENTS:
        op.execute(statement)
