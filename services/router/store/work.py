"""Work items in PostgreSQL: load and lock, save, and the line in which they wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.router.domain import line, passing
from services.router.domain.work import WorkItem, WorkStatus
from shared.contracts.vocabulary import UnroutableCause
from shared.db.engine import Transaction, fetch
from shared.policy import WorkflowPolicy

#: Make a row for every ticket we have not met, so that it can be locked.
_MEET: Final = """
INSERT INTO work_item (ticket_id, status, facts)
SELECT t, 'unopened', '{}' FROM unnest($1::uuid[]) AS t ORDER BY t ON CONFLICT DO NOTHING
"""

#: Some items, locked in id order.
_LOCK: Final = """
SELECT ticket_id, facts FROM work_item WHERE ticket_id = ANY ($1::uuid[])
ORDER BY ticket_id FOR UPDATE
"""

#: Waiting items, locked; those that somebody else holds are left out, not waited for.
_LOCK_WAITING: Final = """
SELECT ticket_id, facts FROM work_item WHERE ticket_id = ANY ($1::uuid[]) AND status = 'waiting'
ORDER BY ticket_id FOR UPDATE SKIP LOCKED
"""

#: What some agents hold, locked in id order.
_LOCK_HELD: Final = """
SELECT ticket_id, facts FROM work_item WHERE agent_id = ANY ($1::text[])
ORDER BY ticket_id FOR UPDATE
"""

#: Some items as they are.
_READ: Final = "SELECT ticket_id, facts FROM work_item WHERE ticket_id = ANY ($1::uuid[])"

#: The lanes in which tickets wait with the first ticket of each, found one by one through the index of
#: the line: the cost does not depend on how many wait.
_LANES: Final = """
WITH RECURSIVE lanes AS (
    (SELECT lane, queue, ticket_id FROM work_item WHERE status = 'waiting'
     ORDER BY lane, priority_class, rank, begin_by, opened_at, ticket_id LIMIT 1)
    UNION ALL
    SELECT n.* FROM lanes l CROSS JOIN LATERAL (
        SELECT w.lane, w.queue, w.ticket_id FROM work_item w
        WHERE w.status = 'waiting' AND w.lane > l.lane
        ORDER BY w.lane, w.priority_class, w.rank, w.begin_by, w.opened_at, w.ticket_id LIMIT 1) AS n)
SELECT lane, queue, ticket_id FROM lanes
"""

#: The first tickets of the line that some lanes make together, so many of each.
_HEADS: Final = """
SELECT h.ticket_id FROM unnest($1::text[], $2::integer[]) AS l (lane, most) CROSS JOIN LATERAL (
    SELECT w.priority_class, w.rank, w.begin_by, w.opened_at, w.ticket_id FROM work_item w
    WHERE w.status = 'waiting' AND w.lane = l.lane
    ORDER BY w.priority_class, w.rank, w.begin_by, w.opened_at, w.ticket_id LIMIT l.most) AS h
ORDER BY h.priority_class, h.rank, h.begin_by, h.opened_at, h.ticket_id LIMIT $3
"""

#: Tickets of unroutable lanes whose cause has not been published since they were queued.
_UNTOLD: Final = """
SELECT w.ticket_id FROM unnest($1::text[], $2::text[]) AS u (lane, cause)
JOIN work_item w ON w.lane = u.lane
WHERE w.status = 'waiting' AND NOT w.told @> ARRAY[u.cause]
ORDER BY w.opened_at, w.ticket_id LIMIT $3
"""

#: Items that time changes, oldest first, locked.
_LOCK_DUE: Final = """
SELECT ticket_id, facts FROM work_item WHERE due_at <= $1 ORDER BY due_at, ticket_id LIMIT $2
FOR UPDATE SKIP LOCKED
"""
_NEXT_DUE: Final = "SELECT min(due_at) FROM work_item WHERE due_at IS NOT NULL"

#: Write items: what SQL filters or sorts by as columns, everything as facts.
_SAVE: Final = """
INSERT INTO work_item AS w (ticket_id, status, lane, queue, level, priority_class, rank, begin_by,
    opened_at, waiting_since, agent_id, due_at, told, facts)
SELECT ticket_id, status, lane, queue, level, priority_class, rank, begin_by, opened_at,
    waiting_since, agent_id, due_at, string_to_array(told, ','), facts
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[],
    $7::integer[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::text[],
    $12::timestamptz[], $13::text[], $14::text[])
AS t (ticket_id, status, lane, queue, level, priority_class, rank, begin_by, opened_at,
    waiting_since, agent_id, due_at, told, facts)
ON CONFLICT (ticket_id) DO UPDATE SET status = excluded.status, lane = excluded.lane,
    queue = excluded.queue, level = excluded.level, priority_class = excluded.priority_class,
    rank = excluded.rank, begin_by = excluded.begin_by, opened_at = excluded.opened_at,
    waiting_since = excluded.waiting_since, agent_id = excluded.agent_id,
    due_at = excluded.due_at, told = excluded.told, facts = excluded.facts
