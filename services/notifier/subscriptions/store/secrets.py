"""The secrets requests are signed with. They have to be read to sign, so they stand as they are, in a
table of their own in the notifier's schema, and leave it only into a signature.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.db.engine import Transaction, fetch

_ADD: Final = """
INSERT INTO subscription_secret (subscription_id, n, secret, created_at)
SELECT $1, coalesce(max(n), 0) + 1, $2, $3 FROM subscription_secret WHERE subscription_id = $1
"""

_END: Final = """
UPDATE subscription_secret SET expires_at = least(expires_at, $2) WHERE subscription_id = $1
"""

_IN_FORCE: Final = """
SELECT subscription_id, secret FROM subscription_secret
WHERE subscription_id = ANY ($1::uuid[]) AND (expires_at IS NULL OR expires_at > $2)
ORDER BY subscription_id, n DESC
"""

_PRUNE: Final = "DELETE FROM subscription_secret WHERE expires_at <= $1"


async def add(tx: Transaction, subscription_id: UUID, secret: str, now: datetime) -> None:
    """One more secret in force."""
    await tx.exec_driver_sql(_ADD, (subscription_id, secret, now))


async def end(tx: Transaction, subscription_id: UUID, at: datetime) -> None:
    """Those there are sign no longer than until `at`."""
    await tx.exec_driver_sql(_END, (subscription_id, at))


async def in_force(
    tx: Transaction, subscription_ids: Sequence[UUID], now: datetime
) -> dict[UUID, list[str]]:
    """The secrets that sign at `now`, by subscription, the newest first."""
    found: dict[UUID, list[str]] = {}
    wanted = sorted(set(subscription_ids))
    for subscription_id, secret in await fetch(tx, _IN_FORCE, (wanted, now)):
        found.setdefault(subscription_id, []).append(secret)
    return found


async def prune(tx: Transaction, now: datetime) -> None:
    """Forget those that sign no longer."""
    await tx.exec_driver_sql(_PRUNE, (now,))
