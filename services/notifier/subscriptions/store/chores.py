"""What is forgotten in time, what is counted, and which owners are to be told that they are disabled."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.notifier.subscriptions.domain.subscription import DisabledBecause
from shared.db.engine import Transaction, fetch

#: The log goes with its deliveries.
_PRUNE: Final = """
DELETE FROM subscription_delivery WHERE (subscription_id, event_id) IN (
    SELECT subscription_id, event_id FROM subscription_delivery d
    WHERE planned_at < $1 AND status IN ('sent', 'dead') AND NOT EXISTS (
        SELECT 1 FROM subscription_attempt a WHERE a.subscription_id = d.subscription_id
            AND a.event_id = d.event_id AND a.started_at >= $1) LIMIT $2)
"""

_COUNTS: Final = """
SELECT (SELECT count(*) FROM subscription_delivery WHERE status IN ('pending', 'leased')),
    (SELECT count(*) FROM subscription WHERE NOT enabled)
"""

_NOTICES: Final = """
UPDATE subscription SET notice_due_at = $1 + least(interval '5 minutes' * power(2, notice_attempts),
        interval '12 hours'), notice_attempts = notice_attempts + 1
WHERE subscription_id = (
    SELECT subscription_id FROM subscription WHERE notice_due_at <= $1 AND notice_attempts < $2
    ORDER BY notice_due_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING subscription_id, owner, url, description, disabled_at, disabled_because
"""

_TOLD: Final = "UPDATE subscription SET notice_due_at = NULL WHERE subscription_id = $1"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What an owner is told of a subscription that was disabled."""

    subscription_id: UUID
    owner: str | None
    url: str
    description: str | None
    disabled_at: datetime
    because: DisabledBecause


async def prune(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget up to `limit` deliveries whose last attempt was before then, with their log; how many."""
    return (await tx.exec_driver_sql(_PRUNE, (before, limit))).rowcount


async def counts(tx: Transaction) -> tuple[int, int]:
    """How many deliveries have not ended, and how many subscriptions are disabled."""
    [(pending, disabled)] = await fetch(tx, _COUNTS)
    return pending, disabled


async def take_notice(tx: Transaction, now: datetime, *, attempts: int) -> Notice | None:
    """A notice that is due, put off until it is tried again, which it is `attempts` times in all."""
    found = await fetch(tx, _NOTICES, (now, attempts))
    if not found:
        return None
    subscription_id, owner, url, description, disabled_at, because = found[0]
    return Notice(
        subscription_id=subscription_id,
        owner=owner,
        url=url,
        description=description,
        disabled_at=disabled_at,
        because=DisabledBecause(because),
    )


async def told(tx: Transaction, subscription_id: UUID) -> None:
    """Its owner has been told."""
    await tx.exec_driver_sql(_TOLD, (subscription_id,))
