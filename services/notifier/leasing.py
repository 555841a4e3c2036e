"""The first transaction of a delivery: what is due is taken, looked at once more, and written down as
attempted before anything leaves (reliability P8, P9).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from shared.contracts.vocabulary import SuppressReason
from shared.db.engine import Transaction

from .admitting import admitted
from .domain.audience import CUSTOMER
from .domain.corrections import is_needed
from .domain.delivery import Settled, lease, suppress
from .domain.message import can_be_acknowledged
from .domain.notification import Notification, Status
from .domain.receipt import MOST, WITHIN, is_receipt
from .domain.recipient import Recipient
from .domain.target import Limits
from .domain.ticket import Ticket
from .store import deliveries, links, receipts, recipients, rows

#: How long a correction waits for the message it corrects, while that is being sent.
_WAIT: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Leased:
    """One attempt that has been written down, and what its message is made of.

    `token` acknowledges; it is nowhere else but in the message. `ticket` is as it is known now.
    """

    notification: Notification
    recipient: Recipient | None
    ticket: Ticket
    subject_line: str | None
    token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerms:
    """How much is taken at once and for how long. `link_for`: life of an acknowledgement link; `limits`: of
    the targets.
    """

    per_target: int
    lease_for: timedelta
    link_for: timedelta
    mint: Callable[[], str]
    limits: Limits = field(default_factory=Limits)


async def take(
    tx: Transaction, now: datetime, limit: int, terms: LeaseTerms
) -> tuple[list[Leased], list[Settled]]:
    """Lease up to `limit` due notifications and begin their attempts.

    Returns them, and what turned out not to be needed. Commit before you send.
    """
    due = await deliveries.take_due(tx, now, per_target=terms.per_target, limit=limit)
    if not due:
        return [], []
    ready, waiting, needless = await _looked_at(tx, due)
    ready, excess = await _within_bounds(tx, ready, now)
    needless += excess
    ready = await admitted(tx, ready, now, terms.limits)
    leased = [lease(n, until=now + terms.lease_for) for n in ready]
    later = [msgspec.structs.replace(n, due_at=now + _WAIT) for n in waiting]
    settled = [suppress(n) for n in needless]
    await rows.update(tx, [*leased, *later, *(s.notification for s in settled)])
    if not leased:
        return [], settled
    await deliveries.begin(tx, leased, now)
    tokens = {n.notification_id: terms.mint() for n in leased if can_be_acknowledged(n)}
    await links.add(tx, tokens, now + terms.link_for)
    people = await recipients.find(tx, [n.recipient_id for n in leased if n.role != CUSTOMER])
    tickets = await deliveries.tickets(tx, [n.ticket_id for n in leased])
    made = [
        Leased(
            n,
            people.get(n.recipient_id) if n.role != CUSTOMER else None,
            *tickets[n.ticket_id],
            tokens.get(n.notification_id),
        )
        for n in leased
    ]
    return made, settled


async def _looked_at(
    tx: Transaction, due: Sequence[Notification]
) -> tuple[list[Notification], list[Notification], list[Notification]]:
    """What can go, what waits for an outcome, and corrections of what reached nobody (semantics T3)."""
    corrected = await deliveries.find(tx, [c for n in due for c in n.about.corrects])
    ready: list[Notification] = []
    waiting: list[Notification] = []
    needless: list[Notification] = []
    for notification in due:
        told = [corrected[c] for c in notification.about.corrects if c in corrected]
        if is_needed(notification, told):
            ready.append(notification)
        elif any(n.status is Status.LEASED for n in told):
            waiting.append(notification)
        else:
            cancelled = SuppressReason.CANCELLED
            needless.append(msgspec.structs.replace(notification, reason=cancelled))
    return ready, waiting, needless


async def _within_bounds(
    tx: Transaction, ready: Sequence[Notification], now: datetime
) -> tuple[list[Notification], list[Notification]]:
    """What can go, and the acknowledgements beyond the bound of their customer: muted (semantics D5).

    One that has been attempted already goes on.
    """
    new = [n for n in ready if is_receipt(n.about.fact, n.role) and n.attempts == 0]
    if not new:
        return list(ready), []
    told = await receipts.count(tx, {n.recipient_id for n in new}, since=now - WITHIN)
    excess: dict[UUID, Notification] = {}
    for notification in sorted(new, key=lambda n: (n.planned_at, n.notification_id)):
        told[notification.recipient_id] += 1
        if told[notification.recipient_id] > MOST:
            muted = msgspec.structs.replace(notification, reason=SuppressReason.MUTED)
            excess[notification.notification_id] = muted
    return [n for n in ready if n.notification_id not in excess], list(excess.values())
