"""The whole system in one process: the four real services, one clock that only a test moves.

PostgreSQL, HTTP and SMTP are real; Kafka is the broker in memory, which can be made to fail. A story is told
with `webhook`, `until` and `advance`; what came of it is read from the topics, the mails and the queues.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid4

import httpx2
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from services.escalator.config import EscalatorSettings
from services.escalator.main import build as build_escalator
from services.intake.config import IntakeSection, IntakeSettings, SourceSettings
from services.intake.main import build as build_intake
from services.notifier.config import NotifierSection, NotifierSettings
from services.notifier.main import build as build_notifier
from services.notifier.senders.settings import SmtpSettings
from services.router.config import RouterSettings
from services.router.main import build as build_router
from shared.clock import FakeClock
from shared.contracts import PAYLOADS, ClockPayload, Event, decode
from shared.db import dead_letters, outbox
from shared.db.dead_letters import Parked
from shared.db.engine import fetch
from shared.http.auth import SCOPES, fingerprint
from shared.http.egress import Egress
from shared.kafka.client import BrokerUnavailableError
from shared.kafka.memory import MemoryBroker
from shared.kafka.topics import load
from shared.observability.spans import OFF, Tracer
from shared.runtime.clock_guard import ClockReading
from shared.runtime.http_server import HttpServer
from shared.runtime.service import Service
from shared.runtime.worker import Worker
from shared.settings import ApiKey, DatabaseSettings, HttpSettings
from tests.support.builders import MONDAY_10
from tests.support.crashes import CrashError
from tests.support.intake import SECRET, a_message, a_status, an_open, signed
from tests.support.mails import TOKEN
from tests.support.sinks import MailSink, a_mail_relay

KEY: Final = "tl_world"

NAMES: Final = ("intake", "router", "escalator", "notifier")

#: The packaged workflow as the examples of the semantics assume it: no fast track for important
#: customers (G11; only a source that says so makes one important), and every ticket enters at tier_1.
PLAIN: Final = """
version: 1
conditions: {vip: customer_vip}
routing_rules: [{action: assign_to_frontline}]
"""

#: When each service has something to do that only time brings about.
_NEXT_DUE: Final = {
    "escalator": "SELECT min(next_due_at) FROM sla_case WHERE next_due_at > $1",
    "router": (
        "SELECT min(at) FROM (SELECT due_at AS at FROM work_item UNION ALL SELECT changes_at FROM agent) AS d"
        " WHERE at > $1"
    ),
    "notifier": (
        "SELECT min(at) FROM (SELECT due_at AS at FROM notification WHERE status IN ('pending', 'leased')"
        " UNION ALL SELECT ready_at FROM target) AS d WHERE at > $1"
    ),
}

#: The clock cuts microseconds off, and a retry's jitter may have some.
_TO_THE_NEXT_MILLISECOND: Final = timedelta(microseconds=999)

#: A world that goes on for this many rounds at one instant has a loop in it.
_ROUNDS: Final = 200

#: Who records the spans of a service.
TracerOf: TypeAlias = Callable[[str], Tracer]


class Mail:
    """One mail that arrived."""

    def __init__(self, to: str, raw: bytes) -> None:
        self.to = to
        message = email.message_from_bytes(raw, policy=email.policy.default)
        self.subject = str(message["Subject"])
        self.message_id = str(message["Message-ID"]).strip("<>").partition("@")[0]
        body = message.get_body(preferencelist=("plain",))
        self.text = body.get_content() if body is not None else ""

    @property
    def token(self) -> str:
        """The token of its acknowledgement link."""
        found = re.search(r"/a/([\w-]+)", self.text)
        assert found is not None, self.text
        return found[1]


class World:
    """Four services, a broker, a clock, a mail relay. Made by `a_world`."""

    def __init__(
        self,
        database_url: str,
        workflow: Path,
        relay: MailSink,
        begins: datetime,
        tracer_of: TracerOf,
    ) -> None:
        self.database_url = database_url
        self.workflow = workflow
        self.clock = FakeClock(begins)
        self.broker = MemoryBroker(self.clock)
        self.relay = relay
        self.services: dict[str, Service] = {}
        self.clients: dict[str, httpx2.AsyncClient] = {}
        self.crashed: list[str] = []
        self._at_rest: set[Worker] = set()
        self.intake_url = ""
        self._tracer_of = tracer_of
        self._common: dict[str, Any] = {
            "database": DatabaseSettings(url=SecretStr(database_url), pool_size=4),
            "api_keys": {"world": ApiKey(sha256=fingerprint(KEY), scopes=SCOPES)},
            "workflow_file": workflow,
        }

    async def start(self, name: str) -> None:
        """Build a service anew, as a new process would."""
        service = self._build(name)
        for begin in service.on_start:
            await begin()
        service.guard._read = self._clocks
        await service.guard.step()
        self.services[name] = service
        self.clients[name] = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=service.app),
            base_url=f"http://{name}",
            headers={"authorization": f"Bearer {KEY}"},
        )

    async def intake(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The intake there is now, for those who ask it over a socket: one that was killed answers nobody."""
        app = self.services["intake"].app
        assert app is not None
        await app(scope, receive, send)

    async def _clocks(self) -> ClockReading:
        """PostgreSQL's clock would show the day of the test run: here it agrees with the world's."""
        now = self.clock.now()
        return ClockReading(wall=now, database=now, monotonic=self.clock.monotonic())

    async def kill(self, name: str) -> None:
        """End a service without telling anybody: its group learns it, its connections are cut."""
        service = self.services.pop(name)
        await self.clients.pop(name).aclose()
        if service.consumer is not None:
            self.broker.expel(f"tierline.{name}")
        await service.engine.dispose()
        for close in service._on_stop:
            if isinstance(holder := getattr(close, "__self__", None), Egress):
                await holder.close()  # what a dying process does to its connections

    async def restart(self, name: str) -> None:
        """Kill a service and start it again."""
        await self.kill(name)
        await self.start(name)

    def _build(self, name: str) -> Service:
        parts: Any = {
            "clock": self.clock,
            "kafka": self.broker,
            "tracer": self._tracer_of(name),
        }
        match name:
            case "intake":
                source = SourceSettings(secrets=(SecretStr(SECRET),))
                mailbox = SourceSettings(channel="email", secrets=(SecretStr(TOKEN),))
                section = IntakeSection(sources={"generic": source, "email": mailbox})
                settings = IntakeSettings(**self._common, intake=section)
                return build_intake(settings, **parts)
            case "router":
                routing = RouterSettings(**self._common)
                return build_router(routing, **parts)
            case "escalator":
                escalating = EscalatorSettings(**self._common)
                return build_escalator(escalating, **parts)
            case _:
                smtp = SmtpSettings(host="127.0.0.1", port=self.relay.port, security="none")
                telling = NotifierSection(
                    smtp=smtp, intake_url=self.intake_url, intake_key=SecretStr(KEY)
                )
                notifying = NotifierSettings(**self._common, notifier=telling)
                return build_notifier(notifying, **parts)

    # What happens in it

    async def settle(self) -> None:
        """Run everything until nothing moves at this instant. What crashes is started again."""
        self._at_rest.clear()
        for _ in range(_ROUNDS):
            moved = [await self._turn_or_die(name) for name in list(self.services)]
            if not any(moved):
                return
        raise AssertionError(f"the world did not come to rest in {_ROUNDS} rounds")

    async def _turn_or_die(self, name: str) -> bool:
        """One turn of a service; where a failpoint ends it, it is started again."""
        try:
            return await self._turn(self.services[name])
        except CrashError:
            self.crashed.append(name)
            await self.restart(name)
            return True

    async def _turn(self, service: Service) -> bool:
        moved = False
        if service.consumer is not None:
            try:
                moved = await service.consumer.run_once() > 0
            except BrokerUnavailableError:
                moved = False
        for worker in (service.relay.worker, *service.workers):
            moved = await self._step(worker) or moved
        return moved

    async def _step(self, worker: Worker) -> bool:
        """A worker that found nothing at this instant is asked again only when somebody wakes it."""
        if worker in self._at_rest and not worker.woken:
            return False
        try:
            moved = await worker.run_once()
        except BrokerUnavailableError:
            moved = False
        if not moved:
            self._at_rest.add(worker)
        return moved

    async def advance(self, **delta: float) -> None:
        """Let time pass (`minutes=8`), stopping wherever something falls due."""
        await self.until(self.clock.now() + timedelta(**delta))

    async def until(self, instant: datetime | str) -> None:
        """Let time pass until an instant, or until `HH:MM:SS` of the day it is."""
        target = self.at(instant) if isinstance(instant, str) else instant
        await self.settle()
        while (due := await self._next_due()) is not None and due <= target:
            await self.clock.move_to(due + _TO_THE_NEXT_MILLISECOND)
            await self.settle()
        await self.clock.move_to(target)
        await self.settle()

    def at(self, time: str) -> datetime:
        """`HH:MM:SS[.fff]` of the day it is, in UTC."""
        return datetime.fromisoformat(f"{self.clock.now().date()}T{time}+00:00")

    async def _next_due(self) -> datetime | None:
        dues = [
            await self.value(name, statement, self.clock.now())
            for name, statement in _NEXT_DUE.items()
            if name in self.services
        ]
        return min((due for due in dues if due is not None), default=None)

    async def webhook(
        self,
        *commands: Mapping[str, Any],
        message_id: str | None = None,
        traceparent: str | None = None,
    ) -> httpx2.Response:
        """One signed delivery of the source `generic`, and everything that follows from it at once."""
        raw = json.dumps(commands[0] if len(commands) == 1 else list(commands)).encode()
        headers = signed(raw, self.clock.now(), message_id=message_id or str(uuid4()))
        if traceparent:
            headers["traceparent"] = traceparent
        answer = await self.clients["intake"].post(
            "/v1/channels/generic/webhook", content=raw, headers=headers
        )
        await self.settle()
        return answer

    async def mail(self, raw: bytes) -> httpx2.Response:
        """A mail arrives in intake's mailbox, and everything that follows from it at once."""
        path = f"/v1/channels/email/webhook/{TOKEN}"
        answer = await self.clients["intake"].post(path, content=raw)
        await self.settle()
        return answer

    async def open(self, external_id: str = "4711", **fields: Any) -> UUID:
        """A customer's ticket arrives; returns its id."""
        answer = await self.webhook(an_open(external_id, **fields))
        assert answer.status_code in {200, 202}, answer.text
        return UUID(answer.json()["ticket_id"])

    async def says(self, kind: str, external_id: str = "4711", **fields: Any) -> None:
        """A customer or an agent writes, in public unless said otherwise."""
        answer = await self.webhook(a_message(external_id, kind, **fields))
        assert answer.status_code == 202, answer.text

    async def status(self, status: str, external_id: str = "4711", **fields: Any) -> None:
        """The source reports a new status."""
        fields.setdefault("by", {"kind": "agent", "id": "agent-1"})
        answer = await self.webhook(a_status(status, external_id, **fields))
        assert answer.status_code == 202, answer.text

    async def call(
        self, service: str, method: str, path: str, body: object = None
    ) -> httpx2.Response:
        """A call of a service's own API with a key that may do everything, and what follows."""
        headers = {"idempotency-key": str(uuid4())} if method == "POST" else {}
        answer = await self.clients[service].request(method, path, json=body, headers=headers)
        await self.settle()
        return answer

    async def agent(self, agent_id: str, *, level: str = "tier_1", **fields: Any) -> None:
        """Somebody who works tickets: online, and taking all they are given, unless said otherwise."""
        body = {"name": agent_id.title(), "team": "frontline", "level": level}
        plain = {**body, "presence": "online", "auto_accept": True}
        answer = await self.call("router", "PUT", f"/v1/agents/{agent_id}", {**plain, **fields})
        assert answer.status_code == 200, answer.text

    async def recipient(self, recipient_id: str, *roles: str, team: str | None = None) -> None:
        """Somebody who can be told, by mail."""
        address = f"{recipient_id}@support.example"
        body = {
            "name": recipient_id.title(),
            "roles": list(roles),
            "team": team,
            "channels": {"email": address},
        }
        answer = await self.call("notifier", "PUT", f"/v1/recipients/{recipient_id}", body)
        assert answer.status_code == 200, answer.text

    # What came of it

    def events(self, name: str, ticket: UUID | None = None) -> list[Event]:
        """The events of one type (`sla.breached`), each once, in the order of its topic."""
        described = PAYLOADS[f"support.{name}.v1"]
        found: dict[UUID, Event] = {}
        for record in self.broker.records(described.topic):
            event = decode(record.value)
            if event.type == described.event_type and ticket in (None, UUID(event.subject)):
                found.setdefault(event.id, event)
        return list(found.values())

    def told(self, name: str, ticket: UUID, *fields: str) -> list[tuple[Any, ...]]:
        """`(HH:MM:SS, field, …)` of every event of one type about a ticket, level clocks apart."""
        return [
            (clock_time(event.time), *(getattr(event.payload, field) for field in fields))
            for event in self.events(name, ticket)
            if not is_of_level(event)
        ]

    def mails(self, to: str | None = None) -> list[Mail]:
        """The mails that arrived, in order; of one recipient, named as for `recipient`."""
        pairs = zip(self.relay.envelopes, self.relay.mails, strict=True)
        mails = [Mail(address, raw) for (_, addresses), raw in pairs for address in addresses]
        return [mail for mail in mails if to is None or mail.to.split("@")[0] == to]

    async def agents(self) -> dict[str, float]:
        """The load of every agent."""
        answer = await self.clients["router"].get("/v1/agents")
        return {agent["agent_id"]: agent["load"] for agent in answer.json()["agents"]}

    async def value(self, service: str, statement: str, *parameters: object) -> Any:
        """The one value a SELECT finds in a service's schema."""
        async with self.services[service].engine.connect() as tx:
            [(found,)] = await fetch(tx, statement, parameters)
        return found

    async def parked(self, service: str) -> list[Parked]:
        """A service's unreleased dead letters."""
        async with self.services[service].engine.connect() as tx:
            return await dead_letters.list_parked(tx)

    async def release(self, service: str, ticket: UUID) -> None:
        """An operator asks for another try of everything parked of a ticket."""
        async with self.services[service].engine.begin() as tx:
            await dead_letters.request_release(tx, self.clock.now(), key=str(ticket))
        await self.advance(seconds=1)

    async def unpublished(self) -> int:
        """How many events the relays still owe."""
        owed = 0
        for service in self.services.values():
            async with service.engine.connect() as tx:
                owed += (await outbox.owed(tx))[0]
        return owed


