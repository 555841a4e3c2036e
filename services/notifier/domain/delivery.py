"""One notification's life once it is sent: leased, attempted, sent, tried again or given up (D2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec

from shared.contracts import NotificationFailed, NotificationSent, NotificationSuppressed
from shared.contracts.notifications import NotificationPayload
from shared.contracts.vocabulary import FailureKind

from . import paging
from .notification import Notification, Status, Urgency, notification_id

P = TypeVar("P", bound=NotificationPayload)

#: Waits vary by this share either way, so that what failed together does not return together.
JITTER: Final = 0.2

#: A receiver may ask for a longer wait, within reason.
LONGEST_WAIT: Final = timedelta(hours=24)


class Outcome(StrEnum):
    """What came of one attempt."""

    SENT = "sent"
    RETRY = "retry"
    UNKNOWN = "unknown"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Result:
    """One attempt's outcome, with what the other side said (a code, never a person's data), how long it
    asked us to wait, and its own name for the message, by which it is found again. Not `of_target` is what
    lies with this one message or with ourselves, and says nothing of whom it was sent to.
    """

    outcome: Outcome
    detail: str = ""
    retry_after: timedelta | None = None
    reference: str | None = None
    of_target: bool = True


@dataclass(frozen=True, slots=True)
class Settled:
    """The notification after an attempt, and what is to be published of it. `gave_up`: it will not be
    delivered over this channel.
    """

    notification: Notification
    said: NotificationPayload | None = None
    gave_up: FailureKind | None = None


def lease(notification: Notification, *, until: datetime) -> Notification:
    """One process has it, until that instant, for its next attempt."""
    return msgspec.structs.replace(
        notification,
        status=Status.LEASED,
        due_at=until,
        attempts=notification.attempts + 1,
    )


def settle(
    notification: Notification,
    result: Result,
    *,
    backoff: Sequence[timedelta],
    now: datetime,
    jitter: float,
) -> Settled:
    """What an attempt's result makes of the notification. `jitter` in [0, 1).

    An unknown outcome is tried again with the same id, like a failure that is known (semantics D2).
    What was voided while it was being sent is not tried again (L8). `backoff` are the waits of what is no
    page; a page has a schedule of its own.
    """
    if result.outcome is Outcome.UNKNOWN:
        notification = _replace(notification, unknowns=notification.unknowns + 1)
    if result.outcome is Outcome.SENT:
        return _sent(notification, now)
    if notification.reason is not None:
        return suppress(notification)
    if result.outcome is Outcome.DEAD:
        return _dead(notification, FailureKind.PERMANENT)
    wait = _wait(notification, backoff, now)
    if wait is None:
        return _dead(notification, FailureKind.EXHAUSTED)
    wait *= 1 - JITTER + 2 * JITTER * jitter
    asked = min(result.retry_after or timedelta(), LONGEST_WAIT)
    return Settled(_replace(notification, status=Status.PENDING, due_at=now + max(wait, asked)))


def _wait(
    notification: Notification, backoff: Sequence[timedelta], now: datetime
) -> timedelta | None:
    """Until the next attempt, before jitter; None when there is none: a page goes on for a day."""
    if notification.urgency is Urgency.PAGE:
        given_up = now - notification.planned_at >= paging.GIVE_UP_AFTER
        return None if given_up else paging.wait_after(notification.attempts)
    if notification.attempts > len(backoff):
        return None
    return backoff[notification.attempts - 1]


def lost(notification: Notification) -> Settled:
    """It was handed over, and the provider says afterwards that it reached nobody."""
    return _dead(notification, FailureKind.PERMANENT)


def suppress(notification: Notification) -> Settled:
    """It is not sent, for the reason it carries."""
    assert notification.reason is not None
    said = _said(NotificationSuppressed, notification, reason=notification.reason)
    return Settled(_replace(notification, status=Status.SUPPRESSED), said)


def fail(settled: Settled, fallback: Notification | None) -> NotificationFailed:
    """What is published of a notification that was given up, and where it goes on instead."""
    assert settled.gave_up is not None
    return _said(
        NotificationFailed,
        settled.notification,
        error_kind=settled.gave_up,
        attempts=settled.notification.attempts,
        fallback_channel=fallback.channel if fallback else None,
    )


def fall_back(notification: Notification, channel: str, target: str, now: datetime) -> Notification:
    """The same message to the same person over another channel."""
    return _replace(
        notification,
        notification_id=notification_id(
            notification.about.fact_id, notification.recipient_id, channel
        ),
        channel=channel,
        target=target,
        status=Status.PENDING,
        planned_at=now,
        due_at=now,
        bundle_id=None,
        attempts=0,
        unknowns=0,
    )


def _sent(notification: Notification, now: datetime) -> Settled:
    said = _said(
        NotificationSent,
        notification,
        attempts=notification.attempts,
        possible_repeat=notification.unknowns > 0,
        latency_seconds=max(0, int((now - notification.planned_at).total_seconds())),
    )
    return Settled(_replace(notification, status=Status.SENT, reason=None), said)


def _dead(notification: Notification, kind: FailureKind) -> Settled:
    return Settled(_replace(notification, status=Status.DEAD), gave_up=kind)


_replace = msgspec.structs.replace


def facts_about(notification: Notification) -> dict[str, Any]:
    """The fields that every event about a notification has."""
    return {
        "ticket_id": notification.ticket_id,
        "notification_id": notification.notification_id,
        "recipient_id": notification.recipient_id,
        "role": notification.role,
        "channel": notification.channel,
        "template": notification.template,
        "about": notification.about.fact_id,
        "escalation_id": notification.about.escalation_id,
    }


def _said(kind: type[P], notification: Notification, **more: Any) -> P:
    return kind(**facts_about(notification), **more)
