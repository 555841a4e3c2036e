"""What people see of a queue's line, of a desk, and of the pace of the last hour; read without locks."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.router.domain.work import WorkItem
from shared.db.engine import Transaction, fetch

from .work import decode_facts

#: The first tickets of a queue, all its lanes together, in the order of the line (semantics G2).
_LINE: Final = """
SELECT ticket_id, facts FROM work_item WHERE status = 'waiting' AND queue = $1
ORDER BY priority_class, rank, begin_by, opened_at, ticket_id LIMIT $2
"""

#: How many tickets wait in a queue.
_WAITING: Final = "SELECT count(*) FROM work_item WHERE status = 'waiting' AND queue = $1"

#: What somebody holds, the oldest ticket first.
_HELD: Final = "SELECT ticket_id, facts FROM work_item WHERE agent_id = $1 ORDER BY ticket_id"

#: How many tickets of each queue somebody got.
_ASSIGNED: Final = """
SELECT queue, count(*) FROM assignment WHERE assigned_at > $1 AND queue IS NOT NULL GROUP BY queue
"""


async def line(tx: Transaction, queue: str, *, limit: int) -> list[WorkItem]:
    """The first `limit` tickets that wait in `queue`, as the stored line has them."""
    return [decode_facts(*row) for row in await fetch(tx, _LINE, (queue, limit))]


async def waiting(tx: Transaction, queue: str) -> int:
    """How many tickets wait in `queue`."""
    return int((await fetch(tx, _WAITING, (queue,)))[0][0])


async def held(tx: Transaction, agent_id: str) -> list[WorkItem]:
    """What the agent holds, by ticket id: the oldest first."""
    return [decode_facts(*row) for row in await fetch(tx, _HELD, (agent_id,))]


async def assigned_since(tx: Transaction, since: datetime) -> dict[str, int]:
    """How many assignments each queue has seen after `since`; queues without any are left out."""
    return {queue: int(count) for queue, count in await fetch(tx, _ASSIGNED, (since,))}
