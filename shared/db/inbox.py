"""Which events this service has already applied: what makes a repeat harmless (reliability 2.4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from .engine import Transaction

#: Claim every event that is not in the inbox; answers with the claimed ones.
_CLAIM: Final = """
INSERT INTO inbox (event_id, type)
SELECT event_id, type FROM unnest($1::uuid[], $2::text[]) AS t (event_id, type) ORDER BY event_id
ON CONFLICT DO NOTHING RETURNING event_id
"""

#: Forget the oldest events up to a limit.
_PRUNE: Final = """
DELETE FROM inbox WHERE event_id = ANY (ARRAY(
    SELECT event_id FROM inbox WHERE consumed_at < $1 ORDER BY consumed_at LIMIT $2))
"""


async def claim(tx: Transaction, events: Iterable[tuple[UUID, str]]) -> set[UUID]:
    """Claim `(event id, event type)` for this transaction; returns the ids nobody had claimed.

    One statement. An event claimed by a transaction still open is waited for, at most `lock_timeout`
    (then SQLSTATE 55P03, which is transient). An id that comes twice in `events` is returned once:
    the caller applies its first occurrence only.
    """
    pairs = list(events)
    if not pairs:
        return set()
    ids, types = [p[0] for p in pairs], [p[1] for p in pairs]
    claimed = await tx.exec_driver_sql(_CLAIM, (ids, types))
    return set(claimed.scalars())


async def prune(tx: Transaction, *, before: datetime, limit: int = 5000) -> int:
    """Forget up to `limit` events consumed before `before`; returns how many.

    `before` must lie further back than any event can come again from: the longest retention of a
    consumed topic and the longest outbox window of its producers.
    """
    return (await tx.exec_driver_sql(_PRUNE, (before, limit))).rowcount
