"""The second transaction of a delivery: what came of attempts, and what follows from it (D2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import msgspec

from shared.contracts import FollowUp, type_of
from shared.db.engine import Transaction
from shared.ids import derived_id
from shared.policy import NotificationPolicy

from .admitting import learn
from .domain import delivery
from .domain.channels import next_channel
from .domain.delivery import Outcome, Result, Settled, fail, fall_back, settle
from .domain.notification import Notification, Status
from .domain.plan import target_of
from .domain.recipient import Recipient
from .domain.target import Limits
from .store import deliveries, recipients, rows
from .store.deliveries import Finished


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTerms:
    """What an outcome is judged by. `channels`: those that are on; `jitter` draws from [0, 1); `limits`: of
    the targets.
    """

    policy: NotificationPolicy
    channels: Sequence[str]
    jitter: Callable[[], float]
    limits: Limits = field(default_factory=Limits)


async def record_expired(
    tx: Transaction, now: datetime, limit: int, terms: RecordTerms
) -> list[Settled]:
    """Attempts whose lease has run out are unknown: their process is gone, or was stopped."""
    gone = await deliveries.expired(tx, now, limit)
    unknown = Result(Outcome.UNKNOWN, "no outcome was recorded in time", of_target=False)
    finished = [Finished(n.notification_id, n.attempts, unknown) for n in gone]
    return await record(tx, finished, now, terms) if finished else []


async def record(
    tx: Transaction, finished: Sequence[Finished], now: datetime, terms: RecordTerms
) -> list[Settled]:
    """Write down what came of `finished`; returns what changed.

    The attempt's number is the fence: an outcome that comes after its lease has run out stays on its
    attempt row, except that a late success ends the notification.
    """
    known = await deliveries.find(tx, [f.notification_id for f in finished], lock=True)
    await deliveries.finish(tx, finished, now)
    settled = []
    drawn: dict[UUID, float] = {}  # one message, one wait
    for attempt in finished:
        notification = _in_force(known.get(attempt.notification_id), attempt)
        if notification is not None:
            settled.append(
                settle(
                    notification,
                    attempt.result,
                    backoff=terms.policy.backoff,
                    now=now,
                    jitter=drawn.setdefault(notification.message_id, terms.jitter()),
                )
            )
    await rows.update(tx, [s.notification for s in settled])
    ended = [(known[f.notification_id], f.result) for f in finished if f.notification_id in known]
    await learn(tx, ended, now, terms.limits)
    return await _with_fallbacks(tx, settled, now, terms)


async def record_lost(
    tx: Transaction, lost: Sequence[Notification], now: datetime, terms: RecordTerms
) -> list[Settled]:
    """Write down that those, locked and sent, reached nobody after all; they go on as what was given up."""
    settled = [delivery.lost(notification) for notification in lost]
    await rows.update(tx, [s.notification for s in settled])
    return await _with_fallbacks(tx, settled, now, terms)


def follow_ups(settled: Sequence[Settled]) -> list[FollowUp]:
    """What is published of them, each under an id of its notification's own."""
    return [
        FollowUp(
            cause=s.notification.cause,
            payload=s.said,
            id=derived_id(s.notification.notification_id, type_of(s.said).name),
        )
        for s in settled
        if s.said is not None
    ]


def _in_force(notification: Notification | None, attempt: Finished) -> Notification | None:
    """The notification `attempt` decides about; None when it has gone on without it."""
    if notification is None:
        return None
    if notification.status is Status.LEASED and notification.attempts == attempt.n:
        return notification
    if notification.status is Status.PENDING and attempt.result.outcome is Outcome.SENT:
        # counted as unknown when its lease ran out; now it is known
        return msgspec.structs.replace(notification, unknowns=max(0, notification.unknowns - 1))
    return None


async def _with_fallbacks(
    tx: Transaction, settled: Sequence[Settled], now: datetime, terms: RecordTerms
) -> list[Settled]:
    """What was given up goes on over another channel, or is failed for good."""
    gave_up = [s for s in settled if s.gave_up]
    if not gave_up:
        return list(settled)
    people = await recipients.find(tx, [s.notification.recipient_id for s in gave_up])
    fallbacks: dict[UUID, Notification] = {}
    for one in gave_up:
        if found := fallback_of(one.notification, people, now, terms):
            fallbacks[one.notification.notification_id] = found
    added = await rows.insert(tx, fallbacks.values())
    return [_failed(s, fallbacks, added) if s.gave_up else s for s in settled]


def _failed(one: Settled, fallbacks: dict[UUID, Notification], added: set[UUID]) -> Settled:
    fallback = fallbacks.get(one.notification.notification_id)
    # a person who is told over that channel anyway is not told twice
    new = fallback if fallback and fallback.notification_id in added else None
    return replace(one, said=fail(one, new))


def fallback_of(
    notification: Notification, people: dict[str, Recipient], now: datetime, terms: RecordTerms
) -> Notification | None:
    """The same message over the next channel that is on and that the person has (semantics D3)."""
    person = people.get(notification.recipient_id)
    if person is None:
        return None
    channel = next_channel(
        person,
        notification.channel,
        urgency=notification.urgency,
        on=terms.channels,
        fallback=terms.policy.fallback,
    )
    if channel is None:
        return None
    return fall_back(notification, channel, target_of(channel, person.channels[channel]), now)
