"""The tables of subscriptions, as the database is compared with."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

Instant = DateTime(timezone=True)


def subscription_tables(metadata: MetaData) -> None:
    """Describe the tables in `metadata`."""
    _subscription(metadata)
    _secret(metadata)
    _event(metadata)
    _delivery(metadata)
    _attempt(metadata)


def _subscription(metadata: MetaData) -> None:
    """Who is told what, where, and how that has gone. `notice_due_at`: its owner is to be told why it is
    disabled.
    """
    Table(
        "subscription",
        metadata,
        Column("subscription_id", Uuid, primary_key=True),
        Column("url", Text, nullable=False),
        Column("events", ARRAY(Text), nullable=False),
        Column("filters", JSONB, nullable=False),
        Column("description", Text),
        Column("owner", Text),
        Column("enabled", Boolean, nullable=False),
        Column("created_at", Instant, nullable=False),
        Column("kept_since", Instant, nullable=False),
        Column("disabled_at", Instant),
        Column("disabled_because", Text),
        Column("failures", Integer, nullable=False),
        Column("failing_since", Instant),
        Column("last_success_at", Instant),
        Column("probe_at", Instant),
        Column("tested_at", Instant),
        Column("notice_due_at", Instant),
        Column("notice_attempts", Integer, nullable=False),
    )


def _secret(metadata: MetaData) -> None:
    """What a subscription's requests are signed with. Nobody but the notifier's role reads this table."""
    Table(
        "subscription_secret",
        metadata,
        Column(
            "subscription_id",
            Uuid,
            ForeignKey("notifier.subscription.subscription_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        Column("n", Integer, primary_key=True, autoincrement=False),
        Column("secret", Text, nullable=False),
        Column("created_at", Instant, nullable=False),
        Column("expires_at", Instant),
    )


def _event(metadata: MetaData) -> None:
    """Events that somebody subscribes to, kept for attempts and replays."""
    Table(
        "subscription_event",
        metadata,
        Column("event_id", Uuid, primary_key=True),
        Column("event", Text, nullable=False),
        Column("traits", JSONB, nullable=False),
        Column("recorded_at", Instant, nullable=False),
        Column("document", LargeBinary, nullable=False),
        Index("subscription_event_recorded", "recorded_at", "event_id"),
    )


def _delivery(metadata: MetaData) -> None:
    """One event to one subscription. `due_at`: next attempt, or end of the lease."""
    pending, leased = text("status = 'pending'::text"), text("status = 'leased'::text")
    Table(
        "subscription_delivery",
        metadata,
        Column(
            "subscription_id",
            Uuid,
            ForeignKey("notifier.subscription.subscription_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        Column("event_id", Uuid, primary_key=True),
        Column("event", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("planned_at", Instant, nullable=False),
        Column("due_at", Instant, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("run_from", Integer, nullable=False),
        Index(
            "subscription_delivery_due",
            "subscription_id",
            "due_at",
            "event_id",
            postgresql_where=pending,
        ),
        Index("subscription_delivery_leased", "subscription_id", "due_at", postgresql_where=leased),
        Index(
            "subscription_delivery_owed",
            "event_id",
            postgresql_where=text("status = ANY (ARRAY['pending'::text, 'leased'::text])"),
        ),
        Index("subscription_delivery_log", "subscription_id", "planned_at"),
        Index("subscription_delivery_planned", "planned_at", postgresql_using="brin"),
    )


def _attempt(metadata: MetaData) -> None:
    """One try, written down before it is made; without outcome while it runs. The delivery log."""
    Table(
        "subscription_attempt",
        metadata,
        Column("subscription_id", Uuid, primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        Column("n", Integer, primary_key=True, autoincrement=False),
        Column("started_at", Instant, nullable=False),
        Column("outcome", Text),
        Column("status", Integer),
        Column("latency_ms", Integer),
        Column("detail", Text),
        Column("answer", LargeBinary),
        ForeignKeyConstraint(
            ["subscription_id", "event_id"],
            [
                "notifier.subscription_delivery.subscription_id",
                "notifier.subscription_delivery.event_id",
            ],
            ondelete="CASCADE",
        ),
    )
