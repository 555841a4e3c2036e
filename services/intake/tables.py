"""Intake's tables, as the code relies on them; migrations make them, a test compares the two."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    desc,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

from shared.db.standard import Instant, standard_tables

#: Messages that nobody has analysed yet: what customers themselves wrote.
UNREAD: Final = "analysed_at IS NULL AND author_kind = 'customer' AND public AND NOT automatic"

#: Tickets that nobody has settled, and that did not go on as another one: the backlog.
UNSETTLED: Final = "status IN ('new', 'open', 'pending', 'on_hold') AND merged_into IS NULL"

#: An article's words, in the grammar of its language; its title and tags count more than its body.
ARTICLE_SEARCH: Final = """
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

metadata: Final = MetaData(schema="intake")
standard_tables(metadata)

#: Every delivery ever accepted: what makes a repeat harmless. `answer` is what a repeat is told.
delivery: Final = Table(
    "delivery",
    metadata,
    Column("source", Text, primary_key=True),
    Column("dedupe_key", Text, primary_key=True),
    Column("body_digest", LargeBinary, nullable=False),
    Column("answer", JSONB, nullable=False),
    Column("clock_skew", Boolean, nullable=False),
    Column("received_at", Instant, nullable=False),
    Index("delivery_received_at", "received_at", postgresql_using="brin"),
)

#: Tickets under the names their sources give them. A name without a ticket is a *shell*: something was
#: said about the ticket before it was opened.
external_ref: Final = Table(
    "external_ref",
    metadata,
    Column("source", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("ticket_id", Uuid, nullable=False),
    Index("external_ref_external_id", "external_id"),
)

#: Commands about shells, in the order they came; applied and removed when the ticket is opened.
buffered_command: Final = Table(
    "buffered_command",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("ticket_id", Uuid, nullable=False),
    Column("command_id", Uuid, nullable=False),
    Column("command", JSONB, nullable=False),
    Column("at", Instant, nullable=False),
    Column("traceparent", Text),
    Index("buffered_command_ticket_id", "ticket_id"),
)

#: One row a ticket: the fold of its facts (`domain/ticket.py`).
ticket: Final = Table(
    "ticket",
    metadata,
    Column("ticket_id", Uuid, primary_key=True),
    Column("correlation_id", Uuid, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("customer_tier", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("external_ref", Text),
    Column("subject", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("complexity", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("impact", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("signals", ARRAY(Text), nullable=False),
    Column("contact_number", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_at", Instant, nullable=False),
    Column("priority_at", Instant, nullable=False),
    Column("reopened_at", ARRAY(Instant), nullable=False),
    Column("agent_replies", Integer, nullable=False),
    Column("first_response_at", Instant),
    Column("resolved_at", Instant),
    Column("closed_at", Instant),
    Column("close_reason", Text),
    Column("rating", Integer),
    Column("escalation_requested", Boolean, nullable=False),
    Column("language", Text),
    Column("sentiment", Text, nullable=False, server_default="calm"),
    Column("frustrated_in_a_row", Integer, nullable=False, server_default="0"),
    Column("bumped", Boolean, nullable=False, server_default=false()),
    Column("opening_priority", Text),
    Column("merged_into", Uuid),
    Column("rated_at", Instant),
    Column("courtesy_at", Instant),
    Index("ticket_customer", "customer_id", desc("opened_at")),
    Index("ticket_status", "status", "ticket_id"),
    Index(
        "ticket_open",
        *("status", "priority", "opened_at"),
        postgresql_where=text(UNSETTLED),
    ),
    Index("ticket_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
)

#: What was written, by whom; `n` is the order it came in. The only place that keeps texts.
message: Final = Table(
    "message",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("n", BigInteger, Identity(always=True), nullable=False),
    Column("ticket_id", Uuid, nullable=False),
    Column("author_kind", Text, nullable=False),
    Column("author_id", Text),
    Column("public", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("automatic", Boolean, nullable=False, server_default=false()),
    Column("channel", Text),
    Column("html", Text),
    Column("traceparent", Text),
    Column("analysed_at", Instant),
    Index("message_ticket", "ticket_id", "at"),
    Index("message_at", "at", postgresql_using="brin"),
    Index("message_unread", "n", postgresql_where=text(UNREAD)),
)

#: Files that came with messages, apart from everything that travels. Those not kept say why.
attachment: Final = Table(
    "attachment",
    metadata,
    Column("attachment_id", Uuid, primary_key=True),
    Column("ticket_id", Uuid, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary),
    Column("refused", Text),
    Index("attachment_ticket", "ticket_id"),
)

#: Why derived values are what they are (`domain/evidence.py`): one row a command that derived some.
evidence: Final = Table(
    "evidence",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("ticket_id", Uuid, nullable=False),
    Column("message_id", Uuid),
    Column("at", Instant, nullable=False),
    Column("why", JSONB, nullable=False),
    Index("evidence_ticket", "ticket_id", "id"),
    Index("evidence_at", "at", postgresql_using="brin"),
)

#: What a ticket is about, in words that can be searched: what duplicates are looked for in.
ticket_text: Final = Table(
    "ticket_text",
    metadata,
    Column("ticket_id", Uuid, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("text", Text, nullable=False),
    Column("search", TSVECTOR, Computed("to_tsvector('simple'::regconfig, text)", persisted=True)),
    Index("ticket_text_search", "search", postgresql_using="gin"),
    Index("ticket_text_customer", "customer_id", desc("opened_at")),
    Index("ticket_text_opened_at", "opened_at", postgresql_using="brin"),
)

#: Tickets that may be one; nobody acts on them by itself. `score` from 0 to 100.
suggestion: Final = Table(
    "suggestion",
    metadata,
    Column("ticket_id", Uuid, primary_key=True),
    Column("candidate_id", Uuid, primary_key=True),
    Column("score", Double, nullable=False),
    Column("at", Instant, nullable=False),
)

#: Who asks, and how to reach them. The only place that keeps addresses.
customer: Final = Table(
    "customer",
    metadata,
    Column("customer_id", Text, primary_key=True),
    Column("tier", Text),
    Column("lifetime_value", Double),
    Column("vip", Boolean),
    Column("recent_escalations", Integer),
    Column("preferred_channel", Text),
    Column("account_manager", Text),
    Column("account_owner", Text),
    Column("revenue_impact", Double),
    Column("contact", JSONB),
)

#: By which addresses a customer writes: one customer may have several, an address has one owner.
customer_address: Final = Table(
    "customer_address",
    metadata,
    Column("address", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("linked_at", Instant, nullable=False),
    Index("customer_address_customer", "customer_id"),
)

#: Escalations of customers' tickets, as the escalator told them: "recent" is counted here (S0:81).
customer_escalation: Final = Table(
    "customer_escalation",
    metadata,
    Column("escalation_id", Uuid, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("customer_escalation_customer", "customer_id", "at"),
)

#: The knowledge base: what may answer a customer before a person can. `tags`: other words for it.
article: Final = Table(
    "article",
    metadata,
    Column("article_id", Text, primary_key=True),
    Column("language", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("url", Text),
    Column("tags", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("search", TSVECTOR, Computed(ARTICLE_SEARCH, persisted=True)),
    Index("article_search", "search", postgresql_using="gin"),
)
