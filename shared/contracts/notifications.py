"""support.notifications, produced by the notifier: who was told, and what came of it. Key: ticket id."""

from __future__ import annotations

from uuid import UUID

from .payload import TicketPayload, payload
from .topics import NOTIFICATIONS
from .vocabulary import Answer, FailureKind, Instant, SuppressReason


class NotificationPayload(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """A payload about one message to one recipient over one channel."""

    notification_id: UUID
    recipient_id: str
    role: str
    channel: str
    template: str
    about: UUID
    escalation_id: UUID | None = None


@payload("notification.sent", topic=NOTIFICATIONS)
class NotificationSent(NotificationPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The channel took it. `about` is the id of the event it tells of; `possible_repeat`: an earlier
    attempt's outcome is unknown (semantics D2).
    """

    attempts: int
    possible_repeat: bool
    latency_seconds: int


@payload("notification.failed", topic=NOTIFICATIONS)
class NotificationFailed(NotificationPayload, frozen=True, kw_only=True, omit_defaults=True):
    """It will not be delivered over this channel."""

    error_kind: FailureKind
    attempts: int
    fallback_channel: str | None = None


@payload("notification.suppressed", topic=NOTIFICATIONS)
class NotificationSuppressed(NotificationPayload, frozen=True, kw_only=True, omit_defaults=True):
    """It was planned and deliberately not sent. `nobody_told`: like everything else about the fact, so
    that of us nobody hears of it (semantics L3).
    """

    reason: SuppressReason
    nobody_told: bool | None = None


@payload("notification.acknowledged", topic=NOTIFICATIONS)
class NotificationAcknowledged(NotificationPayload, frozen=True, kw_only=True, omit_defaults=True):
    """A recipient took responsibility from a message; `via` is how (link, api …). Of a message to a room,
    `recipient_id` is whoever of its people did, if that is known.
    """

    via: str


@payload("notification.answered", topic=NOTIFICATIONS)
class NotificationAnswered(NotificationPayload, frozen=True, kw_only=True, omit_defaults=True):
    """A recipient answered a message otherwise than by an acknowledgement alone: they take the ticket,
    snooze it `until` an instant, or escalate it further for a `reason` of the workflow. `recipient_id` is
    told as in `notification.acknowledged`.
    """

    answer: Answer
    via: str
    until: Instant | None = None
    reason: str | None = None
