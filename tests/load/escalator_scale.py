"""(a) of `make bench-escalator`: what a fire and a re-arm cost with few and with very many armed cases."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import asyncpg

from services.escalator.handlers import handle
from services.escalator.metrics import EscalatorMetrics
from services.escalator.timers import PARTITIONS, Timers
from shared.clock import FakeClock
from shared.contracts import (
    Change,
    Event,
    FollowUp,
    Payload,
    TicketPaused,
    TicketReclassified,
    TicketResumed,
)
from shared.contracts.vocabulary import PauseReason
from shared.db.engine import Transaction
from shared.observability.metrics import Catalogue
from shared.policy import WorkflowPolicy
from shared.runtime.batch import Batch
from shared.runtime.watermark import Reading
from shared.runtime.writer import Writer
from tests.load.escalator_armed import PRESENT, Armed, connect, engine_for
from tests.support.builders import AGENT, an_event
from tests.support.cpu import cpu_seconds, family
from tests.support.figures import Figure, over_rounds

#: Events a transaction, as the consumer takes them.
_BATCH: Final = 500

FIRE_TARGET: Final = 1.2
REARM_TARGET: Final = 1.5


@dataclass(slots=True)
class Cost:
    """What so many of one thing took: seconds, and processor seconds of this process and PostgreSQL."""

    count: int = 0
    seconds: float = 0.0
    own: float = 0.0
    database: float = 0.0

    @property
    def cpu(self) -> float:
        """Microseconds of processor for one."""
        return (self.own + self.database) / self.count * 1e6


@dataclass
class Costs:
    """All rounds of one side."""

    fires: list[Cost] = field(default_factory=list)
    rearms: list[Cost] = field(default_factory=list)


class Heard:
    """A log that has been heard up to the clock, every partition of it."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock

    def reading(self) -> Reading:
        """What the watermark would say."""
        now = self._clock.now()
        return Reading(now=now, as_of=now, owned=PARTITIONS, waiting_since=PRESENT)


class NobodyToWake:
    """Stands where the relay would."""

    def wake(self) -> None:
        """Nobody sleeps here."""


