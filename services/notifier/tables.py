"""The notifier's tables (architecture 15), as the database is compared with."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
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

from shared.db.standard import standard_tables

from .notes.tables import note_tables
from .subscriptions.tables import subscription_tables
from .surveys.tables import survey_tables

Instant = DateTime(timezone=True)

metadata: Final = MetaData(schema="notifier")
standard_tables(metadata)
subscription_tables(metadata)
note_tables(metadata)
survey_tables(metadata)

#: What must be remembered of a ticket. The subject line is free text and can be blanked (ruling 4).
ticket: Final = Table(
    "ticket",
    metadata,
    Column("ticket_id", Uuid, primary_key=True),
    Column("subject_line", Text),
    Column("view", JSONB, nullable=False),
)

#: One message to one recipient over one channel. `due_at`: next attempt, or end of the lease; `beside_at`:
#: when a page that was not delivered in time was begun over the fallback channel as well; `counted_at`: when
#: the message it is the first of was taken from its recipient's budget.
notification: Final = Table(
    "notification",
    metadata,
    Column("notification_id", Uuid, primary_key=True),
    Column("ticket_id", Uuid, nullable=False),
    Column("recipient_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("plan", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("planned_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("unknowns", Integer, nullable=False),
    Column("acknowledged_at", Instant),
    Column("hold", Text),
    Column("bundle_id", Uuid),
    Column("beside_at", Instant),
    Column("counted_at", Instant),
    Index("notification_ticket", "ticket_id"),
    Index(
        "notification_held",
        "recipient_id",
        "channel",
        postgresql_where=text("hold IS NOT NULL AND status = 'pending'::text"),
    ),
    Index(
        "notification_counted",
        "recipient_id",
        "counted_at",
        postgresql_where=text("counted_at IS NOT NULL"),
    ),
    Index(
        "notification_customer",
        "recipient_id",
        "planned_at",
        postgresql_where=text("role = 'customer'::text"),
    ),
    Index(
        "notification_staff",
        "recipient_id",
        "planned_at",
        postgresql_where=text("role <> 'customer'::text"),
    ),
    Index(
        "notification_page",
        "planned_at",
        postgresql_where=text(
            "status IN ('pending', 'leased') AND beside_at IS NULL AND plan ->> 'urgency' = 'page'"
        ),
    ),
    Index(
        "notification_due", "target", "due_at", postgresql_where=text("status = 'pending'::text")
    ),
    Index(
        "notification_leased", "target", "due_at", postgresql_where=text("status = 'leased'::text")
    ),
)

#: One try, written down before it is made; without outcome while it runs (semantics D2).
attempt: Final = Table(
    "attempt",
    metadata,
    Column(
        "notification_id",
        Uuid,
        ForeignKey("notifier.notification.notification_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("outcome", Text),
    Column("detail", Text),
    Column("reference", Text),
)

#: Who can be told. `channels`: channel → address, in the order of preference.
recipient: Final = Table(
    "recipient",
    metadata,
    Column("recipient_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("team", Text),
    Column("channels", JSONB, nullable=False),
    Column("muted_until", Instant),
    Column("prefer", JSONB),
    Column("language", Text),
    Column("zone", Text),
    Column("quiet", JSONB),
    Column("away", JSONB),
    Column("no_digests", Boolean, nullable=False, server_default=text("false")),
)

#: Who takes turns being on call for a team, instead of the workflow's rotation.
rotation: Final = Table(
    "rotation",
    metadata,
    Column("team", Text, primary_key=True),
    Column("members", ARRAY(Text), nullable=False),
    Column("zone", Text, nullable=False),
    Column("days", Integer, nullable=False),
    Column("weekday", Integer, nullable=False),
    Column("minute", Integer, nullable=False),
)

#: Who is on call for a while, whoever's turn it is: by hand, or imported from a calendar.
on_call_override: Final = Table(
    "on_call_override",
    metadata,
    Column("override_id", Uuid, primary_key=True),
    Column("team", Text, nullable=False),
    Column("recipient_id", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("imported", Boolean, nullable=False),
    Index("on_call_override_until", "until"),
)

#: Who watches a ticket, or everything of a customer.
watcher: Final = Table(
    "watcher",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("recipient_id", Text, primary_key=True),
    Column("since", Instant, nullable=False),
)

#: Links that acknowledge, by the SHA-256 of their token: the token itself is nowhere (security S48).
ack_token: Final = Table(
    "ack_token",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column(
        "notification_id",
        Uuid,
        ForeignKey("notifier.notification.notification_id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("ack_token_notification", "notification_id"),
)

#: Links that stop somebody's summaries by mail, by the SHA-256 of their token: the token itself is nowhere.
stop_token: Final = Table(
    "stop_token",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column(
        "recipient_id",
        Text,
        ForeignKey("notifier.recipient.recipient_id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("made_at", Instant, nullable=False),
    Index("stop_token_recipient", "recipient_id", "made_at"),
)

#: What recipients have answered: each answer once a message (semantics L4).
answer: Final = Table(
    "answer",
    metadata,
    Column(
        "notification_id",
        Uuid,
        ForeignKey("notifier.notification.notification_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("answer", Text, primary_key=True),
    Column("via", Text, nullable=False),
    Column("answered_at", Instant, nullable=False),
)

#: Whom deliveries reach, as all replicas know it. `full_at`: when its bucket is full; nothing may leave before
#: `ready_at`.
target: Final = Table(
    "target",
    metadata,
    Column("target", Text, primary_key=True),
    Column("seen_at", Instant, nullable=False),
    Column("full_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("opened_at", Instant),
    Column("probe_at", Instant),
    Column("held_until", Instant),
    Column("failure", Text),
    Column("ready_at", Instant, nullable=False),
)

#: How many texts were handed over on a UTC day, which bounds what they cost.
text_day: Final = Table(
    "text_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("texts", Integer, nullable=False),
)

#: What lies in whose feed, in the order in which it came.
feed: Final = Table(
    "feed",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("recipient_id", Text, nullable=False),
    Column(
        "notification_id",
        Uuid,
        ForeignKey("notifier.notification.notification_id", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
    Column("put_at", Instant, nullable=False),
    Index("feed_recipient", "recipient_id", "seq"),
)

#: What opens a feed, by the SHA-256 of the token: the token itself is nowhere.
feed_token: Final = Table(
    "feed_token",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column(
        "recipient_id",
        Text,
        ForeignKey("notifier.recipient.recipient_id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("created_at", Instant, nullable=False),
    Index("feed_token_recipient", "recipient_id"),
)
