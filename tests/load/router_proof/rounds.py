"""The proof itself: rounds of feeding, killing, meddling and looking, then the account of each."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg

from shared.contracts import AGENTS, ASSIGNMENTS, TicketAssigned, decode
from tests.support.running import until

from . import audit
from .feed import Feed
from .ground import Ground
from .meddling import People
from .plan import Plan, Verdict
from .replicas import Replicas
from .tale import Tale

#: Seconds between two looks into the tables, and between two calls of people at most.
_LOOK_EVERY: Final = 2.0
_MEDDLE_EVERY: Final = 0.4

#: Called with the number of assignments seen so far.
Progress = Callable[[int], None]

#: Something done to the routers while they work; the second tells how many assignments were seen so far.
Deed = Callable[[Replicas, Callable[[], int]], Coroutine[Any, Any, None]]

#: What a look into the tables meets while the database is away: then there is none.
_AWAY: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Proof:
    """Makes the assignments of a plan, round after round, and judges all of it.

    `deed` is done to the replicas while they work, in place of killing one now and then.
    """

    def __init__(
        self,
        plan: Plan,
        ground: Ground,
        folder: Path,
        *,
        progress: Progress = lambda _: None,
        deed: Deed | None = None,
    ) -> None:
        self.found = Verdict()
        self._plan = plan
        self._ground = ground
        self._folder = folder
        self._progress = progress
        self._chance = random.Random(plan.seed)
        self._deed = deed or self._kill_now_and_then
        self._tale = Tale()

    async def run(self) -> Verdict:
        """Round after round until there are enough, or something is lost."""
        while self.found.assigned < self._plan.assignments and not self.found.lost:
            await self._ground.renew()
            await self._round()
        return self.found

    async def _round(self) -> None:
        """One broker's worth of it: start the replicas, work under fire, settle the account."""
        feed = Feed(self._plan, self._ground.kafka)
        replicas = Replicas(self._plan.replicas, self._ground.environment, self._folder)
        async with replicas:
            people = People(replicas, self._plan.agents, self._chance)
            try:
                if not self.found.rounds:
                    await people.arrive()
                async with beside(feed.run(), self._read(feed, people), self._look()):
                    began = asyncio.get_running_loop().time()
                    await self._work(feed, replicas, people)
                    self.found.seconds += asyncio.get_running_loop().time() - began
            finally:
                await people.close()
            self.found.commands.update(people.answers)
            self.found.kills += replicas.kills
            self.found.own_ends += replicas.own_ends
        await self._account(feed)

    async def _work(self, feed: Feed, replicas: Replicas, people: People) -> None:
        """Until there are enough, with everything that disturbs; then until all are solved."""
        left = self._plan.assignments - self.found.assigned
        goal = self._tale.assigned + min(self._plan.a_round, left)
        deed = self._deed(replicas, lambda: self._tale.assigned)
        async with beside(deed, people.meddle(_MEDDLE_EVERY)):
            await self._moving(lambda: self._tale.assigned >= goal)
        feed.enough = True
        await people.all_back()
        await self._moving(lambda: feed.finished)
        await self._quiet(feed)

    async def _moving(self, reached: Callable[[], bool]) -> None:
        """Wait for it as long as assignments are made; what stands still is found in the account."""
        loop = asyncio.get_running_loop()
        before, since = -1, loop.time()
        while not reached() and loop.time() - since < self._plan.patience:
            if self._tale.assigned != before:
                before, since = self._tale.assigned, loop.time()
                self._progress(before)
            await asyncio.sleep(0.1)

    async def _quiet(self, feed: Feed) -> None:
        """Wait until everything is solved, published and read, or patience is over."""
        async with connected(self._ground) as database:

            async def is_quiet() -> bool:
                if await audit.unfinished(database, feed.opened):
                    return False
                if self._tale.assigned != await audit.assignments(database):
                    return False
                # the next round has a broker of its own, which knows nothing of what nobody read here
                return self._tale.heard_of_agents == await audit.said_of_agents(database)

            try:
                await until(is_quiet, "everything is solved and read", seconds=self._plan.patience)
            except AssertionError:
                self.found.lost += 1

    async def _account(self, feed: Feed) -> None:
        found, tale = self.found, self._tale
        async with connected(self._ground) as database:
            await audit.look(database, found)
            await audit.account(database, found, opened=feed.opened, unwanted=feed.unwanted)
        found.lost += len(feed.opened - feed.unwanted - tale.ever)
        found.rounds += 1
        found.opened += len(feed.opened)
        found.reopened += feed.reopened
        found.assigned, found.repeats = tale.assigned, tale.repeats
        found.gaps, found.doubles_told, found.above_told = tale.gaps, tale.doubles, tale.above
        tale.forget_tickets()

    async def _read(self, feed: Feed, people: People) -> None:
        """Follow the topics as any downstream system would; whoever has got a ticket solves it."""
        group = f"tierline.proof.{uuid4().hex[:8]}"
        topics = [ASSIGNMENTS, AGENTS]
        consumer = self._ground.kafka.consumer(group, topics, on_revoked=_nothing)
        await consumer.start()
        try:
            while True:
                for record in await consumer.poll(timeout_seconds=0.1, max_records=2000):
                    event = decode(record.value)
                    if self._tale.take(event) and isinstance(event.payload, TicketAssigned):
                        people.known.append(event.subject)
                        feed.solve(event.subject)
                await asyncio.sleep(0)
        finally:
            await consumer.stop()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            with contextlib.suppress(*_AWAY):
                async with connected(self._ground) as database:
                    await audit.look(database, self.found)

    async def _kill_now_and_then(self, replicas: Replicas, _: Callable[[], int]) -> None:
        await replicas.kill_now_and_then(self._plan.kill_every, self._chance)


@asynccontextmanager
async def connected(ground: Ground) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the ground's database, its operator's."""
    database = await asyncpg.connect(ground.database_url)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def beside(*running: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """These run meanwhile and are ended afterwards; what one of them raises ends everything."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in running]
        yield
        for task in tasks:
            task.cancel()


async def _nothing(_: object) -> None:
    """A reader that commits nothing has nothing to finish."""