class Side:
    """An escalator's own parts over one table of armed cases."""

    def __init__(self, armed: Armed, postmaster: int, policy: WorkflowPolicy) -> None:
        self._armed = armed
        self._postmaster = postmaster
        self._policy = policy
        self._clock = FakeClock(PRESENT)
        self._metrics = EscalatorMetrics(Catalogue("escalator"))
        self._engine = engine_for(armed.url)
        self._writer = Writer(self._engine, self._clock, source="/escalator", relay=NobodyToWake())
        self._timers = Timers(self._writer, Heard(self._clock), policy, self._metrics)
        self._chance = random.Random(armed.rows)
        self._sequence = 1

    async def close(self) -> None:
        """Let go of the database."""
        await self._engine.dispose()

    async def fire(self, cohort: int) -> Cost:
        """Let a cohort fall due and fire all of it, with what re-arming has made due by the way.

        Raises SystemExit when it did not all fire.
        """
        await self._clock.move_to(self._armed.due(cohort))
        sql = await connect(self._armed.url)
        await sql.execute("CHECKPOINT")
        due = await _due(sql, self._clock.now())
        with self._measured(due) as cost:
            while await self._timers.step():
                continue
        if due < self._armed.fires or await _due(sql, self._clock.now()):
            raise SystemExit(f"{due} of {self._armed.fires} were due, and not all of them fired")
        await sql.close()
        return cost

    async def rearm(self, count: int) -> Cost:
        """Price anew, pause and resume cases at random, `count` times together."""
        tickets = self._some(count // 3)
        now = self._clock.now()
        events = [
            self._events(payload_of, tickets, now) for payload_of in (_price, _pause, _resume)
        ]
        sql = await connect(self._armed.url)
        await sql.execute("CHECKPOINT")
        await sql.close()
        with self._measured(3 * len(tickets)) as cost:
            for batch in (chunk for all_ in events for chunk in _chunks(all_)):
                await self._writer.write(partial(self._hear, batch=batch))
        return cost

    def _some(self, count: int) -> list[UUID]:
        """Tickets that belong to no cohort, in no order."""
        armed = self._armed
        waiting = armed.stride - armed.cohorts
        blocks = self._chance.sample(range(armed.rows // armed.stride), count)
        place = armed.cohorts + self._chance.randrange(waiting)
        return [armed.ticket(block * armed.stride + place) for block in blocks]

    def _events(
        self, payload_of: Callable[[UUID], Payload], tickets: Sequence[UUID], now: datetime
    ) -> list[Event]:
        self._sequence += 1
        return [an_event(payload_of(t), at=now, sequence=self._sequence) for t in tickets]

    async def _hear(
        self, tx: Transaction, now: datetime, *, batch: Sequence[Event]
    ) -> tuple[None, list[FollowUp]]:
        partitions = {event.subject: 0 for event in batch}
        heard = Batch(events=tuple(batch), now=now, partitions=partitions)
        return None, await handle(tx, heard, policy=self._policy, metrics=self._metrics)

    @contextmanager
    def _measured(self, count: int) -> Iterator[Cost]:
        cost = Cost(count)
        database = cpu_seconds(family(self._postmaster))
        own, began = time.process_time(), time.perf_counter()
        yield cost
        cost.seconds = time.perf_counter() - began
        cost.own = time.process_time() - own
        cost.database = cpu_seconds(family(self._postmaster)) - database


def figures(rows: Sequence[int], sides: Sequence[Costs], sizes: Sequence[int]) -> list[Figure]:
    """Ratios of the big table (the last) to the small one, and what one costs on each."""
    small, big = sides
    found = [
        _ratio("a fire", big.fires, small.fires, FIRE_TARGET, rows),
        _ratio("a re-arm", big.rearms, small.rearms, REARM_TARGET, rows),
    ]
    for count, side, size in zip(rows, sides, sizes, strict=True):
        for name, costs in (("a fire", side.fires), ("a re-arm", side.rearms)):
            named = f"(a) {name}, {count:,} armed"
            found.append(over_rounds(named, [c.cpu for c in costs], "µs CPU"))
            share = [c.own / c.count * 1e6 for c in costs]
            found.append(over_rounds(f"{named}: of it the escalator", share, "µs CPU"))
            rate = [c.count / c.seconds for c in costs]
            found.append(over_rounds(f"{named}: rate", rate, "/s"))
        found.append(Figure(f"(a) database, {count:,} armed", size / 1e9, "GB"))
    return found


def _ratio(
    name: str, big: Sequence[Cost], small: Sequence[Cost], target: float, rows: Sequence[int]
) -> Figure:
    told = f"(a) CPU of {name}, {rows[1]:,} ÷ {rows[0]:,} armed"
    return over_rounds(
        told, [b.cpu / s.cpu for b, s in zip(big, small, strict=True)], "ratio", at_most=target
    )


async def _due(sql: asyncpg.Connection, now: datetime) -> int:
    return int(await sql.fetchval("SELECT count(*) FROM sla_case WHERE next_due_at <= $1", now))


def _chunks(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    return (events[start : start + _BATCH] for start in range(0, len(events), _BATCH))


def _price(ticket: UUID) -> Payload:
    change = {"priority": Change(from_="medium", to="high")}
    return TicketReclassified(ticket_id=ticket, changes=change, reason="bench", by=AGENT)


def _pause(ticket: UUID) -> Payload:
    return TicketPaused(ticket_id=ticket, reason=PauseReason.WAITING_ON_THIRD_PARTY, by=AGENT)


def _resume(ticket: UUID) -> Payload:
    return TicketResumed(ticket_id=ticket, reason="status", by=AGENT)
