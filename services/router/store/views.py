"""What people and metrics see of the line and the desks, read without locks."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shared.db.engine import Transaction, fetch

#: How many tickets wait, since when, a lane; and the first ticket of each.
_LANES: Final = """
SELECT queue, level, count(*), min(waiting_since),
    (array_agg(ticket_id ORDER BY priority_class, rank, begin_by, opened_at, ticket_id))[1]
FROM work_item WHERE status = 'waiting' GROUP BY lane, queue, level ORDER BY queue, lane
"""

#: How many tickets wait, and since when, a queue.
_DEPTHS: Final = """
SELECT queue, count(*), min(waiting_since) FROM work_item WHERE status = 'waiting' GROUP BY queue
"""

#: Load over capacity of the people at work, a team.
_UTILISATION: Final = """
SELECT team, sum(load)::float8 / nullif(sum(capacity), 0)::float8 FROM agent
WHERE presence IN ('online', 'busy') GROUP BY team
"""


class LaneDepth(msgspec.Struct, frozen=True):
    """The tickets of a queue that ask the same of an agent."""

    queue: str
    level: str
    waiting: int
    oldest: datetime
    first_ticket: UUID


class QueueDepth(msgspec.Struct, frozen=True):
    """How many wait in a queue, and since when the oldest."""

    queue: str
    waiting: int
    oldest: datetime


async def lanes(tx: Transaction) -> list[LaneDepth]:
    """The lanes in which tickets wait, by queue."""
    return [LaneDepth(*row) for row in await fetch(tx, _LANES)]


async def depths(tx: Transaction) -> list[QueueDepth]:
    """The queues in which tickets wait."""
    return [QueueDepth(*row) for row in await fetch(tx, _DEPTHS)]


async def utilisation(tx: Transaction) -> dict[str, float]:
    """Load over capacity, a team with somebody at work; 1 is full."""
    return {team: share or 0.0 for team, share in await fetch(tx, _UTILISATION)}
