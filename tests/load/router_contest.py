"""Assignments a second: the dispatcher against row locks a ticket, on the same people and the same line."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from tests.load.router_desks import Desks, connect
from tests.support.cpu import cpu_seconds, family
from tests.support.figures import Figure, over_rounds

#: Who works on which side; the second dispatcher stands by until the first is killed.
SIDES: Final = {
    "dispatcher": ["dispatcher"],
    "dispatcher, holder killed": ["dispatcher", "dispatcher"],
    "row locks": ["row_locks"] * 4,
}
#: The slow side has enough to do with one ticket in so many of the others'.
SLOW: Final = {"row locks": 10}
KILLED: Final = "dispatcher, holder killed"

#: Units an agent: desks are full and freed again with few people and with many.
UNITS: Final = {200: 10, 2000: 2}
TARGETS: Final = {200: 20, 2000: 10}

_GIVEN: Final = "SELECT count(*) FROM assignment"
_WRONG: Final = """
SELECT (SELECT count(*) FROM agent WHERE load > capacity),
    (SELECT count(*) - count(DISTINCT ticket_id) FROM assignment),
    (SELECT count(*) FROM agent a WHERE load <> 4 * (
        SELECT count(*) FROM work_item w WHERE w.agent_id = a.agent_id)),
    (SELECT count(*) FROM assignment) - (SELECT count(*) FROM outbox
        WHERE topic = 'support.assignments' AND convert_from(value, 'UTF8') LIKE '%ticket.assigned%')
"""
_LOOK_SECONDS: Final = 0.005
_PATIENCE_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Contest:
    """What one side did in one round; CPU in seconds."""

    given: int
    seconds: float
    cpu: float
    database_cpu: float

    @property
    def rate(self) -> float:
        """Assignments committed a second."""
        return self.given / self.seconds


async def contest(url: str, postmaster: int, desks: Desks, side: str, tickets: int) -> Contest:
    """One side on clean ground. Raises SystemExit when what is left behind is not right."""
    await desks.put_back()
    wanted = tickets // SLOW.get(side, 1)
    sql = await connect(url)
    try:
        async with (
            _workers(SIDES[side], url, wanted) as workers,
            _workers(["releaser"], url, wanted),
        ):
            cpu, database = cpu_seconds(w.pid for w in workers), cpu_seconds(family(postmaster))
            began = time.perf_counter()
            for worker in workers:
                _go(worker)
            if side == KILLED:
                await _given(sql, wanted // 2)
                workers[0].kill()
            await _given(sql, wanted)
            seconds = time.perf_counter() - began
            cpu = cpu_seconds(w.pid for w in workers) - cpu
            database = cpu_seconds(family(postmaster)) - database
            given = await sql.fetchval(_GIVEN)
        wrong = list(await sql.fetchrow(_WRONG))
        if any(wrong):
            raise SystemExit(f"{side}: above capacity, twice, load wrong, events missing: {wrong}")
        return Contest(given, seconds, cpu, database)
    finally:
        await sql.close()


def figures(agents: int, rounds: dict[str, list[Contest]]) -> list[Figure]:
    """Ratios, then every side's rate and CPU an assignment."""
    theirs = rounds["row locks"]
    found = []
    for side in ("dispatcher", KILLED):
        ratios = [m.rate / t.rate for m, t in zip(rounds[side], theirs, strict=True)]
        name = f"(c) {side} ÷ row locks, {agents} agents"
        found.append(over_rounds(name, ratios, "ratio", at_least=TARGETS[agents]))
    work = [_cpu(t) / _cpu(m) for m, t in zip(rounds["dispatcher"], theirs, strict=True)]
    found.append(over_rounds(f"(c) the same by CPU, {agents} agents", work, "ratio"))
    for side, done in rounds.items():
        name = f"(c) {side}, {agents} agents"
        found.append(over_rounds(name, [one.rate for one in done], "assignments/s"))
        found.append(over_rounds(f"{name}: CPU", [_cpu(one) for one in done], "µs/assignment"))
    return found


def _cpu(one: Contest) -> float:
    return (one.cpu + one.database_cpu) / one.given * 1e6


async def _given(sql: asyncpg.Connection, wanted: int) -> None:
    limit = time.monotonic() + _PATIENCE_SECONDS
    while await sql.fetchval(_GIVEN) < wanted:
        if time.monotonic() > limit:
            raise SystemExit(f"{wanted} assignments were not made in {_PATIENCE_SECONDS:.0f} s")
        await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def _workers(
    kinds: Sequence[str], url: str, tickets: int
) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """Processes that are ready; a releaser begins at once. They end by themselves, or are ended."""
    workers = [await _started(kind, url, tickets) for kind in kinds]
    try:
        for worker in workers:
            await _line(worker)
        if kinds == ["releaser"]:
            _go(workers[0])
        yield workers
        for worker in workers:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await worker.wait()
    finally:
        for worker in workers:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()


async def _started(kind: str, url: str, tickets: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.load.router_assigners", kind, url, str(tickets),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


def _go(worker: asyncio.subprocess.Process) -> None:
    assert worker.stdin is not None
    worker.stdin.write(b"go\n")


async def _line(worker: asyncio.subprocess.Process) -> Any:
    assert worker.stdout is not None
    said = await worker.stdout.readline()
    if said.strip() != b"ready":
        raise SystemExit(f"a worker did not start: {said!r}")
    return json.dumps(said.decode())
