"""Pages that have reached nobody for too long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.notifier.domain.notification import Notification
from shared.db.engine import Transaction, fetch

from . import rows

_OVERDUE: Final = f"""
SELECT {rows.COLUMNS} FROM notification
WHERE status IN ('pending', 'leased') AND beside_at IS NULL AND plan ->> 'urgency' = 'page'
    AND planned_at <= $1 AND reason IS NULL
ORDER BY planned_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""

_MARK: Final = "UPDATE notification SET beside_at = $2 WHERE notification_id = ANY ($1::uuid[])"


async def overdue(tx: Transaction, since: datetime, limit: int) -> list[Notification]:
    """Pages planned by then, locked, that may still be sent and go over their own channel only."""
    return [rows.notification_of(row) for row in await fetch(tx, _OVERDUE, (since, limit))]


async def mark(tx: Transaction, pages: Sequence[Notification], now: datetime) -> None:
    """What can be done for them beside their own channel was done at `now`."""
    if pages:
        await tx.exec_driver_sql(_MARK, ([n.notification_id for n in pages], now))
