"""Subscriptions on a bench: real tables, real requests to loopback, a clock that stands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx2
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.message import Message
from services.notifier.senders.base import Sender
from services.notifier.subscriptions.api import subscription_routes
from services.notifier.subscriptions.courier import Courier
from services.notifier.subscriptions.fanning import fan_out
from services.notifier.subscriptions.managing import Managing
from services.notifier.subscriptions.metrics import SubscriptionMetrics
from services.notifier.subscriptions.notices import Notices
from services.notifier.subscriptions.settings import SubscriptionSettings
from services.notifier.subscriptions.tidying import Tidier
from shared.clock import FakeClock
from shared.contracts import Event, FollowUp, Payload
from shared.db.engine import Transaction, fetch
from shared.http.app import create_app
from shared.http.auth import Keyring, new_key
from shared.http.egress import Egress
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.runtime.batch import Batch
from shared.runtime.writer import Writer
from shared.settings import ApiKey, HttpSettings
from tests.support.builders import MONDAY_10, an_event

KEY, DIGEST = new_key()


class _Asleep:
    """A relay that is not there."""

    def wake(self) -> None:
        """Nobody wakes."""


class Postman:
    """A mail sender that keeps its letters; `results` are used up one by one."""

    channel = "email"
    recognises_repeats = True

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.results: list[Result] = []

    async def send(self, message: Message) -> Result:
        """Keep the letter and answer as told."""
        self.letters.append(message)
        return self.results.pop(0) if self.results else Result(Outcome.SENT)


class Desk:
    """Subscribe over HTTP with `client`, tell facts with `hear`, let it deliver with `deliver`."""

    def __init__(
        self,
        engine: AsyncEngine,
        client: httpx2.AsyncClient,
        clock: FakeClock,
        *,
        app: FastAPI,
        egress: Egress,
        settings: SubscriptionSettings,
    ) -> None:
        self.app = app
        self.engine = engine
        self.client = client
        self.clock = clock
        self.settings = settings
        self.egress = egress
        self.metrics = SubscriptionMetrics(Catalogue("notifier"))
        self.writer = Writer(engine, clock, source="/notifier", relay=_Asleep())
        self.post = Postman()
        senders: dict[str, Sender] = {"email": self.post}
        self.notices = Notices(self.writer, senders)
        self.tidier = Tidier(
            writer=self.writer, clock=clock, settings=settings, metrics=self.metrics
        )
        self.courier = self.another()
        self._sequence = count(1)

    def another(self) -> Courier:
        """A courier as another process would have it."""
        return Courier(
            writer=self.writer,
            clock=self.clock,
            egress=self.egress,
            settings=self.settings,
            jitter=lambda: 0.5,
            metrics=self.metrics,
        )

    async def subscribe(self, url: str, *events: str, **more: Any) -> dict[str, Any]:
        """A new subscription's answer, its secret included."""
        body = {"url": url, "events": list(events or ("escalation.*", "sla.*")), **more}
        made = await self.client.post("/v1/subscriptions", json=body)
        assert made.status_code == 201, made.text
        answer: dict[str, Any] = made.json()
        return answer

    async def ask(self, method: str, path: str, *, expect: int | None = None, **more: Any) -> Any:
        """The JSON of an answer about subscriptions."""
        answer = await self.client.request(method, f"/v1/subscriptions{path}", **more)
        wanted = {200, 201, 202, 204} if expect is None else {expect}
        assert answer.status_code in wanted, answer.text
        return answer.json() if answer.content else None

    async def hear(self, *said: Payload) -> list[Event]:
        """One batch of facts."""
        events = [an_event(p, at=self.clock.now(), sequence=next(self._sequence)) for p in said]
        await self.hear_events(events)
        return events

    async def hear_events(self, events: Sequence[Event]) -> int:
        """One batch of events, as the runtime would; how many deliveries that planned."""

        async def work(tx: Transaction, now: Any) -> tuple[int, list[FollowUp]]:
            return await fan_out(tx, Batch(tuple(events), now, {e.subject: 0 for e in events})), []

        return await self.writer.write(work)

    async def deliver(self, courier: Courier | None = None) -> None:
        """Steps until nothing is left to do at this instant."""
        one = courier or self.courier
        while await one.step():
            continue

    async def advance(self, **duration: float) -> None:
        """Let time pass."""
        await self.clock.advance(timedelta(**duration))

    async def log(self, subscription_id: str) -> list[dict[str, Any]]:
        """The delivery log, the oldest first."""
        found: list[dict[str, Any]] = await self.ask("GET", f"/{subscription_id}/deliveries")
        return found[::-1]

    async def outcomes(self, subscription_id: str, event_id: UUID | str) -> list[str | None]:
        """What came of every attempt of one delivery."""
        found = await self.ask("GET", f"/{subscription_id}/deliveries/{event_id}")
        return [attempt["outcome"] for attempt in found["log"]]

    async def rows(self, statement: str) -> list[Any]:
        """What a query finds."""
        async with self.engine.connect() as tx:
            return list(await fetch(tx, statement))


@asynccontextmanager
async def a_desk(
    engine: AsyncEngine, *, allowed: frozenset[str] = frozenset(), **settings: Any
) -> AsyncIterator[Desk]:
    """A desk whose egress lets requests through to `allowed`."""
    clock = FakeClock(MONDAY_10)
    told = SubscriptionSettings(**settings)
    scopes = frozenset({"subscriptions:read", "subscriptions:write"})
    catalogue = Catalogue("notifier")

    async def ready() -> list[str]:
        return []

    writer = Writer(engine, clock, source="/notifier", relay=_Asleep())
    managing = Managing(writer, timedelta(days=told.keep_days))
    app = create_app(
        service="notifier",
        catalogue=catalogue,
        metrics=RuntimeMetrics(catalogue),
        settings=HttpSettings(),
        api_keys=Keyring({"tests": ApiKey(sha256=DIGEST, scopes=scopes)}, clock=clock),
        readiness=ready,
        routes=[subscription_routes(engine, managing)],
    )
    egress = Egress(allowed)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://test", headers={"x-api-key": KEY}
    ) as client:
        desk = Desk(engine, client, clock, app=app, egress=egress, settings=told)
        try:
            yield desk
        finally:
            await desk.courier.close()
            await egress.close()
