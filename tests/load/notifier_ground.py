"""A real notifier under measurement: its people, the facts it hears, and when their messages arrive."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final
from uuid import UUID

import httpx2

from services.notifier.domain.notification import notification_id
from shared.clock import SystemClock
from shared.contracts import Event, SlaBreached, TicketAssigned, encode, headers
from shared.contracts.vocabulary import Priority
from shared.ids import new_id
from shared.kafka.client import Producer
from shared.kafka.records import Outgoing
from tests.load.router_proof.ground import Ground, own_ground
from tests.load.router_proof.replicas import Replicas
from tests.load.router_proof.rounds import connected
from tests.support.builders import a, an_event
from tests.support.running import until
from tests.support.sink_faults import Captures, FaultyHook, HookFault, faulty_hooks

#: Any secret will do.
_SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

_WORKFLOW: Final = """
version: 1
notifications:
  rules: [{{on: sla.breached, to: [team_managers], via: [webhook], template: breach}}]
  fallback: {{}}
  budget: {{messages: {messages}, sms: 6}}
  digest: {{every: 1_minute}}
  bundle: {bundle}
"""


@dataclass
class Endpoint:
    """The endpoint of one team's manager; it answers at once, or never while it is `dead`."""

    team: str
    captures: Captures
    dead: bool = False
    hook: FaultyHook = field(init=False)

    def __post_init__(self) -> None:
        """Make it answer as it is told."""
        self.hook = FaultyHook(
            self.captures, lambda: HookFault.HANG if self.dead else HookFault.NONE
        )

    @property
    def target(self) -> str:
        """What the notifier calls it."""
        return f"webhook:127.0.0.1:{self.hook.port}"


class Told:
    """The notifier, its `endpoints`, and the facts it is told. `written`: when each message's fact was."""

    def __init__(
        self, ground: Ground, notifier: Replicas, endpoints: Sequence[Endpoint], captures: Captures
    ) -> None:
        self.ground, self.endpoints, self.captures = ground, endpoints, captures
        self.written: dict[UUID, float] = {}
        self._notifier = notifier
        self._clock = SystemClock()
        self._tickets: dict[str, list[UUID]] = {}
        self._cycle = 0
        self._sequences: dict[UUID, int] = {}
        self._producer: Producer = ground.kafka.producer()

    async def meet(self, tickets: int) -> None:
        """So many tickets for every team, each known before anything is measured."""
        events = []
        for end in self.endpoints:
            self._tickets[end.team] = [new_id() for _ in range(tickets)]
            events += [
                an_event(
                    a(TicketAssigned, ticket_id=t, agent_id="", team=end.team, accept_by=None),
                    at=self._clock.now(),
                )
                for t in self._tickets[end.team]
            ]
        await self._write(events)

        async def known() -> bool:
            count = await self._ask("SELECT count(*) FROM notifier.ticket")
            return bool(count >= len(events))

        await until(known, "the tickets are known", seconds=60)

    async def breach(
        self, teams: Iterable[str], *, ticket: int = 0, critical: bool = False
    ) -> list[UUID]:
        """A clock of one ticket of each team runs out; the ids of the messages that follow."""
        priority = Priority.CRITICAL if critical else Priority.LOW
        now, made, events = self._clock.now(), [], []
        for team in teams:
            self._cycle += 1
            ticket_id = self._tickets[team][ticket]
            said = a(SlaBreached, ticket_id=ticket_id, cycle=self._cycle, priority=priority)
            events.append(an_event(said, at=now, sequence=self._next(ticket_id)))
            made.append(notification_id(events[-1].id, f"m-{team}", "webhook"))
        self.written |= dict.fromkeys(made, monotonic())
        await self._write(events)
        return made

    async def arrived(self, messages: Sequence[UUID], seconds: float = 60.0) -> list[float]:
        """How long each took from its fact to its receiver, in seconds. AssertionError if one is missing."""
        await until(
            lambda: all(self.captures.count(str(m)) for m in messages),
            "all arrive",
            seconds=seconds,
        )
        return [self.captures.at[str(m)][0] - self.written[m] for m in messages]

    def last_arrival(self, messages: Sequence[UUID]) -> float:
        """When the last of them arrived, by the monotonic clock."""
        return max(self.captures.at[str(m)][0] for m in messages)

    async def recover(self, seconds: float = 90.0) -> None:
        """Everybody is well again, what had to wait is told, nothing is open."""
        for end in self.endpoints:
            if end.dead:
                end.dead = False
                await self._call("POST", f"/v1/targets/{end.target}:reset")

        async def nothing_left() -> bool:
            left = (
                "SELECT count(*) FROM notifier.notification WHERE status IN ('pending', 'leased')"
            )
            return not await self._ask(left)

        await until(nothing_left, "nothing is open", seconds=seconds)

    async def introduce(self) -> None:
        """Put every manager into the directory."""
        people = [
            {
                "recipient_id": f"m-{end.team}",
                "name": end.team,
                "team": end.team,
                "roles": ["manager"],
                "channels": {"webhook": end.hook.url},
            }
            for end in self.endpoints
        ]
        await self._call("PUT", "/v1/recipients", {"recipients": people})

    async def rows(self, statement: str) -> list[Mapping[str, Any]]:
        """What its tables say."""
        async with connected(self.ground) as database:
            return [dict(row) for row in await database.fetch(statement)]

    async def close(self) -> None:
        """Write no more."""
        await self._producer.stop()

    def _next(self, ticket_id: UUID) -> int:
        self._sequences[ticket_id] = self._sequences.get(ticket_id, 0) + 1
        return self._sequences[ticket_id]

    async def _ask(self, statement: str) -> Any:
        async with connected(self.ground) as database:
            return await database.fetchval(statement)

    async def _call(self, method: str, path: str, body: object = None) -> None:
        base, key = self._notifier.members[0].url, self._notifier.key
        async with httpx2.AsyncClient(trust_env=False, headers={"x-api-key": key}) as client:
            (await client.request(method, base + path, json=body)).raise_for_status()

    async def _write(self, events: Sequence[Event]) -> None:
        left = [Outgoing(e.topic, e.subject, encode(e), headers(e)) for e in events]
        while left:
            taken = await self._producer.send(left)
            left = [one for one, ok in zip(left, taken, strict=True) if not ok]


@asynccontextmanager
async def told(
    folder: Path, *, targets: int, tickets: int, messages: int, bundle: str
) -> AsyncIterator[Told]:
    """A notifier with its default settings, on ground of its own, that knows everybody and every ticket."""
    captures = Captures()
    endpoints = [Endpoint(f"t{number:03}", captures) for number in range(targets)]
    workflow = folder / "workflow.yaml"
    workflow.write_text(_WORKFLOW.format(messages=messages, bundle=bundle))
    async with (
        faulty_hooks(*(end.hook for end in endpoints)),
        own_ground(folder, "notifier") as ground,
    ):
        await ground.renew()
        allowed = json.dumps([f"127.0.0.1:{end.hook.port}" for end in endpoints])
        environment = {
            **ground.environment,
            "TIERLINE_WORKFLOW_FILE": str(workflow),
            "TIERLINE_NOTIFIER__WEBHOOK__SECRET": _SECRET,
            "TIERLINE_NOTIFIER__EGRESS_ALLOW": allowed,
        }
        async with Replicas(1, environment, folder, service="notifier") as notifier:
            found = Told(ground, notifier, endpoints, captures)
            try:
                await found.introduce()
                await found.meet(tickets)
                await asyncio.sleep(1.0)
                yield found
            finally:
                await found.close()
