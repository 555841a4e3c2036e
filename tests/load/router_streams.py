"""Messages a second: a side drains a topic that was filled beforehand, until every ticket is assigned."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg

from services.local import EmbeddedBroker
from shared.contracts import TICKETS, encode, headers
from shared.kafka import topics
from shared.kafka.aio import AioKafka
from shared.kafka.records import Outgoing
from shared.settings import KafkaSettings
from tests.load.router_desks import Desks, connect, engine_for, openings, workflow
from tests.load.router_loops import FETCH_WAIT_MS, SIDES, Surroundings
from tests.support.cpu import cpu_seconds, family
from tests.support.figures import Figure, over_rounds

#: The slow side has enough to do with one message in so many of the others'.
SLOW: Final = {"message handler": 40}
_PIECE: Final = 500
_LOOK_SECONDS: Final = 0.005
_PATIENCE_SECONDS: Final = 120.0

_GIVEN: Final = "SELECT count(*) FROM assignment"
_LEFT: Final = """
SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM work_item WHERE status = 'assigned'),
    (SELECT count(*) FROM assignment),
    (SELECT count(*) FROM outbox WHERE topic = 'support.assignments') / 2
"""


@dataclass(frozen=True, slots=True)
class Drained:
    """What one side did in one round; CPU in seconds."""

    messages: int
    seconds: float
    cpu: float
    database_cpu: float

    @property
    def rate(self) -> float:
        """Messages a second, until their tickets were assigned."""
        return self.messages / self.seconds


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the rounds take place."""

    url: str
    postmaster: int
    desks: Desks
    folder: Path


async def drain(ground: Ground, side: str, messages: int) -> Drained:
    """One side on clean ground: fresh broker, empty tables. Raises SystemExit for a wrong count."""
    await ground.desks.put_back()
    count = messages // SLOW.get(side, 1)
    broker = EmbeddedBroker(ground.folder / f"broker-{uuid4().hex[:8]}")
    broker.start()
    engine, sql = engine_for(ground.url), await connect(ground.url)
    try:
        kafka = KafkaSettings(
            bootstrap_servers=broker.bootstrap_servers,
            idempotence=False,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            session_timeout_ms=6000,
        )
        await _fill(AioKafka(kafka, client_id="tierline-bench"), count)
        begun: list[tuple[float, float, float]] = []

        def begin() -> None:
            if not begun:
                database = cpu_seconds(family(ground.postmaster))
                begun.append((time.perf_counter(), time.process_time(), database))

        async with SIDES[side](Surroundings(engine, kafka, workflow(), begin)):
            await _assigned(sql, count, side)
            [(at, cpu, database)] = begun
            done = Drained(
                count,
                time.perf_counter() - at,
                time.process_time() - cpu,
                cpu_seconds(family(ground.postmaster)) - database,
            )
        left = list(await sql.fetchrow(_LEFT))
        if left != [count] * 4:
            raise SystemExit(f"{side}: {count} messages left inbox, items, history, events {left}")
        return done
    finally:
        await sql.close()
        await engine.dispose()
        broker.stop()


def figures(rounds: dict[str, list[Drained]]) -> list[Figure]:
    """Ratios by wall clock and by CPU, then every side's rate and CPU a message."""
    found = []
    for mark, other, target in (
        ("(a)", "constant", 0.8),
        ("(b)", "batch handler", 1.0),
        ("(b)", "message handler", 25),
    ):
        pairs = list(zip(rounds["router"], rounds[other], strict=True))
        wall = [mine.rate / theirs.rate for mine, theirs in pairs]
        found.append(
            over_rounds(f"{mark} router ÷ {other}", wall, "ratio", at_least=target),
        )
        work = [_cpu(theirs) / _cpu(mine) for mine, theirs in pairs]
        found.append(over_rounds(f"{mark} router ÷ {other}, by CPU", work, "ratio"))
    for side, done in rounds.items():
        found.append(over_rounds(f"{side}: messages", [one.rate for one in done], "1/s"))
        cpu = [one.cpu / one.messages * 1e6 for one in done]
        found.append(over_rounds(f"{side}: CPU, this process", cpu, "µs/message"))
        database = [one.database_cpu / one.messages * 1e6 for one in done]
        found.append(over_rounds(f"{side}: CPU, PostgreSQL", database, "µs/message"))
    return found


def _cpu(one: Drained) -> float:
    return (one.cpu + one.database_cpu) / one.messages


async def _fill(kafka: AioKafka, count: int) -> None:
    await topics.apply(kafka)
    producer = kafka.producer()
    await producer.start()
    try:
        events = openings(count)
        for start in range(0, count, _PIECE):
            piece = [
                Outgoing(TICKETS, event.subject, encode(event), headers(event))
                for event in events[start : start + _PIECE]
            ]
            if not all(await producer.send(piece)):
                raise SystemExit("the broker did not take every message")
    finally:
        await producer.stop()


async def _assigned(sql: asyncpg.Connection, count: int, side: str) -> None:
    limit = time.monotonic() + _PATIENCE_SECONDS
    while await sql.fetchval(_GIVEN) < count:
        if time.monotonic() > limit:
            raise SystemExit(f"{side} did not assign {count} in {_PATIENCE_SECONDS:.0f} s")
        await asyncio.sleep(_LOOK_SECONDS)
