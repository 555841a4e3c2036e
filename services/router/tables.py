"""The router's tables, as its migrations make them (compared by the drift test).

What only the core reads is one JSON text; what SQL filters or sorts by is a column. Weights, loads
and capacities are in quarters of a weight unit.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.db.standard import Instant, standard_tables

metadata = MetaData(schema="router")
standard_tables(metadata)

work_item = Table(
    "work_item",
    metadata,
    Column("ticket_id", Uuid, primary_key=True),
    Column("status", Text, nullable=False),
    Column("lane", Text),
    Column("queue", Text),
    Column("level", Text),
    Column("priority_class", SmallInteger),
    Column("rank", Integer),
    Column("begin_by", Instant),
    Column("opened_at", Instant),
    Column("waiting_since", Instant),
    Column("agent_id", Text),
    Column("due_at", Instant),
    Column("told", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("facts", Text, nullable=False),
    CheckConstraint(
        "(status = 'assigned') = (agent_id IS NOT NULL)", name="work_item_assigned_to_somebody"
    ),
    Index(
        "work_item_line",
        "lane",
        "priority_class",
        "rank",
        "begin_by",
        "opened_at",
        "ticket_id",
        postgresql_where=text("status = 'waiting'"),
    ),
    Index("work_item_agent", "agent_id", postgresql_where=text("agent_id IS NOT NULL")),
    Index("work_item_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
)

agent = Table(
    "agent",
    metadata,
    Column("agent_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("channels", ARRAY(Text), nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("capacity_target", Integer),
    Column("load", Integer, nullable=False),
    Column("presence", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("last_assigned_at", Instant),
    Column("channel_caps", JSONB, nullable=False, server_default=text("'{}'")),
    Column("held", JSONB, nullable=False, server_default=text("'{}'")),
    Column("shift", Text),
    Column("on_shift", Boolean, nullable=False, server_default=text("true")),
    Column("renewed_at", Instant),
    Column("suspect", Boolean, nullable=False, server_default=text("false")),
    Column("auto_accept", Boolean, nullable=False, server_default=text("false")),
    Column("changes_at", Instant),
    Index("agent_changes", "changes_at", postgresql_where=text("changes_at IS NOT NULL")),
    CheckConstraint("load >= 0", name="agent_load_not_negative"),
    CheckConstraint("load <= capacity", name="agent_load_within_capacity"),
)

agent_skill = Table(
    "agent_skill",
    metadata,
    Column("agent_id", Text, nullable=False),
    Column("skill", Text, nullable=False),
    Column("proficiency", SmallInteger, nullable=False),
    PrimaryKeyConstraint("agent_id", "skill", name="agent_skill_pkey"),
    CheckConstraint("proficiency BETWEEN 1 AND 5", name="agent_skill_proficiency"),
)

shift = Table(
    "shift",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint("kind IN ('weekly', 'ical')", name="shift_kind"),
)

acquaintance = Table(
    "acquaintance",
    metadata,
    Column("customer_id", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("last_at", Instant, nullable=False),
    PrimaryKeyConstraint("customer_id", "agent_id", name="acquaintance_pkey"),
)

assignment = Table(
    "assignment",
    metadata,
    Column("assignment_id", Uuid, primary_key=True),
    Column("ticket_id", Uuid, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("queue", Text),
    Column("assigned_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("explanation", Text, nullable=False),
    Column("ended_at", Instant),
    Column("end_reason", Text),
    Index("assignment_ticket", "ticket_id", "assigned_at"),
    Index("assignment_agent", "agent_id", "assigned_at"),
    Index("assignment_recent", "assigned_at"),
    Index(
        "assignment_one_a_ticket",
        "ticket_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
)
