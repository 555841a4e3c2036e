"""Events kept for subscriptions, and the deliveries they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.notifier.subscriptions.domain.offering import Offer
from services.notifier.subscriptions.domain.subscription import Traits
from shared.db.engine import Transaction, fetch

_KEEP: Final = """
INSERT INTO subscription_event (event_id, event, traits, recorded_at, document)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::timestamptz[], $5::bytea[])
ON CONFLICT (event_id) DO NOTHING
"""

# a subscription that is removed at this moment is waited for, and then passed over
#: Plan deliveries; those that have ended begin anew, those under way go on.
_PLAN: Final = """
WITH alive AS MATERIALIZED (
    SELECT subscription_id FROM subscription WHERE subscription_id = ANY ($1::uuid[]) AND enabled
    ORDER BY subscription_id FOR KEY SHARE)
INSERT INTO subscription_delivery AS d
    (subscription_id, event_id, event, status, planned_at, due_at, attempts, run_from)
SELECT t.subscription_id, t.event_id, t.event, 'pending', $4, $4, 0, 0
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS t (subscription_id, event_id, event)
JOIN alive USING (subscription_id) ORDER BY t.subscription_id, t.event_id
ON CONFLICT (subscription_id, event_id) DO UPDATE
SET status = 'pending', due_at = $4, run_from = d.attempts WHERE d.status IN ('sent', 'dead')
"""

_PAGE: Final = """
SELECT event_id, event, traits::text, recorded_at FROM subscription_event
WHERE (recorded_at, event_id) > ($1, $2) ORDER BY recorded_at, event_id LIMIT $3
"""

_IS_KEPT: Final = "SELECT 1 FROM subscription_event WHERE event_id = $1"

#: An event somebody has still to be told of stays.
_PRUNE: Final = """
DELETE FROM subscription_event WHERE event_id IN (
    SELECT event_id FROM subscription_event e WHERE recorded_at < $1 AND NOT EXISTS (
        SELECT 1 FROM subscription_delivery d
        WHERE d.event_id = e.event_id AND d.status IN ('pending', 'leased'))
    ORDER BY recorded_at LIMIT $2)
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept event without its document."""

    event_id: UUID
    event: str
    traits: Traits
    recorded_at: datetime


async def keep(tx: Transaction, offers: Sequence[Offer]) -> None:
    """Keep events; those that are kept stay as they are."""
    await tx.exec_driver_sql(
        _KEEP,
        (
            [o.event_id for o in offers],
            [o.event for o in offers],
            [msgspec.json.encode(o.traits).decode() for o in offers],
            [o.recorded_at for o in offers],
            [o.document for o in offers],
        ),
    )


async def plan(tx: Transaction, wanted: Sequence[tuple[UUID, UUID, str]], now: datetime) -> int:
    """Deliver, from `now` on, each event to its subscription: (subscription, event, the event's name).

    Returns how many were planned: those under way, and those of who is gone or disabled, are not.
    """
    if not wanted:
        return 0
    columns = [[row[n] for row in wanted] for n in range(3)]
    return (await tx.exec_driver_sql(_PLAN, (*columns, now))).rowcount


async def page(tx: Transaction, after: tuple[datetime, UUID], limit: int) -> list[Kept]:
    """Kept events in the order in which they were recorded."""
    return [
        Kept(event_id, event, msgspec.json.decode(traits, type=Traits), recorded_at)
        for event_id, event, traits, recorded_at in await fetch(tx, _PAGE, (*after, limit))
    ]


async def is_kept(tx: Transaction, event_id: UUID) -> bool:
    """Is the event's document still there?"""
    return bool(await fetch(tx, _IS_KEPT, (event_id,)))


async def prune(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget up to `limit` events recorded before then; returns how many."""
    return (await tx.exec_driver_sql(_PRUNE, (before, limit))).rowcount
