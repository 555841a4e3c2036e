"""The tables of surveys, as the database is compared with."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)

Instant = DateTime(timezone=True)


def survey_tables(metadata: MetaData) -> None:
    """Describe the tables in `metadata`."""
    _token(metadata)
    _rating(metadata)
    _refusal(metadata)


def _token(metadata: MetaData) -> None:
    """Links that rate, by the SHA-256 of their token: the token itself is nowhere (security S48)."""
    Table(
        "survey_token",
        metadata,
        Column("token_sha256", LargeBinary, primary_key=True),
        Column(
            "notification_id",
            Uuid,
            ForeignKey("notifier.notification.notification_id", ondelete="CASCADE"),
            nullable=False,
        ),
        Column("expires_at", Instant, nullable=False),
        Index("survey_token_notification", "notification_id"),
    )


def _rating(metadata: MetaData) -> None:
    """What customers chose on the page, one a survey, until intake has it and after."""
    Table(
        "survey_rating",
        metadata,
        Column(
            "notification_id",
            Uuid,
            ForeignKey("notifier.notification.notification_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        Column("ticket_id", Uuid, nullable=False),
        Column("score", Integer, nullable=False),
        Column("given_at", Instant, nullable=False),
        Column("due_at", Instant, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("status", Text, nullable=False),
        Column("detail", Text),
        Index("survey_rating_due", "due_at", postgresql_where=text("status = 'pending'::text")),
    )


def _refusal(metadata: MetaData) -> None:
    """Customers who want no surveys."""
    Table(
        "survey_refusal",
        metadata,
        Column("customer_id", Text, primary_key=True),
        Column("since", Instant, nullable=False),
    )
