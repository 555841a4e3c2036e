"""The delivery log, as its readers see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from shared.db.engine import Transaction, fetch

_DELIVERY: Final = "d.event_id, d.event, d.status, d.planned_at, d.due_at, d.attempts"
_ATTEMPT: Final = "a.n, a.started_at, a.outcome, a.status, a.latency_ms, a.detail, a.answer"

_LIST: Final = f"""
SELECT {_DELIVERY}, {_ATTEMPT} FROM subscription_delivery d LEFT JOIN subscription_attempt a
    ON a.subscription_id = d.subscription_id AND a.event_id = d.event_id AND a.n = d.attempts
WHERE d.subscription_id = $1 AND ($2::text IS NULL OR d.status = $2)
    AND ($3::timestamptz IS NULL OR d.planned_at < $3)
ORDER BY d.planned_at DESC, d.event_id LIMIT $4
"""

_ONE: Final = f"""
SELECT {_DELIVERY} FROM subscription_delivery d WHERE d.subscription_id = $1 AND d.event_id = $2
"""

_ATTEMPTS: Final = f"""
SELECT {_ATTEMPT} FROM subscription_attempt a
WHERE a.subscription_id = $1 AND a.event_id = $2 ORDER BY a.n
"""


async def deliveries(
    tx: Transaction,
    subscription_id: UUID,
    *,
    status: str | None,
    before: datetime | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Deliveries of a subscription, the latest first, each with its last attempt."""
    found = await fetch(tx, _LIST, (subscription_id, status, before, limit))
    return [
        {**_delivery(row), "last": _attempt(row[6:]) if row[6] is not None else None}
        for row in found
    ]


async def delivery(tx: Transaction, subscription_id: UUID, event_id: UUID) -> dict[str, Any] | None:
    """One delivery with every attempt, in order."""
    found = await fetch(tx, _ONE, (subscription_id, event_id))
    if not found:
        return None
    attempts = await fetch(tx, _ATTEMPTS, (subscription_id, event_id))
    log = [_attempt(row) for row in attempts]
    return {**_delivery(found[0]), "last": log[-1] if log else None, "log": log}


def _delivery(row: Sequence[Any]) -> dict[str, Any]:
    names = ("event_id", "event", "status", "planned_at", "due_at", "attempts")
    return dict(zip(names, row, strict=False))


def _attempt(row: Sequence[Any]) -> dict[str, Any]:
    names = ("n", "started_at", "outcome", "status", "latency_ms", "detail")
    said = row[6].decode("utf-8", "replace").replace("\x00", "\ufffd") if row[6] else None
    return {**dict(zip(names, row, strict=False)), "answer": said}
