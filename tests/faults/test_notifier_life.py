"""The life of notifications under everything that can happen to those who deliver them (I16-I20).

Two of them lease, send, die and record late on real tables, in any order that Hypothesis thinks of, while the
matter is settled and the clock is stepped. What holds in the end is held against what receivers got.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.domain.bucket import Rate
from services.notifier.domain.delivery import Outcome, Result, Settled
from services.notifier.domain.notification import Notification, notification_id
from services.notifier.domain.target import Limits
from services.notifier.leasing import LeaseTerms, take
from services.notifier.recording import RecordTerms, follow_ups, record, record_expired
from services.notifier.store.deliveries import Finished
from shared.contracts import (
    FollowUp,
    NotificationFailed,
    NotificationSent,
    NotificationSuppressed,
    SlaBreached,
    SlaMet,
    TicketAssigned,
)
from shared.db.engine import Transaction, fetch
from shared.ids import new_id
from tests.support.builders import a
from tests.support.notifier_bench import Bench

pytestmark = pytest.mark.postgres

RATE: Final = Rate(2.0)
LIMITS: Final = Limits(rates={"email": RATE, "webhook": RATE})
LEASE: Final = timedelta(seconds=45)

#: What a receiver does with a message: take it or not; and what the sender learns of it.
ANSWERS: Final = (
    (True, Result(Outcome.SENT)),
    (True, Result(Outcome.UNKNOWN, "the reply was lost")),
    (False, Result(Outcome.UNKNOWN, "it never came")),
    (False, Result(Outcome.RETRY, "busy")),
    (False, Result(Outcome.RETRY, "busy", timedelta(seconds=20))),
    (False, Result(Outcome.DEAD, "gone")),
)

WHO = st.integers(0, 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("breach"), st.just(0)),
        st.tuples(st.just("settle"), st.integers(1, 3)),
        st.tuples(st.just("lease"), WHO),
        st.tuples(st.just("send"), WHO, st.sampled_from(ANSWERS)),
        st.tuples(st.just("record"), WHO),
        st.tuples(st.just("crash"), WHO),
        st.tuples(st.just("wait"), st.sampled_from([0.2, 1, 6, 46, 70])),
        st.tuples(st.just("step"), st.sampled_from([-3600, -2, 3600])),
    ),
    min_size=5,
    max_size=40,
)


@dataclass
class Process:
    """Somebody who delivers: what they have leased, and what they know and have not recorded."""

    leased: list[Notification] = field(default_factory=list)
    finished: list[Finished] = field(default_factory=list)


class Life:
    """Plays steps. `captures`: what receivers took, by message; `left`: when what left for a target."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.processes = (Process(), Process())
        self.captures: Counter[UUID] = Counter()
        self.left: dict[str, list[datetime]] = defaultdict(list)
        self.expected: set[UUID] = set()
        self.cycles = 0

    async def play(self, name: str, *given: object) -> None:
        """One step."""
        await getattr(self, f"_{name}")(*given)

    async def _breach(self, _: int) -> None:
        self.cycles += 1
        [event] = await self.bench.hear(a(SlaBreached, cycle=self.cycles))
        self.expected.add(notification_id(event.id, "ana", "email"))
        self.expected.add(notification_id(event.id, "mara", "webhook"))

    async def _settle(self, cycle: int) -> None:
        await self.bench.hear(a(SlaMet, cycle=cycle))

    async def _lease(self, who: int) -> None:
        terms = LeaseTerms(
            per_target=4,
            lease_for=LEASE,
            link_for=LEASE,
            mint=lambda: str(new_id()),
            limits=LIMITS,
        )

        async def work(tx: Transaction, now: datetime) -> tuple[list[Notification], list[FollowUp]]:
            settled = await record_expired(tx, now, 100, self._terms())
            found = await take(tx, now, 100, terms)
            leased = [one.notification for head in found.leased for one in head.members]
            return leased, follow_ups([*settled, *found.settled])

        cancelled = await self._cancelled()
        leased = await self.bench.writer.write(work)
        assert set() == {n.notification_id for n in leased} & cancelled, "I19"
        for target in {(n.target, n.message_id) for n in leased}:
            self.left[target[0]].append(self.bench.clock.now())
        self.processes[who].leased += leased

    async def _send(self, who: int, answer: tuple[bool, Result]) -> None:
        accepted, result = answer
        leased, self.processes[who].leased = self.processes[who].leased, []
        self.captures.update({n.message_id for n in leased} if accepted else ())
        self.processes[who].finished += [
            Finished(n.notification_id, n.attempts, result) for n in leased
        ]

    async def _record(self, who: int) -> None:
        finished, self.processes[who].finished = self.processes[who].finished, []

        async def work(tx: Transaction, now: datetime) -> tuple[list[Settled], list[FollowUp]]:
            settled = await record(tx, finished, now, self._terms())
            return settled, follow_ups(settled)

        await self.bench.writer.write(work)

    async def _crash(self, who: int) -> None:
        self.processes[who].leased, self.processes[who].finished = [], []

    async def _wait(self, seconds: float) -> None:
        await self.bench.advance(seconds=seconds)

    async def _step(self, seconds: float) -> None:
        self.left.clear()  # a rate is of a clock that goes on
        await self.bench.clock.move_to(self.bench.clock.now() + timedelta(seconds=seconds))

    async def to_the_end(self) -> None:
        """Everybody is well from now on, until nothing is left to do."""
        for who in (0, 1):
            await self._record(who)
        for _ in range(200):
            if not await self._query(
                "SELECT 1 FROM notification WHERE status IN ('pending', 'leased')"
            ):
                return
            await self._lease(0)
            await self._send(0, ANSWERS[0])
            await self._record(0)
            await self._wait(30.0)
        raise AssertionError("it never ends")

    async def check(self) -> None:
        """I16 to I18 over everything, I20 over what left since the clock was last stepped."""
        rows = await self._query(
            "SELECT notification_id, coalesce(bundle_id, notification_id), status,"
            " (SELECT count(*) FROM attempt a WHERE a.notification_id = n.notification_id"
            "  AND a.outcome = 'unknown') FROM notification n"
        )
        ids = {row[0] for row in rows}
        assert (set(), True) == (self.expected - ids, len(ids) == len(rows)), "I16"
        said = await self.bench.said()
        told = {
            status: {p.notification_id for p in said if isinstance(p, kind)}
            for status, kind in (
                ("sent", NotificationSent),
                ("dead", NotificationFailed),
                ("suppressed", NotificationSuppressed),
            )
        }
        for one, message, status, _ in rows:
            assert one in told[status], f"I17: {status} without a fact"
            assert status != "sent" or self.captures[message], "I17: sent without a capture"
        for message, count in self.captures.items():
            unknown = max(row[3] for row in rows if row[1] == message)
            assert count <= 1 + unknown, "I18"
        for times in self.left.values():
            for first, begins in enumerate(times):
                for last in range(first, len(times)):
                    seconds = (times[last] - begins).total_seconds()
                    assert last - first + 1 <= RATE.burst + RATE.per_second * seconds, "I20"

    def _terms(self) -> RecordTerms:
        return RecordTerms(
            policy=self.bench.policy.notification,
            channels=("email", "webhook"),
            jitter=lambda: 0.5,
            limits=LIMITS,
        )

    async def _cancelled(self) -> set[UUID]:
        found = await self._query(
            "SELECT notification_id FROM notification WHERE status = 'suppressed' OR reason IS NOT NULL"
        )
        return {row[0] for row in found}

    async def _query(self, statement: str) -> list[tuple[UUID, UUID, str, int]]:
        async with self.bench.engine.connect() as tx:
            return [tuple(row) for row in await fetch(tx, statement)]


async def lived(engine: AsyncEngine, steps: list[tuple[str, object]]) -> None:
    """One life on clean tables."""
    async with engine.begin() as tx:
        for table in ("notification", "ticket", "recipient", "target", "outbox", "stream"):
            await tx.exec_driver_sql(f"DELETE FROM {table}")
    life = Life(Bench(engine))
    await life.bench.know()
    await life.bench.hear(a(TicketAssigned, agent_id="ana", team="specialists"))
    for step in steps:
        await life.play(*step)
    await life.to_the_end()
    await life.check()


async def test_I16_I17_I18_I19_I20_hold_whatever_happens(
    engine_for: Callable[[str], AsyncEngine],
) -> None:
    engine, loop = engine_for("notifier"), asyncio.get_running_loop()

    @settings(
        max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(STEPS)
    def play(steps: list[tuple[str, object]]) -> None:
        asyncio.run_coroutine_threadsafe(lived(engine, steps), loop).result()

    await asyncio.to_thread(play)
