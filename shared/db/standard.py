"""The standard tables every service has in its own schema (architecture 10), as its `tables.py` and
its first migration name them.

`services/router/tables.py`::

    metadata = MetaData(schema="router")
    standard_tables(metadata)
    work_item = Table("work_item", metadata, Column("ticket_id", Uuid, primary_key=True), ...)

`services/router/migrations/versions/0001_initial.py`::

    from alembic import op
    from shared.db.standard_ddl import create_standard_tables

    revision = "0001"
    down_revision = None

    def upgrade() -> None:
        create_standard_tables(op, "router")
        op.execute("CREATE TABLE router.work_item (...)")  # one statement a call (asyncpg)
        op.create_table("work_item", ..., schema="router")  # or Alembic's way

Migrations name the schema; service code does not. The service's role may SELECT, INSERT, UPDATE and
DELETE in every table of its schema (default privileges, `migrate.py`). There is no downgrade.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB

Instant = DateTime(timezone=True)


def standard_tables(metadata: MetaData) -> None:
    """Describe the standard tables in `metadata`, so that they can be compared with the database."""
    _inbox(metadata)
    _stream(metadata)
    _outbox(metadata)
    _relay(metadata)
    _dead_letter(metadata)
    _idempotency(metadata)
    _audit(metadata)


def _inbox(metadata: MetaData) -> None:
    """Every event ever applied: what makes a repeat harmless."""
    Table(
        "inbox",
        metadata,
        Column("event_id", Uuid, primary_key=True),
        Column("type", Text, nullable=False),
        Column("consumed_at", Instant, nullable=False, server_default=text("now()")),
        Index("inbox_consumed_at", "consumed_at", postgresql_using="brin"),
    )


def _stream(metadata: MetaData) -> None:
    """Last sequence a topic and key: written, for our own topics, or applied, for consumed ones."""
    Table(
        "stream",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("sequence", BigInteger, nullable=False),
    )


def _outbox(metadata: MetaData) -> None:
    """What we have said, published or not; one partition a day."""
    Table(
        "outbox",
        metadata,
        Column("seq", BigInteger, Sequence("outbox_seq", metadata=metadata), nullable=False),
        Column("created_on", Date, nullable=False),
        Column("event_id", Uuid, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("created_at", Instant, nullable=False),
        Column("published_at", Instant),
        PrimaryKeyConstraint("seq", "created_on", name="outbox_pkey"),
        UniqueConstraint("created_on", "event_id", name="outbox_event"),
        Index("outbox_unpublished", "seq", postgresql_where=text("published_at IS NULL")),
        Index("outbox_key", "key"),
        postgresql_partition_by="RANGE (created_on)",
    )


def _relay(metadata: MetaData) -> None:
    """One row: whether the relay is sending the kept window again, and how far it has come."""
    Table(
        "relay",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("rebuild_after", BigInteger),
        Column("rebuild_topics", ARRAY(Text)),
    )


def _dead_letter(metadata: MetaData) -> None:
    """Records we could not apply, and what waits behind them."""
    Table(
        "dead_letter",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("key", Text),
        Column("event_id", Uuid, nullable=False),
        Column("sequence", BigInteger),
        Column("raw", LargeBinary, nullable=False),
        Column("reason", Text, nullable=False),
        Column("error", Text, nullable=False),
        Column("parked_at", Instant, nullable=False),
        Column("release_requested_at", Instant),
        Column("released_at", Instant),
        Index("dead_letter_open", "key", "id", postgresql_where=text("released_at IS NULL")),
    )


def _idempotency(metadata: MetaData) -> None:
    """Answers given to HTTP commands, kept for their repeats."""
    Table(
        "idempotency",
        metadata,
        Column("principal", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("route", Text, nullable=False),
        Column("body_sha256", LargeBinary, nullable=False),
        Column("answer", JSON),
        Column("created_at", Instant, nullable=False),
        Index("idempotency_created_at", "created_at"),
    )


def _audit(metadata: MetaData) -> None:
    """Who did what: append-only, each row sealed by the hash of the one before."""
    Table(
        "audit",
        metadata,
        Column("n", BigInteger, primary_key=True, autoincrement=False),
        Column("at", Instant, nullable=False),
        Column("principal", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("object", Text, nullable=False),
        Column("reason", Text),
        Column("before_sha256", LargeBinary),
        Column("after_sha256", LargeBinary),
        Column("previous_hash", LargeBinary, nullable=False),
        Column("hash", LargeBinary, nullable=False),
    )
