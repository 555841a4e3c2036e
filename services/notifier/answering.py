"""Answers of people to a page, whatever they come by: a link, a button, a text message, the API.

Each is one transaction and one event. The same answer to the same message again says so and changes nothing.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.contracts import FollowUp, NotificationAcknowledged, NotificationAnswered
from shared.contracts.vocabulary import Answer
from shared.db.engine import Transaction
from shared.ids import derived_id
from shared.runtime.writer import Writer

from .domain.answers import TAKES_OVER, Standing, Wish, check, standing
from .domain.delivery import facts_about
from .domain.notification import Notification
from .metrics import NotifierMetrics
from .store import links
from .store.links import Link


@dataclass(frozen=True, slots=True)
class ByToken:
    """The message whose link holds this token."""

    token: str


@dataclass(frozen=True, slots=True)
class ByNotification:
    """The message of this id; with `recipient_id`, only if it was sent to them."""

    notification_id: UUID
    recipient_id: str | None = None


@dataclass(frozen=True, slots=True)
class ByReference:
    """The newest page this recipient got of the ticket they call by its short name, `#` or not; without a
    name, of their only ticket that is still open.
    """

    recipient_id: str
    reference: str | None = None


Key = ByToken | ByNotification | ByReference


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an answer: recorded and published when `standing` is OPEN, else nothing has changed.

    `until` is how long a snooze was asked for.
    """

    standing: Standing
    wish: Wish
    link: Link | None = None
    until: datetime | None = None


class Answering:
    """The one place where answers become facts. `reasons` are the workflow's manual reasons."""

    def __init__(
        self,
        engine: AsyncEngine,
        writer: Writer,
        clock: Clock,
        metrics: NotifierMetrics,
        *,
        reasons: AbstractSet[str],
    ) -> None:
        self._engine = engine
        self._writer = writer
        self._clock = clock
        self._metrics = metrics
        self.reasons = reasons

    async def look(self, key: Key) -> Link | None:
        """What `key` names; None for nothing. Changes nothing."""
        async with self._engine.connect() as tx:
            return await _find(tx, key)

    def standing(self, link: Link | None, answer: Answer) -> Standing:
        """What `answer` to that message is good for now."""
        return _standing(link, answer, self._clock.now())

    async def answer(self, key: Key, wish: Wish, *, via: str, by: str | None = None) -> Answered:
        """Record and publish `wish` as the answer of `by`, else of whom the message was sent to, in one
        transaction.

        `via` names how it came: link, slack, sms, api, feed. Raises WishRefusedError for a wish that
        lacks something; everything else is said in the answer's standing.
        """
        check(wish, self.reasons)

        async def work(tx: Transaction, now: datetime) -> tuple[Answered, list[FollowUp]]:
            link = await _find(tx, key, lock=True)
            return await answer(tx, link, wish, via=via, now=now, by=by)

        answered = await self._writer.write(work)
        if answered.standing is Standing.OPEN:
            self._metrics.answered.labels(answer=wish.answer.value, via=via).inc()
        return answered


async def answer(
    tx: Transaction,
    link: Link | None,
    wish: Wish,
    *,
    via: str,
    now: datetime,
    by: str | None = None,
) -> tuple[Answered, list[FollowUp]]:
    """Answer the message behind `link`, whose row is locked: what came of it, and what is to be published."""
    found = _standing(link, wish.answer, now)
    if link is None or found is not Standing.OPEN:
        return Answered(found, wish, link), []
    until = now + wish.snooze if wish.answer is Answer.SNOOZE and wish.snooze else None
    await links.record(tx, link, wish.answer, now, via=via, takes_over=wish.answer in TAKES_OVER)
    return Answered(found, wish, link, until), [_said(link.notification, wish, until, via, by)]


async def _find(tx: Transaction, key: Key, *, lock: bool = False) -> Link | None:
    match key:
        case ByToken(token=token):
            return await links.find(tx, token, lock=lock)
        case ByNotification(notification_id=notification_id, recipient_id=recipient_id):
            found = await links.of_notification(tx, notification_id, lock=lock)
            mine = found and recipient_id in (None, found.notification.recipient_id)
            return found if mine else None
        case ByReference(recipient_id=recipient_id, reference=reference):
            named = await links.newest_page(tx, recipient_id, reference)
            return await links.of_notification(tx, named, lock=lock) if named else None


def _standing(link: Link | None, answer: Answer, now: datetime) -> Standing:
    if link is None:
        return Standing.UNKNOWN
    return standing(
        answer,
        link.notification,
        link.ticket,
        given=link.answers,
        expires_at=link.expires_at,
        now=now,
    )


def _said(
    notification: Notification, wish: Wish, until: datetime | None, via: str, by: str | None
) -> FollowUp:
    """One event a message and answer, under an id of its own."""
    facts = facts_about(notification)
    if by is not None:
        facts["recipient_id"] = by
    if wish.answer is Answer.ACKNOWLEDGE:
        return FollowUp(
            cause=notification.cause,
            payload=NotificationAcknowledged(**facts, via=via),
            id=derived_id(notification.notification_id, "notification.acknowledged"),
        )
    reason = wish.reason if wish.answer is Answer.ESCALATE else None
    return FollowUp(
        cause=notification.cause,
        payload=NotificationAnswered(
            **facts, answer=wish.answer, via=via, until=until, reason=reason
        ),
        id=derived_id(notification.notification_id, f"notification.answered:{wish.answer.value}"),
    )
