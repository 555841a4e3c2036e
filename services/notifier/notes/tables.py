"""The table of notes, as the database is compared with."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

Instant = DateTime(timezone=True)


def note_tables(metadata: MetaData) -> None:
    """What the machine notes on tickets, through intake: each clock once (semantics L11)."""
    Table(
        "note",
        metadata,
        Column("note_id", Uuid, primary_key=True),
        Column("ticket_id", Uuid, nullable=False),
        Column("clock", Text, nullable=False),
        Column("threshold", Integer, nullable=False, server_default=text("0")),
        Column("body", Text, nullable=False),
        Column("due_at", Instant, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("status", Text, nullable=False),
        Column("detail", Text),
        UniqueConstraint("ticket_id", "clock"),
        Index("note_due", "due_at", postgresql_where=text("status = 'pending'::text")),
    )
