"""The escalator's tables, as its migrations make them (compared by the drift test).

What only the core reads is one JSON text; what SQL filters or sorts by is a column.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.db.standard import Instant, standard_tables

metadata = MetaData(schema="escalator")
standard_tables(metadata)

sla_case = Table(
    "sla_case",
    metadata,
    Column("ticket_id", Uuid, primary_key=True),
    Column("partition", SmallInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("next_due_at", Instant),
    Column("state", Text, nullable=False),
    Column("running", SmallInteger, nullable=False, server_default="0"),
    Column("overdue", SmallInteger, nullable=False, server_default="0"),
    Column("priority", Text, nullable=False, server_default=""),
    Index(
        "sla_case_due",
        "partition",
        "next_due_at",
        postgresql_include=["running", "priority"],
        postgresql_where=text("next_due_at IS NOT NULL"),
    ),
    Index(
        "sla_case_overdue",
        "overdue",
        "priority",
        postgresql_where=text("overdue <> 0"),
    ),
)

escalation = Table(
    "escalation",
    metadata,
    Column("escalation_id", Uuid, primary_key=True),
    Column("ticket_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("acknowledge_by", Instant),
    Column("acknowledged_by", Text),
    Column("acknowledged_at", Instant),
    Column("resolved_at", Instant),
    Column("outcome", Text),
    Index(
        "escalation_one_open_a_ticket",
        "ticket_id",
        unique=True,
        postgresql_where=text("status <> 'resolved'"),
    ),
    Index("escalation_by_status", "status", "raised_at", "escalation_id"),
    Index("escalation_ticket", "ticket_id"),
)

workflow_version = Table(
    "workflow_version",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("tzdata", Text, nullable=False),
    Column("calendars", JSONB, nullable=False),
    Column("effective_from", Instant, nullable=False),
    Column("applied_at", Instant, nullable=False),
    Column("applied_by", Text, nullable=False),
    Column("note", Text, nullable=False),
)

reckoning = Table(
    "reckoning",
    metadata,
    Column("number", Integer, ForeignKey(workflow_version.c.number), primary_key=True),
    Column("calendars", ARRAY(Text), nullable=False),
    Column("turn", SmallInteger, nullable=False),
    Column("after", Uuid, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("done_at", Instant),
)

handoff = Table(
    "handoff",
    metadata,
    Column("ticket_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("written_by", Text, nullable=False),
    Column("written_at", Instant, nullable=False),
    Column("content", JSONB, nullable=False),
)
