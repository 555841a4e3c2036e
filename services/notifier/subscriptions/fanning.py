"""Events in, deliveries out: in the transaction that handles the batch."""

from __future__ import annotations

from uuid import UUID

from services.notifier.store import deliveries as tickets
from shared.contracts import Event, type_of
from shared.db.engine import Transaction
from shared.runtime.batch import Batch

from .domain.offering import offer
from .domain.subscription import TOPICS, Subscription
from .store import events, subscriptions


async def fan_out(tx: Transaction, batch: Batch) -> int:
    """Keep what somebody subscribes to and plan its deliveries; returns how many were planned.

    One statement when nobody subscribes, four otherwise, whatever the batch's size. What a disabled
    subscription covers is kept, too, for the replay it may ask for.
    """
    told = [event for event in batch.events if event.topic in TOPICS]
    known = await subscriptions.everyone(tx) if told else []
    kept = [event for event in told if _covered(event, known)]
    if not kept:
        return 0
    about = await tickets.tickets(tx, {UUID(event.subject) for event in kept})
    offers = [offer(e, about.get(UUID(e.subject), (None, None))[0]) for e in kept]
    await events.keep(tx, offers)
    wanted = [
        (subscription.subscription_id, one.event_id, one.event)
        for one in offers
        for subscription in known
        if subscription.enabled and subscription.wants(one.event, one.traits)
    ]
    return await events.plan(tx, wanted, batch.now)


def _covered(event: Event, known: list[Subscription]) -> bool:
    name = type_of(event.payload).name
    return any(subscription.covers(name) for subscription in known)
