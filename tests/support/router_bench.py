"""The router on a real database, with Kafka left out: events go straight into its handler."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import httpx2
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.commands import Commands, Profile
from services.router.config import RouterSettings
from services.router.dispatcher import Dispatcher
from services.router.domain.roster import Agent
from services.router.domain.work import WorkItem
from services.router.handlers import handle
from services.router.main import build
from services.router.metrics import RouterMetrics
from services.router.rota import Rota
from services.router.store import history, roster, work
from services.router.store.shifts import Shifts
from services.router.timekeeper import Timekeeper
from shared.clock import FakeClock
from shared.contracts import Event, FollowUp, Payload, decode
from shared.contracts.vocabulary import Presence
from shared.db import outbox
from shared.db.engine import Transaction, fetch
from shared.http.auth import fingerprint
from shared.kafka.memory import MemoryBroker
from shared.observability.metrics import Catalogue
from shared.policy import load_workflow
from shared.runtime.batch import Batch
from shared.runtime.writer import Writer
from shared.settings import ApiKey, DatabaseSettings
from tests.support.builders import MONDAY_10, an_event

KEY = "a-key"


class _NobodyToWake:
    def wake(self) -> None:
        """Nobody sleeps here."""


def a_profile(agent_id: str, **changes: Any) -> Profile:
    """An agent of tier_1 who comes online with 8 units."""
    plain: dict[str, Any] = {
        "name": agent_id.title(),
        "team": "frontline",
        "level": "tier_1",
        "skills": {},
        "channels": (),
        "capacity": 8,
        "presence": Presence.ONLINE,
    }
    return Profile(agent_id=agent_id, **{**plain, **changes})


class RouterBench:
    """Parts of a router over one engine, and short ways to ask what they did."""

    def __init__(self, engine: AsyncEngine, clock: FakeClock | None = None) -> None:
        self.engine = engine
        self.clock = clock or FakeClock(MONDAY_10)
        self.policy = load_workflow(None)
        self.catalogue = Catalogue("router")
        self.writer = Writer(engine, self.clock, source="/router", relay=_NobodyToWake())
        self.metrics = RouterMetrics(self.catalogue)
        self.dispatcher = Dispatcher(self.writer, self.policy, self.metrics)
        nobody, shifts = _NobodyToWake().wake, Shifts(self.policy.calendars)
        self.commands = Commands(self.writer, self.policy, nobody, shifts=shifts)
        self.rota = Rota(
            self.writer, self.policy, nobody, engine=engine, clock=self.clock, shifts=shifts
        )
        self.timekeeper = Timekeeper(self.writer, self.policy, self.metrics, shifts, nobody)
        self._sequence = 0

    async def hear(self, *payloads: Payload, at: datetime | None = None) -> None:
        """Handle `payloads` as one batch, and write what follows."""
        events = [self._event(payload, at or self.clock.now()) for payload in payloads]

        async def apply(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
            batch = Batch(events=tuple(events), now=now, partitions={})
            return None, await handle(tx, batch, policy=self.policy, metrics=self.metrics)

        await self.writer.write(apply)

    async def dispatch(self) -> None:
        """Step until the dispatcher finds nothing more to do."""
        while await self.dispatcher.step():
            continue

    async def pass_time(self, **delta: float) -> None:
        """Let time pass (`minutes=5`), and the timekeeper say what is due by then."""
        await self.clock.advance(timedelta(**delta))
        while await self.timekeeper.step():
            continue

    async def roster(self, *profiles: Profile) -> None:
        """Bring agents in."""
        await self.commands.put_agents(profiles, by="test")

    async def agent(self, agent_id: str) -> Agent:
        """One agent as they are."""
        async with self.engine.connect() as tx:
            return next(one for one in await roster.read_all(tx) if one.agent_id == agent_id)

    async def item(self, ticket_id: UUID) -> WorkItem:
        """One ticket as it is."""
        async with self.engine.connect() as tx:
            return (await work.read(tx, [ticket_id]))[ticket_id]

    async def history(self, ticket_id: UUID) -> Sequence[history.Assignment]:
        """A ticket's assignments, newest first."""
        async with self.engine.connect() as tx:
            return await history.of_ticket(tx, ticket_id)

    async def said(self) -> list[Event]:
        """Everything written to the outbox, oldest first."""
        async with self.engine.connect() as tx:
            return [decode(row.value) for row in await outbox.peek(tx, 10_000)]

    async def said_about_tickets(self) -> list[str]:
        """The names of the events about tickets, oldest first."""
        return [
            event.type.removeprefix("support.ticket.").removesuffix(".v1")
            for event in await self.said()
            if event.topic == "support.assignments"
        ]

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query on the router's schema."""
        async with self.engine.connect() as tx:
            return list(await fetch(tx, sql))

    def _event(self, payload: Payload, at: datetime) -> Event:
        self._sequence += 1
        return an_event(payload, at=at, sequence=self._sequence)


class RouterOverHttp:
    """A whole router as `build` makes it, spoken to over HTTP; its dispatcher steps when told."""

    def __init__(self, database_url: str, clock: FakeClock | None = None) -> None:
        clock = clock or FakeClock(MONDAY_10)
        scopes = frozenset({"roster:read", "roster:write", "queues:read", "assign"})
        settings = RouterSettings(
            database=DatabaseSettings(url=SecretStr(database_url), pool_size=4),
            api_keys={"tests": ApiKey(sha256=fingerprint(KEY), scopes=scopes)},
        )
        self.service = build(settings, clock=clock, kafka=MemoryBroker(clock))
        self.bench = RouterBench(self.service.engine, clock)

    @cached_property
    def app(self) -> FastAPI:
        """The service's app."""
        return self.service.app

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = KEY
    ) -> httpx2.Response:
        """One request with the tests' key."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return await self._request(method, path, json=body, headers=headers)

    async def send(self, path: str, text: str, media_type: str) -> httpx2.Response:
        """One PUT of a text of this kind."""
        headers = {"authorization": f"Bearer {KEY}", "content-type": media_type}
        return await self._request("PUT", path, content=text.encode(), headers=headers)

    async def _request(self, method: str, path: str, **request: Any) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://router") as client:
            return await client.request(method, path, **request)

    async def close(self) -> None:
        """Let go of the database."""
        await self.service.engine.dispose()
