"""The escalator on a real database, with Kafka left out: events go straight into its handler."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx2
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.escalator import store
from services.escalator.commands import Commands
from services.escalator.config import EscalatorSettings
from services.escalator.domain.case import Case
from services.escalator.handlers import handle
from services.escalator.main import build
from services.escalator.metrics import EscalatorMetrics
from services.escalator.timers import Timers
from shared.clock import FakeClock
from shared.contracts import Event, FollowUp, Payload, decode
from shared.db import outbox
from shared.db.engine import Transaction, fetch
from shared.http.auth import fingerprint
from shared.kafka.memory import MemoryBroker
from shared.observability.metrics import Catalogue
from shared.policy import WorkflowPolicy, load_workflow
from shared.runtime.batch import Batch
from shared.runtime.watermark import Reading
from shared.runtime.writer import Writer
from shared.settings import ApiKey, DatabaseSettings
from tests.support.builders import MONDAY_10, an_event
from tests.support.cases import a_policy, without_level_clocks

KEY = "a-key"
PARTITION = 3


class _NobodyToWake:
    def wake(self) -> None:
        """Nobody sleeps here."""


class Log:
    """How far the log has been heard, as a test says it: to the present unless told otherwise."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._started = clock.now()
        self.heard_to: datetime | None = None
        self.owned = frozenset({PARTITION})
        self.behind = False

    def reading(self) -> Reading:
        """What the watermark would say."""
        now = self._clock.now()
        as_of = self.heard_to if self.behind else now
        return Reading(now=now, as_of=as_of, owned=self.owned, waiting_since=self._started)


class EscalatorBench:
    """Parts of an escalator over one engine, and short ways to ask what they did."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: FakeClock | None = None,
        policy: WorkflowPolicy | None = None,
    ) -> None:
        self.engine = engine
        self.clock = clock or FakeClock(MONDAY_10)
        self.policy = policy or without_level_clocks(a_policy())
        self.log = Log(self.clock)
        self.metrics = EscalatorMetrics(Catalogue("escalator"))
        self.writer = Writer(engine, self.clock, source="/escalator", relay=_NobodyToWake())
        self.timers = Timers(self.writer, self.log, self.policy, self.metrics)
        self.commands = Commands(self.writer, self.policy, self.metrics)
        self._sequence = 0

    async def hear(self, *payloads: Payload, at: datetime | None = None) -> None:
        """Handle `payloads` as one batch, and write what follows."""
        events = [self._event(payload, at or self.clock.now()) for payload in payloads]
        partitions = {event.subject: PARTITION for event in events}

        async def apply(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
            batch = Batch(events=tuple(events), now=now, partitions=partitions)
            return None, await handle(tx, batch, policy=self.policy, metrics=self.metrics)

        await self.writer.write(apply)

    async def fire(self) -> None:
        """Step until the timers find nothing more to do."""
        while await self.timers.step():
            continue

    async def pass_to(self, instant: datetime) -> None:
        """Move the clock, and let the timers look at it."""
        await self.clock.move_to(instant)
        await self.fire()

    async def case(self, ticket_id: UUID) -> Case:
        """One case as it is."""
        async with self.engine.connect() as tx:
            stored = await store.read(tx, ticket_id)
        assert stored is not None
        return stored.case

    async def said(self) -> list[Event]:
        """Everything written to the outbox, oldest first."""
        async with self.engine.connect() as tx:
            return [decode(row.value) for row in await outbox.peek(tx, 10_000)]

    async def names(self) -> list[str]:
        """The names of everything said, oldest first."""
        return [e.type.removeprefix("support.").removesuffix(".v1") for e in await self.said()]

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query on the escalator's schema."""
        async with self.engine.connect() as tx:
            return list(await fetch(tx, sql))

    def _event(self, payload: Payload, at: datetime) -> Event:
        self._sequence += 1
        return an_event(payload, at=at, sequence=self._sequence)


class EscalatorOverHttp:
    """A whole escalator as `build` makes it, spoken to over HTTP; its timers step when told."""

    def __init__(self, database_url: str, clock: FakeClock | None = None) -> None:
        clock = clock or FakeClock(MONDAY_10)
        settings = EscalatorSettings(
            database=DatabaseSettings(url=SecretStr(database_url), pool_size=4),
            api_keys={
                "maria": ApiKey(sha256=fingerprint(KEY), scopes=frozenset({"sla:read", "escalate"}))
            },
        )
        self.service = build(settings, clock=clock, kafka=MemoryBroker(clock))
        self.bench = EscalatorBench(self.service.engine, clock, load_workflow(None))

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = KEY,
        repeat_of: str | None = None,
        more: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """One request with the tests' key; `repeat_of` is its Idempotency-Key, `more` other headers."""
        transport = httpx2.ASGITransport(app=self.service.app)
        headers = {"authorization": f"Bearer {key}"} if key else {}
        headers |= {"idempotency-key": repeat_of} if repeat_of else {}
        headers |= more or {}
        async with httpx2.AsyncClient(transport=transport, base_url="http://escalator") as client:
            return await client.request(method, path, json=body, headers=headers)

    async def close(self) -> None:
        """Let go of the database."""
        await self.service.engine.dispose()
