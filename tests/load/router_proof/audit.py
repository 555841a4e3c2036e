"""What the router's tables say: looked at while it runs, and told again from the outbox afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import asyncpg

from shared.contracts import AGENTS, decode

from .plan import CAPACITY, Verdict
from .tale import Desks

#: One statement is one snapshot: loads against what is held, desks against capacity, history against both.
_SNAPSHOT: Final = """
WITH held AS (
    SELECT agent_id, sum((facts::jsonb -> 'item' -> 'place' ->> 'weight')::integer) * 4 AS load
    FROM router.work_item WHERE agent_id IS NOT NULL GROUP BY agent_id),
open AS (SELECT ticket_id, agent_id FROM router.assignment WHERE ended_at IS NULL)
SELECT (SELECT count(*) FROM router.agent WHERE load > capacity) AS above,
    (SELECT count(*) FROM router.agent a LEFT JOIN held h USING (agent_id)
     WHERE a.load <> coalesce(h.load, 0)) AS wrong_loads,
    (SELECT count(*) - count(DISTINCT ticket_id) FROM open) AS doubles,
    (SELECT count(*) FROM open o FULL JOIN
        (SELECT ticket_id, agent_id FROM router.work_item WHERE agent_id IS NOT NULL) w
        USING (ticket_id) WHERE o.agent_id IS DISTINCT FROM w.agent_id) AS disagreeing,
    (SELECT count(*) FROM router.work_item WHERE status = 'waiting') AS waiting,
    (SELECT sum(load)::float / sum(capacity) FROM router.agent) AS fullness
"""

_UNFINISHED: Final = """
SELECT t FROM unnest($1::uuid[]) AS t LEFT JOIN router.work_item w ON w.ticket_id = t
WHERE w.status IS DISTINCT FROM 'done'
"""
_NEVER_GIVEN: Final = """
SELECT count(*) FROM unnest($1::uuid[]) AS t
WHERE NOT EXISTS (SELECT FROM router.assignment a WHERE a.ticket_id = t)
"""
_OWED: Final = "SELECT count(*) FROM router.outbox WHERE published_at IS NULL"
_PARKED: Final = "SELECT count(*) FROM router.dead_letter"
_DEADLOCKS: Final = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
_STORY: Final = "SELECT value FROM router.outbox ORDER BY seq"


async def look(database: asyncpg.Connection, found: Verdict) -> None:
    """Compare everything with everything at one moment."""
    row = await database.fetchrow(_SNAPSHOT)
    assert row is not None
    found.snapshots += 1
    found.above += row["above"]
    found.wrong_loads += row["wrong_loads"]
    found.doubles += row["doubles"] + row["disagreeing"]
    found.waiting.append(row["waiting"])
    found.fullness.append(row["fullness"])


async def unfinished(database: asyncpg.Connection, tickets: Iterable[UUID]) -> int:
    """How many of these are neither solved nor known, with what the relay still owes."""
    left = len(await database.fetch(_UNFINISHED, list(tickets)))
    return int(left + await database.fetchval(_OWED))


async def assignments(database: asyncpg.Connection) -> int:
    """How many assignments the history knows."""
    return int(await database.fetchval("SELECT count(*) FROM router.assignment"))


async def account(
    database: asyncpg.Connection, found: Verdict, *, opened: set[UUID], unwanted: set[UUID]
) -> None:
    """What is lost of a round at its end, and what its outbox says of every desk.

    Lost is a ticket that is not solved, or that nobody ever had although nobody took it back.
    """
    found.lost += len(await database.fetch(_UNFINISHED, list(opened)))
    found.lost += int(await database.fetchval(_NEVER_GIVEN, list(opened - unwanted)))
    found.parked = int(await database.fetchval(_PARKED))
    found.deadlocks = int(await database.fetchval(_DEADLOCKS))
    await _tell_again(database, found)


async def _tell_again(database: asyncpg.Connection, found: Verdict) -> None:
    """Follow every desk through the round's outbox, which is then emptied as housekeeping would do."""
    desks = Desks()
    async with database.transaction():
        async for row in database.cursor(_STORY, prefetch=2000):
            desks.take(decode(row["value"]), CAPACITY)
    await database.execute("TRUNCATE router.outbox")
    found.above += desks.above
    found.wrong_loads += desks.wrong


async def said_of_agents(database: asyncpg.Connection) -> int:
    """How many events there are about agents, read or not."""
    told = "SELECT coalesce(sum(sequence), 0)::bigint FROM router.stream WHERE topic = $1"
    return int(await database.fetchval(told, AGENTS))
