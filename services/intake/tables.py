"""Intake's tables, as the code relies on them; migrations make them, a test compares the two."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
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
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.db.standard import Instant, standard_tables

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
    Index("ticket_customer", "customer_id", desc("opened_at")),
    Index("ticket_status", "status", "ticket_id"),
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
    Index("message_ticket", "ticket_id", "at"),
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
    Column("contact", JSONB),
)