"""


#: Write tickets of the line that somebody has got now; what places them in the line means nothing then.
_SAVE_GIVEN: Final = """
UPDATE work_item w SET status = 'assigned', agent_id = t.agent_id, due_at = t.due_at,
    facts = t.facts, waiting_since = NULL, told = '{}'
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[])
AS t (ticket_id, agent_id, due_at, facts)
WHERE w.ticket_id = t.ticket_id
"""


class LaneHead(msgspec.Struct, frozen=True):
    """A lane in which tickets wait, and the first of them with its queue."""

    lane: str
    queue: str
    ticket_id: UUID


class _Facts(msgspec.Struct, omit_defaults=True):
    """The form of `facts`: its version, and the item (none for a ticket just met)."""

    v: int = 1
    item: WorkItem | None = None


_decoder = msgspec.json.Decoder(_Facts)


async def load(tx: Transaction, ticket_ids: Sequence[UUID]) -> dict[UUID, WorkItem]:
    """The items of these tickets, rows locked in id order; an empty one for a ticket not met before."""
    if not ticket_ids:
        return {}
    ids = sorted(ticket_ids)
    await tx.exec_driver_sql(_MEET, (ids,))
    return _items(await fetch(tx, _LOCK, (ids,)))


async def read(tx: Transaction, ticket_ids: Sequence[UUID]) -> dict[UUID, WorkItem]:
    """The items of these tickets as they are, unlocked; those never met are left out."""
    return _items(await fetch(tx, _READ, (list(ticket_ids),)))


async def held_by(tx: Transaction, agent_ids: Sequence[str]) -> dict[UUID, WorkItem]:
    """What these agents hold, rows locked in id order."""
    if not agent_ids:
        return {}
    return _items(await fetch(tx, _LOCK_HELD, (list(agent_ids),)))


async def lanes(tx: Transaction) -> list[LaneHead]:
    """The lanes in which tickets wait."""
    return [LaneHead(*row) for row in await fetch(tx, _LANES)]


async def heads(
    tx: Transaction, most: Mapping[str, int], *, limit: int, locked: Mapping[UUID, WorkItem]
) -> dict[UUID, WorkItem]:
    """The first `limit` of the line that the lanes in `most` make together, at most so many of each.

    `locked` are items that this transaction has locked before: they are not read again.

    Locked; those that somebody else holds are left out: they are being changed. A lane that is not asked
    for because its people are full, or because it has nobody, cannot hide another.
    """
    wanted = (list(most), list(most.values()), limit)
    ids = [row[0] for row in await fetch(tx, _HEADS, wanted)] if most else []
    unknown = [ticket_id for ticket_id in ids if ticket_id not in locked]
    found = _items(await fetch(tx, _LOCK_WAITING, (unknown,))) if unknown else {}
    return found | {ticket_id: locked[ticket_id] for ticket_id in ids if ticket_id in locked}


async def untold(
    tx: Transaction, causes: Mapping[str, UnroutableCause], *, limit: int
) -> dict[UUID, WorkItem]:
    """Up to `limit` tickets of the lanes in `causes` whose cause is still to be published, locked."""
    if not causes:
        return {}
    wanted = (list(causes), [cause.value for cause in causes.values()], limit)
    ids = [row[0] for row in await fetch(tx, _UNTOLD, wanted)]
    return _items(await fetch(tx, _LOCK_WAITING, (ids,))) if ids else {}


async def due(tx: Transaction, now: datetime, *, limit: int) -> dict[UUID, WorkItem]:
    """Up to `limit` items that time changes by `now`, locked; those that somebody holds are left out."""
    return _items(await fetch(tx, _LOCK_DUE, (now, limit)))


async def next_due(tx: Transaction) -> datetime | None:
    """When time next changes an item; None when nothing waits for time."""
    found: datetime | None = (await tx.exec_driver_sql(_NEXT_DUE)).scalar_one()
    return found


async def save(
    tx: Transaction, items: Iterable[WorkItem], policy: WorkflowPolicy, now: datetime
) -> None:
    """Write `items` with their place in the line at `now`, one statement."""
    rows = [_row(item, policy, now) for item in items]
    if rows:
        await tx.exec_driver_sql(_SAVE, tuple(list(column) for column in zip(*rows, strict=True)))


async def save_given(tx: Transaction, items: Iterable[WorkItem]) -> None:
    """Write `items` that waited and have just been given to an agent, one statement.

    Until they have heard more, time does nothing to them before they have to be accepted.
    """
    rows = [(item.ticket_id, item.agent_id, item.accept_by, encode_facts(item)) for item in items]
    if rows:
        columns = tuple(list(column) for column in zip(*rows, strict=True))
        await tx.exec_driver_sql(_SAVE_GIVEN, columns)


def encode_facts(item: WorkItem) -> str:
    """The item as `facts` holds it."""
    return msgspec.json.encode(_Facts(item=item)).decode()


def decode_facts(ticket_id: UUID, facts: str | bytes) -> WorkItem:
    """The item in `facts`. Raises msgspec.ValidationError for what we did not write."""
    return _decoder.decode(facts).item or WorkItem(ticket_id=ticket_id)


def _items(rows: Iterable[tuple[UUID, str]]) -> dict[UUID, WorkItem]:
    return {ticket_id: decode_facts(ticket_id, facts) for ticket_id, facts in rows}


def _row(item: WorkItem, policy: WorkflowPolicy, now: datetime) -> tuple[object, ...]:
    place = item.place
    begin = line.begin_by(item, policy)
    return (
        item.ticket_id,
        item.status.value,
        item.lane if item.status is WorkStatus.WAITING else None,
        place.queue if place else None,
        place.level if place else None,
        line.priority_class(item, policy, now) if item.opened else None,
        place.rank if place else None,
        None if begin is line.NEVER else begin,
        item.opened_at,
        item.waiting_since,
        item.agent_id,
        passing.next_due(item, policy, now),
        ",".join(item.told),
        encode_facts(item),
    )
