"""Customers who go on writing while something is taken away from under them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from .running import Running, until

#: Seconds between two new tickets.
_EVERY = 0.25


@dataclass
class Load:
    """Tickets opened one after the other, each with a life of four commands."""

    tierline: Running
    name: str
    opened: int = 0
    finished: int = 0
    _lives: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Open tickets until cancelled."""
        while True:
            self.opened += 1
            self._lives.add(asyncio.create_task(self._live(f"{self.name}-{self.opened:03}")))
            await asyncio.sleep(_EVERY)

    async def _live(self, external_id: str) -> None:
        customer = {"kind": "customer", "id": f"customer of {external_id}"}
        agent = {"kind": "agent", "id": "farid"}
        await self.tierline.open(external_id, impact="medium", urgency="medium")
        await self.tierline.say(external_id, "ticket.message", author=customer, body="And so on.")
        await self.tierline.say(external_id, "ticket.message", author=agent, body="I see.")
        await self.tierline.say(external_id, "ticket.status", status="resolved", by=agent)
        self.finished += 1

    async def more(self, tickets: int) -> None:
        """Wait until so many further tickets have had their life."""
        goal = self.finished + tickets
        await until(lambda: self.finished >= goal, f"{tickets} tickets more", seconds=60)

    async def finish(self) -> None:
        """Wait until every ticket that was opened has had its life."""
        await asyncio.gather(*self._lives)


@asynccontextmanager
async def under_load(tierline: Running, name: str) -> AsyncIterator[Load]:
    """Customers write, four tickets a second, inside; after it everything they said was answered."""
    load = Load(tierline, name)
    writing = asyncio.create_task(load.run())
    try:
        yield load
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await load.finish()
