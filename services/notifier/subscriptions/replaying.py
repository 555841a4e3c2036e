"""Delivering what was kept once more: the same ids, the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.db.engine import Transaction

from .domain.subscription import Subscription
from .store import events

#: Kept events looked at in one call; the answer says where the next one goes on.
AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many deliveries begin anew, from when on all is kept, and where to go on."""

    count: int
    kept_since: datetime
    next: tuple[datetime, UUID] | None


async def replay(
    tx: Transaction,
    subscription: Subscription,
    *,
    since: datetime,
    after: UUID | None,
    keep: timedelta,
    now: datetime,
) -> Replayed:
    """Deliver again what the subscription wants of the events recorded since then, in this transaction.

    Deliveries under way go on as they are. `after` excludes events recorded at `since` up to that id.
    """
    start = (since, after) if after else (since - timedelta(microseconds=1), UUID(int=2**128 - 1))
    found = await events.page(tx, start, AT_ONCE)
    wanted = [
        (subscription.subscription_id, kept.event_id, kept.event)
        for kept in found
        if subscription.wants(kept.event, kept.traits)
    ]
    count = await events.plan(tx, wanted, now)
    more = (found[-1].recorded_at, found[-1].event_id) if len(found) == AT_ONCE else None
    return Replayed(count, max(subscription.kept_since, now - keep), more)


def in_words(replayed: Replayed, since: datetime) -> str:
    """What the caller should know of what could not be kept."""
    kept = f"{replayed.kept_since:%Y-%m-%d %H:%M:%S} UTC"
    if since >= replayed.kept_since:
        return "Every event of this time was kept."
    return (
        f"Everything this subscription covers is kept since {kept}. Of the time before, only what another "
        "subscription covered, too, may be there: while nobody subscribes, nothing is kept."
    )
