"""Who gives out tickets in `make bench-router`, as processes: `python -m tests.load.router_assigners KIND`.

`dispatcher`: the router's own. `row_locks`: one transaction a ticket that takes the next ticket of a lane and
the best agent with SELECT … FOR UPDATE; what it writes, it writes by the router's own code. `releaser`: ends tickets while
the others work, so that desks become free. Each says "ready", begins at "go" and tells what it did.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import datetime
from functools import partial
from itertools import cycle
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.router.dispatcher import Dispatcher
from services.router.domain.decide import assigned
from services.router.metrics import RouterMetrics
from services.router.store import roster
from services.router.store.ledger import Ledger
from services.router.store.work import decode_facts
from shared.clock import SystemClock
from shared.contracts import FollowUp
from shared.contracts.vocabulary import AssignReason
from shared.db.engine import Transaction, fetch
from shared.observability.metrics import Catalogue
from shared.policy import WorkflowPolicy
from shared.runtime.writer import Writer
from tests.load.router_desks import NobodyToWake, connect, engine_for, workflow

_DONE: Final = "SELECT count(*) FROM assignment"
_LANES: Final = "SELECT DISTINCT lane FROM work_item WHERE status = 'waiting' ORDER BY 1"
_NEXT: Final = """
SELECT ticket_id, facts FROM work_item WHERE status = 'waiting' AND lane = $1
ORDER BY priority_class, rank, begin_by, opened_at, ticket_id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_BEST: Final = """
SELECT a.agent_id FROM agent a
JOIN agent_skill s ON s.agent_id = a.agent_id AND s.skill = $1 AND s.proficiency >= $2
WHERE a.level = $3 AND a.presence = 'online' AND a.on_shift AND NOT a.suspect
    AND a.load + $4 <= coalesce(a.capacity_target, a.capacity)
ORDER BY s.proficiency DESC, a.load::float8 / a.capacity, a.last_assigned_at NULLS FIRST, a.agent_id
LIMIT 1 FOR NO KEY UPDATE OF a
"""
_HELD: Final = "SELECT sum(load), sum(capacity) FROM agent"
_END: Final = """
SELECT ticket_id, agent_id FROM work_item WHERE agent_id IS NOT NULL LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_LOCK: Final = """
SELECT agent_id FROM agent WHERE agent_id = ANY ($1::text[]) ORDER BY agent_id FOR NO KEY UPDATE
"""
_FREE: Final = """
WITH ended AS (
    UPDATE work_item SET status = 'done', agent_id = NULL WHERE ticket_id = ANY ($1::uuid[])),
over AS (
    UPDATE assignment SET ended_at = now(), end_reason = 'resolved'
    WHERE ticket_id = ANY ($1::uuid[]) AND ended_at IS NULL)
UPDATE agent a SET load = a.load - 4 * n.tickets, version = a.version + 1,
    held = jsonb_build_object('email', (a.held ->> 'email')::int - n.tickets)
FROM (SELECT agent_id, count(*)::int AS tickets FROM unnest($2::text[]) AS g (agent_id) GROUP BY 1) n
WHERE a.agent_id = n.agent_id
"""

#: Tickets are ended above this share of all desks, at most so many at a time.
_BUSY_SHARE: Final = 0.25
_ENDED_AT_ONCE: Final = 500
_RELEASE_PAUSE: Final = 0.01
_IDLE: Final = 0.002


async def dispatch(url: str, tickets: int) -> dict[str, Any]:
    """The router's own dispatcher, until everything has been given out (by whomever)."""
    engine = engine_for(url)
    writer = Writer(engine, SystemClock(), source="/router", relay=NobodyToWake())
    dispatcher = Dispatcher(writer, workflow(), RouterMetrics(Catalogue("router")))
    sql = await connect(url)
    await _ready()
    began, cpu = time.perf_counter(), time.process_time()
    steps = 0
    while True:
        if await dispatcher.step():
            steps += 1
        elif await sql.fetchval(_DONE) >= tickets:
            break
        else:
            await asyncio.sleep(_IDLE)
    told = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    await sql.close()
    await engine.dispose()
    return {**told, "steps": steps}


async def lock_rows(url: str, tickets: int) -> dict[str, Any]:
    """One transaction a ticket, until `tickets` are given out by all workers together."""
    engine = engine_for(url)
    writer = Writer(engine, SystemClock(), source="/router", relay=NobodyToWake())
    policy = workflow()
    sql = await connect(url)
    lanes = [row[0] for row in await sql.fetch(_LANES)]
    await _ready()
    began, cpu = time.perf_counter(), time.process_time()
    passed = 0
    for lane in cycle(lanes):
        passed = (
            0 if await writer.write(partial(assign_one, lane=lane, policy=policy)) else passed + 1
        )
        if passed >= len(lanes):
            passed = 0
            if await sql.fetchval(_DONE) >= tickets:
                break
            await asyncio.sleep(_IDLE)
    told = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    await sql.close()
    await engine.dispose()
    return told


async def assign_one(
    tx: Transaction, now: datetime, *, lane: str, policy: WorkflowPolicy
) -> tuple[bool, list[FollowUp]]:
    """Give the lane's next ticket to the best agent; False when there is none, or nobody."""
    found = await fetch(tx, _NEXT, (lane,))
    if not found:
        return False, []
    item = decode_facts(*found[0])
    assert item.place is not None
    assert item.queued is not None
    [(skill, least)] = item.place.required_skills.items()
    best = await fetch(tx, _BEST, (skill, least, item.place.level, item.cost))
    if not best:
        return False, []
    agents = await roster.lock_some(tx, [best[0][0]])
    [agent] = agents.values()
    ledger = Ledger(items={item.ticket_id: item}, agents=agents, policy=policy, now=now)
    payload = assigned(item, agent, AssignReason.SKILL_MATCH, now, policy=policy)
    why = {"rule": item.place.rule, "required_skills": item.place.required_skills}
    ledger.say(item, item.queued, [payload], explanation=why)
    return True, await ledger.save(tx)


async def release(url: str, tickets: int) -> dict[str, Any]:
    """End tickets while desks are more than a quarter full, until everything was given out."""
    sql = await connect(url)
    await _ready()
    ended = 0
    while await sql.fetchval(_DONE) < tickets:
        load, capacity = await sql.fetchrow(_HELD)
        share = load - capacity * _BUSY_SHARE
        if share > 0:
            ended += await end_some(sql, min(_ENDED_AT_ONCE, int(share) // 4 + 1))
        await asyncio.sleep(_RELEASE_PAUSE)
    await sql.close()
    return {"ended": ended}


async def end_some(sql: asyncpg.Connection, most: int) -> int:
    """End up to `most` tickets that somebody has, all of one unit; returns how many."""
    async with sql.transaction():
        rows = await sql.fetch(_END, most)
        tickets: list[UUID] = [row["ticket_id"] for row in rows]
        agents: list[str] = [row["agent_id"] for row in rows]
        await sql.execute(_LOCK, agents)
        await sql.execute(_FREE, tickets, agents)
    return len(tickets)


async def _ready() -> None:
    """Say that all is prepared, and wait for the word to begin."""
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)


KINDS: Final = {"dispatcher": dispatch, "row_locks": lock_rows, "releaser": release}

if __name__ == "__main__":
    kind, url, tickets = sys.argv[1:]
    print(json.dumps(asyncio.run(KINDS[kind](url, int(tickets)))), flush=True)
