"""What a place in a feed says: worded when it is read, in the recipient's language, without any link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.notifier.composing import Composer
from services.notifier.domain.message import Message, can_be_acknowledged
from services.notifier.domain.notification import Urgency
from services.notifier.leasing import Leased
from services.notifier.store import deliveries, recipients
from shared.db.engine import Transaction

from .store import Place


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a feed. `answerable`: it may be answered, at `/v1/notifications/{id}/answers`."""

    seq: int
    notification_id: UUID
    ticket_id: UUID
    reference: str
    fact: str
    urgency: Urgency
    happened_at: datetime
    put_at: datetime
    subject: str
    body: str
    answerable: bool


async def read(
    tx: Transaction, places: Sequence[Place], composer: Composer
) -> list[tuple[Place, Item]]:
    """The messages at `places`, in their order: three statements, however many there are. What is gone, or
    has no words any more, is left out.
    """
    if not places:
        return []
    known = await deliveries.find(tx, [place.notification_id for place in places])
    people = await recipients.find(tx, {place.recipient_id for place in places})
    tickets = await deliveries.tickets(tx, [n.ticket_id for n in known.values()])
    found = []
    for place in places:
        notification = known.get(place.notification_id)
        if notification is None or notification.ticket_id not in tickets:
            continue
        ticket, subject_line = tickets[notification.ticket_id]
        person = people.get(place.recipient_id)
        leased = Leased(notification, person, ticket, subject_line, None)
        message = await composer.message(leased)
        if isinstance(message, Message):
            answerable = can_be_acknowledged(notification)
            found.append((place, _item(place, message, ticket.reference, answerable=answerable)))
    return found


def _item(place: Place, message: Message, reference: str, *, answerable: bool) -> Item:
    return Item(
        seq=place.seq,
        notification_id=place.notification_id,
        ticket_id=message.ticket_id,
        reference=reference,
        fact=message.fact,
        urgency=message.urgency,
        happened_at=message.happened_at,
        put_at=place.put_at,
        subject=message.subject,
        body=message.body,
        answerable=answerable,
    )
