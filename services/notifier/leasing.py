"""The first transaction of a delivery: what is due is taken, looked at once more, and written down as
attempted before anything leaves (reliability P8, P9).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from shared.contracts.vocabulary import SuppressReason
from shared.db.engine import Transaction
from shared.policy import Noise

from .admitting import admitted
from .domain.audience import CUSTOMER
from .domain.corrections import is_needed
from .domain.delivery import Settled, lease, suppress
from .domain.message import needs_link
from .domain.notification import Notification, Status
from .domain.parcel import Parcel, parcel_of
from .domain.receipt import MOST, WITHIN, is_receipt
from .domain.recipient import Recipient
from .domain.stopping import without_stopped
from .domain.target import Limits
from .domain.ticket import Ticket
from .gathering import affordable, count, gathered
from .stopping import stop_links
from .store import deliveries, links, receipts, recipients, rows
from .surveys.sending import IsSurvey, no_survey, survey_links, without_refused

#: How long a correction waits for the message it corrects, while that is being sent.
_WAIT: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Leased:
    """One attempt that has been written down, and what its message is made of.

    `token` acknowledges, `stop_token` stops such summaries, `survey_token` rates; they are nowhere else but in
    the message. `ticket` is as it is known now. `others` leave in the same message.
    """

    notification: Notification
    recipient: Recipient | None
    ticket: Ticket
    subject_line: str | None
    token: str | None
    others: tuple[Leased, ...] = ()
    stop_token: str | None = None
    survey_token: str | None = None

    @property
    def members(self) -> tuple[Leased, ...]:
        """All that leaves in the message."""
        return (self, *self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerms:
    """How much is taken at once and for how long. `link_for`: life of an acknowledgement link; `limits`: of
    the targets; `noise`: what its recipients are spared; `is_survey`: whether a template asks for a rating.
    """

    per_target: int
    lease_for: timedelta
    link_for: timedelta
    mint: Callable[[], str]
    limits: Limits = field(default_factory=Limits)
    noise: Noise = field(default_factory=Noise)
    is_survey: IsSurvey = no_survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The first notification of each message that leaves, with the others; what turned out not to be needed;
    and what waits longer than it was meant to.
    """

    leased: tuple[Leased, ...] = ()
    settled: tuple[Settled, ...] = ()
    waiting: tuple[Notification, ...] = ()


async def take(tx: Transaction, now: datetime, limit: int, terms: LeaseTerms) -> Taken:
    """Begin the attempts of up to `limit` messages that are due, each with all that waits together with it.

    Commit before you send.
    """
    due = await deliveries.take_due(tx, now, per_target=terms.per_target, limit=limit)
    if not due:
        return Taken()
    parcels = await gathered(tx, due, now)
    ready, waiting, needless = await _looked_at(tx, [n for p in parcels for n in p.members])
    ready, excess = await _within_bounds(tx, ready, now)
    needless += excess
    ready, refused = await without_refused(tx, ready, terms.is_survey)
    needless += refused
    people = await recipients.find(tx, [n.recipient_id for n in ready if n.role != CUSTOMER])
    ready, stopped = without_stopped(ready, people)
    needless += stopped
    sorted_out = await affordable(tx, _without_rest(parcels, ready), people, terms.noise, now)
    leaving = await _admitted(tx, sorted_out.parcels, now, terms)
    await count(tx, leaving, now)
    leased = [lease(n, until=now + terms.lease_for) for p in leaving for n in p.members]
    later = [msgspec.structs.replace(n, due_at=now + _WAIT) for n in waiting]
    settled = tuple(suppress(n) for n in needless)
    await rows.update(
        tx, [*leased, *later, *sorted_out.waiting, *(s.notification for s in settled)]
    )
    if not leased:
        return Taken(settled=settled, waiting=sorted_out.waiting)
    await deliveries.begin(tx, leased, now)
    made = await _with_contents(tx, leased, people, now, terms)
    stops = await stop_links(tx, leaving, now, terms.mint)
    messages = tuple(
        _message([made[n.notification_id] for n in p.members], stops.get(p.head.notification_id))
        for p in leaving
    )
    return Taken(leased=messages, settled=settled, waiting=sorted_out.waiting)


async def _admitted(
    tx: Transaction, parcels: Sequence[Parcel], now: datetime, terms: LeaseTerms
) -> list[Parcel]:
    """Those whose target takes one more now."""
    members = [n for parcel in parcels for n in parcel.members]
    granted = {n.notification_id for n in await admitted(tx, members, now, terms.limits)}
    return [parcel for parcel in parcels if parcel.head.notification_id in granted]


def _without_rest(parcels: Sequence[Parcel], ready: Sequence[Notification]) -> list[Parcel]:
    """The messages with only those of their notifications that can go."""
    can_go = {n.notification_id for n in ready}
    left = [[n for n in parcel.members if n.notification_id in can_go] for parcel in parcels]
    return [parcel_of(members) for members in left if members]


async def _with_contents(
    tx: Transaction,
    leased: Sequence[Notification],
    people: Mapping[str, Recipient],
    now: datetime,
    terms: LeaseTerms,
) -> dict[UUID, Leased]:
    """What the messages of `leased` are made of, by id."""
    tokens = {n.notification_id: terms.mint() for n in leased if needs_link(n)}
    await links.add(tx, tokens, now + terms.link_for)
    surveys = await survey_links(tx, leased, now, is_survey=terms.is_survey, mint=terms.mint)
    tickets = await deliveries.tickets(tx, [n.ticket_id for n in leased])
    return {
        n.notification_id: Leased(
            n,
            people.get(n.recipient_id) if n.role != CUSTOMER else None,
            *tickets[n.ticket_id],
            tokens.get(n.notification_id),
            survey_token=surveys.get(n.notification_id),
        )
        for n in leased
    }


def _message(members: Sequence[Leased], stop_token: str | None) -> Leased:
    """The first of a message, with the others and the token that stops such messages."""
    first, *others = members
    return replace(first, others=tuple(others), stop_token=stop_token)


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