def is_of_level(event: Event) -> bool:
    """Is it about the time of a level's people (semantics X2)?"""
    return isinstance(event.payload, ClockPayload) and event.payload.metric.of_level


def clock_time(instant: datetime) -> str:
    """`HH:MM:SS`, with milliseconds where there are some."""
    return instant.strftime("%H:%M:%S.%f").rstrip("0").rstrip(".")


@asynccontextmanager
async def a_world(
    database_url: str,
    folder: Path,
    *,
    workflow: str = PLAIN,
    begins: datetime = MONDAY_10,
    tracer_of: TracerOf = lambda _service: OFF,
) -> AsyncIterator[World]:
    """A world on a migrated database; intake answers the notifier over a real socket."""
    file = folder / "workflow.yaml"
    file.write_text(workflow, encoding="utf-8")
    async with a_mail_relay() as relay:
        world = World(database_url, file, relay, begins, tracer_of)
        await create_topics(world.broker)
        await world.start("intake")

        async def intake(scope: Scope, receive: Receive, send: Send) -> None:
            await world.intake(scope, receive, send)  # a method is taken for an old kind of app

        server = HttpServer(intake, HttpSettings(port=0))
        world.intake_url = server.url
        serving = asyncio.create_task(server.run())
        for name in NAMES[1:]:
            await world.start(name)
        try:
            yield world
        finally:
            for client in world.clients.values():
                await client.aclose()
            for name in reversed([name for name in NAMES if name in world.services]):
                if name == "intake":  # it is asked by others, and so it goes last
                    server.stop()
                    await serving
                await world.services[name].close()


async def create_topics(broker: MemoryBroker) -> None:
    """Create the public topics where they are missing."""
    await broker.create_topics([topic.spec(name) for name, topic in load().items()])
