"""A notifier on a bench: real tables, a clock that stands, senders that do as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.articles import Articles
from services.notifier.composing import Composer
from services.notifier.contacts import Contacts
from services.notifier.deliverer import Deliverer
from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.message import Message
from services.notifier.domain.recipient import Recipient
from services.notifier.domain.templates import Templates
from services.notifier.handlers import handle
from services.notifier.leasing import LeaseTerms
from services.notifier.metrics import NotifierMetrics
from services.notifier.recording import RecordTerms
from services.notifier.senders.base import Sender
from services.notifier.store import recipients
from shared.clock import FakeClock
from shared.contracts import Event, FollowUp, NotificationSent, Payload, decode
from shared.db.engine import Transaction, fetch
from shared.observability.metrics import Catalogue
from shared.policy import WorkflowPolicy
from shared.runtime.batch import Batch
from shared.runtime.writer import Writer
from tests.support.builders import MONDAY_10, an_event
from tests.support.telling import EVERYBODY, a_policy


class Obedient:
    """A sender that answers with `results`, one by one, then with success; `gate` holds it up."""

    def __init__(self, channel: str, *, recognises_repeats: bool = True) -> None:
        self.channel = channel
        self.recognises_repeats = recognises_repeats
        self.results: list[Result | Exception] = []
        self.messages: list[Message] = []
        self.gates: dict[str, asyncio.Event] = {}

    async def send(self, message: Message) -> Result:
        """Keep the message and answer as told."""
        self.messages.append(message)
        if gate := self.gates.get(message.recipient_id):
            await gate.wait()
        said = self.results.pop(0) if self.results else Result(Outcome.SENT)
        if isinstance(said, Exception):
            raise said
        return said


class _Asleep:
    """A relay that is not there."""

    def wake(self) -> None:
        """Nobody wakes."""


class Bench:
    """Tell it facts with `hear`, let it deliver with `deliver`, look at rows and events."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        policy: WorkflowPolicy | None = None,
        senders: Mapping[str, Sender] | None = None,
        contacts: Contacts | None = None,
        articles: Articles | None = None,
        per_target: int = 4,
        send_seconds: float = 5.0,
    ) -> None:
        self.engine = engine
        self.clock = FakeClock(MONDAY_10)
        self.policy = policy or a_policy()
        self.mail = Obedient("email")
        self.hooks = Obedient("webhook")
        self.catalogue = Catalogue("notifier")
        self.metrics = NotifierMetrics(self.catalogue)
        self.writer = Writer(engine, self.clock, source="/notifier", relay=_Asleep())
        self.senders: Mapping[str, Sender] = senders or {
            "email": self.mail,
            "webhook": self.hooks,
        }
        self._tokens = count(1)
        self._sequence = count(1)
        self.composer = Composer(
            Templates(self.policy.notification.templates),
            self.clock,
            public_url="https://notifier.test/",
            zone=ZoneInfo("UTC"),
            contacts=contacts,
            articles=articles,
            noise=self.policy.notification.noise,
        )
        self.deliverer = self.another(per_target=per_target, send_seconds=send_seconds)

    def another(self, *, per_target: int = 4, send_seconds: float = 5.0) -> Deliverer:
        """A deliverer as another process would have it."""
        return Deliverer(
            writer=self.writer,
            clock=self.clock,
            senders=self.senders,
            composer=self.composer,
            concurrency=16,
            send_seconds=send_seconds,
            lease_terms=LeaseTerms(
                per_target=per_target,
                lease_for=timedelta(seconds=45),
                link_for=timedelta(hours=72),
                mint=lambda: f"token-{next(self._tokens)}",
                noise=self.policy.notification.noise,
            ),
            record_terms=RecordTerms(
                policy=self.policy.notification, channels=tuple(self.senders), jitter=lambda: 0.5
            ),
            metrics=self.metrics,
        )

    async def know(self, people: Sequence[Recipient] = EVERYBODY) -> None:
        """Put people into the directory."""
        async with self.engine.begin() as tx:
            await recipients.put(tx, people)

    async def hear(self, *said: Payload, at: datetime | None = None) -> list[Event]:
        """Handle one batch of facts."""
        events = [
            an_event(p, at=at or self.clock.now(), sequence=next(self._sequence)) for p in said
        ]
        await self.hear_events(events)
        return events

    async def hear_events(self, events: Sequence[Event]) -> None:
        """Handle one batch of events, as the runtime would."""

        async def work(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
            batch = Batch(tuple(events), now, {e.subject: 0 for e in events})
            channels = tuple(self.senders)
            work_on = partial(handle, policy=self.policy, channels=channels, metrics=self.metrics)
            return None, await work_on(tx, batch)

        await self.writer.write(work)

    async def deliver(self, deliverer: Deliverer | None = None) -> None:
        """Steps until nothing is left to do at this instant."""
        one = deliverer or self.deliverer
        while await one.step():
            continue

    async def advance(self, **duration: float) -> None:
        """Let time pass."""
        await self.clock.advance(timedelta(**duration))

    async def said(self) -> list[Any]:
        """The payloads published so far, in order."""
        async with self.engine.connect() as tx:
            rows = await fetch(tx, "SELECT value FROM outbox ORDER BY seq")
        return [decode(value).payload for (value,) in rows]

    async def sent(self) -> list[NotificationSent]:
        """The notifications published as sent."""
        return [p for p in await self.said() if isinstance(p, NotificationSent)]

    async def rows(self, columns: str = "recipient_id, channel, status, attempts") -> list[Any]:
        """The notifications, by recipient and channel."""
        async with self.engine.connect() as tx:
            statement = f"SELECT {columns} FROM notification ORDER BY recipient_id, channel"
            return list(await fetch(tx, statement))

    async def attempts(self, notification_id: UUID) -> list[str | None]:
        """The outcomes of a notification's attempts."""
        async with self.engine.connect() as tx:
            found = await fetch(
                tx,
                "SELECT outcome FROM attempt WHERE notification_id = $1 ORDER BY n",
                (notification_id,),
            )
        return [outcome for (outcome,) in found]
