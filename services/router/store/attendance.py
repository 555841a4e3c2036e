"""Who is there, in PostgreSQL: whom time changes next, renewed presences, who works which shift."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.db.engine import Transaction, fetch

#: Whom time changes, the longest overdue first. Not locked: what they hold is locked before them.
_DUE: Final = """
SELECT agent_id FROM agent WHERE changes_at <= $1 ORDER BY changes_at, agent_id LIMIT $2
"""
_NEXT: Final = "SELECT min(changes_at) FROM agent WHERE changes_at IS NOT NULL"

#: Who works some shift, or one of these.
_ON_SHIFTS: Final = "SELECT agent_id FROM agent WHERE shift IS NOT NULL ORDER BY agent_id"
_WORKING: Final = "SELECT agent_id FROM agent WHERE shift = $1 ORDER BY agent_id"

#: The shifts that some agents work.
_SHIFTS_OF: Final = "SELECT DISTINCT shift FROM agent WHERE agent_id = ANY ($1::text[])"

#: A renewed presence. Nothing indexed changes: when the agent is next looked at stays as it is, and
#: they are then found renewed.
_RENEW: Final = """
UPDATE agent SET renewed_at = $2
WHERE agent_id = $1 AND presence <> 'offline' AND renewed_at IS NOT NULL AND NOT suspect
RETURNING agent_id
"""

#: How many agents there are of every kind.
_STANDING: Final = """
SELECT CASE WHEN presence = 'offline' THEN 'offline' WHEN NOT on_shift THEN 'off_shift'
    WHEN suspect THEN 'suspect' ELSE presence END AS standing, count(*)
FROM agent GROUP BY 1
"""


async def due(tx: Transaction, now: datetime, *, limit: int) -> list[str]:
    """Up to `limit` agents whom time may have changed by `now`."""
    return [agent_id for (agent_id,) in await fetch(tx, _DUE, (now, limit))]


async def next_change(tx: Transaction) -> datetime | None:
    """When time next changes an agent; None when nobody waits for time."""
    found: datetime | None = (await tx.exec_driver_sql(_NEXT)).scalar_one()
    return found


async def on_shifts(tx: Transaction) -> list[str]:
    """Everybody who works a shift, by id."""
    return [agent_id for (agent_id,) in await fetch(tx, _ON_SHIFTS)]


async def working(tx: Transaction, shift: str) -> list[str]:
    """Everybody who works the shift of this name, by id."""
    return [agent_id for (agent_id,) in await fetch(tx, _WORKING, (shift,))]


async def shifts_of(tx: Transaction, agent_ids: Sequence[str]) -> list[str | None]:
    """The shifts that these agents work; None stands for those who work none."""
    return [shift for (shift,) in await fetch(tx, _SHIFTS_OF, (list(agent_ids),))]


async def renew(tx: Transaction, agent_id: str, now: datetime) -> bool:
    """Renew a presence on a lease, one statement. False when that is not all there is to do."""
    return bool(await fetch(tx, _RENEW, (agent_id, now)))


async def standing(tx: Transaction) -> dict[str, int]:
    """How many agents are online, busy, away, suspect, off shift and offline; each is counted once."""
    return dict(await fetch(tx, _STANDING))
