"""What happens to the escalators of a proof, one thing after the other, while they are killed now and then."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from tests.load.router_proof.ground import Ground
from tests.load.router_proof.replicas import Replicas

from .plan import STEP, Plan
from .stepped import step


class Trouble:
    """The faults of a plan; `done` counts them by name."""

    def __init__(self, plan: Plan, ground: Ground, replicas: Replicas, clock: Path) -> None:
        self.done: Counter[str] = Counter()
        self._plan = plan
        self._ground = ground
        self._replicas = replicas
        self._clock = clock
        self._spared = False

    async def make(self, over: Callable[[], bool]) -> None:
        """Every fault once, and again until `over`; afterwards everything runs as it should."""
        faults = (self._outage, self._restart, self._crash, self._lag, self._ahead, self._behind)
        while True:
            for fault in faults:
                await asyncio.sleep(self._plan.calm)
                await fault()
            if over():
                return

    async def kill_now_and_then(self, chance: random.Random) -> None:
        """Kill one of them about every so many seconds, but nobody who sleeps, until cancelled."""
        while True:
            await asyncio.sleep(self._plan.kill_every * chance.uniform(0.6, 1.4))
            if not self._spared:
                self._replicas.kill(chance.randrange(len(self._replicas.members)))

    async def _outage(self) -> None:
        """The broker hangs: it accepts everything and answers nothing."""
        pair = self._ground.pair
        if pair is not None and pair.broker is not None and pair.broker.pid is not None:
            async with self._told("broker stopped and resumed"), _asleep(pair.broker.pid):
                await asyncio.sleep(self._plan.outage)

    async def _restart(self) -> None:
        """PostgreSQL stops, and starts again."""
        pair = self._ground.pair
        if pair is not None and (postgres := pair.postgres) is not None:
            async with self._told("PostgreSQL restarted"):
                await _in_thread(postgres.stop, postgres.start)

    async def _crash(self) -> None:
        """PostgreSQL is killed, and started again."""
        pair = self._ground.pair
        if pair is not None and (postgres := pair.postgres) is not None:
            async with self._told("PostgreSQL killed"):
                await _in_thread(postgres.kill, postgres.start)

    async def _lag(self) -> None:
        """Every escalator sleeps, and wakes that far behind."""
        self._spared = True
        async with self._told("all escalators behind by the lag"):
            await asyncio.gather(
                *(self._sleep(number) for number in range(len(self._replicas.members)))
            )
        self._spared = False

    async def _sleep(self, number: int) -> None:
        await self._replicas.suspend(number, self._plan.lag)

    async def _ahead(self) -> None:
        await self._step(STEP)

    async def _behind(self) -> None:
        await self._step(-STEP)

    async def _step(self, offset: timedelta) -> None:
        """The wall clock of every escalator is wrong for a while; some are killed and start with it."""
        async with self._told("wall clock stepped and put right"):
            step(self._clock, offset)
            try:
                await asyncio.sleep(self._plan.stepped)
            finally:
                step(self._clock, timedelta(0))

    @asynccontextmanager
    async def _told(self, name: str) -> AsyncIterator[None]:
        yield
        self.done[name] += 1


@asynccontextmanager
async def _asleep(pid: int) -> AsyncIterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def _in_thread(*deeds: Callable[[], None]) -> None:
    for deed in deeds:
        await _shielded(asyncio.to_thread(deed))


async def _shielded(running: Awaitable[None]) -> None:
    """A server that is being stopped or started is not left half way when everything ends."""
    await asyncio.shield(asyncio.ensure_future(running))
