"""How subscriptions lie in their rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from services.notifier.subscriptions.domain.subscription import (
    DisabledBecause,
    Filters,
    Subscription,
)
from shared.db.engine import Transaction, fetch

#: What `_subscription` reads, in its order.
_COLUMNS: Final = (
    "subscription_id, url, events, filters::text, description, owner, enabled, created_at, "
    "kept_since, disabled_at, disabled_because, failing_since, last_success_at"
)

_ALL: Final = f"SELECT {_COLUMNS} FROM subscription ORDER BY created_at, subscription_id"
_ONE: Final = f"SELECT {_COLUMNS} FROM subscription WHERE subscription_id = $1"

_ADD: Final = """
INSERT INTO subscription (subscription_id, url, events, filters, description, owner, enabled,
    created_at, kept_since, failures, notice_attempts)
VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9, 0, 0)
"""

_CHANGE: Final = """
UPDATE subscription SET url = $2, events = $3, filters = $4::jsonb, description = $5, owner = $6,
    kept_since = $7 WHERE subscription_id = $1
"""

_ENABLE: Final = """
UPDATE subscription SET enabled = true, disabled_at = NULL, disabled_because = NULL, failures = 0,
    failing_since = NULL, probe_at = NULL, notice_due_at = NULL, notice_attempts = 0
WHERE subscription_id = $1
"""

_DISABLE: Final = """
UPDATE subscription SET enabled = false, disabled_at = $2::timestamptz, disabled_because = $3,
    notice_due_at = CASE WHEN $4::boolean THEN $2::timestamptz END, notice_attempts = 0
WHERE subscription_id = ANY ($1::uuid[]) AND enabled
"""

#: What waits for a disabled endpoint is not sent; a replay brings it back.
_GIVE_UP: Final = """
UPDATE subscription_delivery SET status = 'dead'
WHERE subscription_id = ANY ($1::uuid[]) AND status = 'pending'
"""

_REMOVE: Final = "DELETE FROM subscription WHERE subscription_id = $1"

_TESTED: Final = """
UPDATE subscription SET tested_at = $2 WHERE subscription_id = $1
    AND (tested_at IS NULL OR tested_at <= $3) RETURNING subscription_id
"""


async def everyone(tx: Transaction) -> list[Subscription]:
    """All subscriptions, disabled ones included, the oldest first."""
    return [_subscription(row) for row in await fetch(tx, _ALL)]


async def find(
    tx: Transaction, subscription_id: UUID, *, lock: bool = False
) -> Subscription | None:
    """One subscription; with `lock`, nobody else changes it until the transaction ends."""
    found = await fetch(tx, _ONE + (" FOR NO KEY UPDATE" if lock else ""), (subscription_id,))
    return _subscription(found[0]) if found else None


async def add(tx: Transaction, new: Subscription) -> None:
    """Write a new subscription down."""
    enabled = (new.enabled, new.created_at, new.kept_since)
    await tx.exec_driver_sql(_ADD, (new.subscription_id, *_wishes(new), *enabled))


async def change(tx: Transaction, changed: Subscription) -> None:
    """Write what its owner wishes; how it has been doing stays."""
    await tx.exec_driver_sql(
        _CHANGE, (changed.subscription_id, *_wishes(changed), changed.kept_since)
    )


async def enable(tx: Transaction, subscription_id: UUID) -> None:
    """It is told again, as if it had never failed."""
    await tx.exec_driver_sql(_ENABLE, (subscription_id,))


async def disable(
    tx: Transaction, subscription_ids: Iterable[UUID], because: DisabledBecause, now: datetime
) -> None:
    """They are told nothing any more; unless they asked for it, their owners are to be told why."""
    ids = sorted(subscription_ids)
    notice = because is not DisabledBecause.ASKED
    await tx.exec_driver_sql(_DISABLE, (ids, now, because.value, notice))
    await tx.exec_driver_sql(_GIVE_UP, (ids,))


async def remove(tx: Transaction, subscription_id: UUID) -> None:
    """Forget it, its secrets and its log."""
    await tx.exec_driver_sql(_REMOVE, (subscription_id,))


async def may_test(
    tx: Transaction, subscription_id: UUID, now: datetime, *, not_since: datetime
) -> bool:
    """Note a test, unless there was one after `not_since`."""
    return bool(await fetch(tx, _TESTED, (subscription_id, now, not_since)))


def _wishes(wished: Subscription) -> tuple[Any, ...]:
    filters = msgspec.json.encode(wished.filters).decode()
    return (wished.url, list(wished.events), filters, wished.description, wished.owner)


def _subscription(row: Sequence[Any]) -> Subscription:
    return Subscription(
        subscription_id=row[0],
        url=row[1],
        events=tuple(row[2]),
        filters=msgspec.json.decode(row[3], type=Filters),
        description=row[4],
        owner=row[5],
        enabled=row[6],
        created_at=row[7],
        kept_since=row[8],
        disabled_at=row[9],
        disabled_because=DisabledBecause(row[10]) if row[10] else None,
        failing_since=row[11],
        last_success_at=row[12],
    )
