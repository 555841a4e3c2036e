"""(c) of `make bench-escalator`: the same number of due tickets, by Tierline and by two others.

django-helpdesk: `escalate_tickets` raises a priority, writes a follow-up and a change row, renders a mail
and puts it into Django's outbox in memory. Tierline: a due case is breached and raised, its rows and events
are written, the notifier plans a message, renders it and gives it to a sender that keeps it, and records
that; one process does both, one after the other, and Kafka is left out. APScheduler: a job is run that
inserts one row, and removed. Tierline: the escalator alone, whose event is that row.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from pydantic import SecretStr

from services.escalator.domain.case import Case
from services.escalator.domain.decide import next_due, respond
from services.escalator.domain.items import TimePassed
from services.escalator.metrics import EscalatorMetrics
from services.escalator.state import encoded
from services.escalator.timers import PARTITIONS, Timers
from services.notifier.domain.recipient import Recipient
from shared.clock import FakeClock
from shared.contracts import Event, SlaBreached, decode
from shared.db.engine import create_engine
from shared.ids import new_id
from shared.observability.metrics import Catalogue
from shared.policy import WorkflowPolicy, parse_workflow
from shared.runtime.writer import Writer
from shared.settings import DatabaseSettings
from tests.load.escalator_armed import PRESENT, connect, engine_for, met, opening
from tests.load.escalator_scale import Heard, NobodyToWake
from tests.support.builders import TICKET
from tests.support.figures import Figure, over_rounds
from tests.support.notifier_bench import Bench as Notifier

HELPDESK_TARGET: Final = 30
APSCHEDULER_TARGET: Final = 50

_BATCH: Final = 500
_PATIENCE_SECONDS: Final = 600.0

#: Breach and nothing before it: the level's, with which the ticket is raised. One person is told, at once and by a
#: message for each ticket: what others do not have (bundles, budgets) would spare Tierline work.
_WORKFLOW: Final = """
version: 1
business_hours: always
sla: {thresholds: [80, 100], overdue: []}
notifications:
  rules:
    - {on: escalation.raised, to: [support_manager], via: [email], template: handoff, immediate: true}
"""
_MANAGER: Final = Recipient(
    recipient_id="mara",
    name="Mara",
    team="managers",
    roles=frozenset({"support_manager"}),
    channels={"email": "mara@desk.example"},
)
_ARM: Final = f"""
INSERT INTO sla_case (ticket_id, partition, status, level, next_due_at, state)
SELECT id, (hashtext(id::text) & 2147483647) % {len(PARTITIONS)}, $2, $3, $4,
    replace($5, '{TICKET}', id::text) FROM unnest($1::uuid[]) AS id
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What a round left behind, and how long it took; `alone`: the escalator's part of it."""

    seconds: float
    records: int
    messages: int = 0
    alone: float = 0.0

    @property
    def rate(self) -> float:
        """Due tickets a second."""
        return self.records / self.seconds


class Peer:
    """A process that is told how many are due, and tells what became of them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def round(self, due: int) -> Done:
        """One round. Raises SystemExit when not all of them were dealt with."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{due}\n".encode())
        told = json.loads(await _line(self._process))
        done = Done(told["seconds"], told["records"], told.get("messages", 0))
        if done.records != due or done.messages not in (0, due):
            raise SystemExit(f"{due} were due: {told}")
        return done


@asynccontextmanager
async def peer(module: str, *arguments: str) -> AsyncIterator[Peer]:
    """Runs while the context does; ready inside."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        if (said := await _line(process)).strip() != b"ready":
            raise SystemExit(f"{module} did not start: {said!r}")
        yield Peer(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Desk:
    """Tierline's side: escalator and notifier over one database that has the tables of both."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._policy = parse_workflow(_WORKFLOW)
        self._clock = FakeClock(PRESENT)
        self._engine = engine_for(url)
        metrics = EscalatorMetrics(Catalogue("escalator"))
        writer = Writer(self._engine, self._clock, source="/escalator", relay=NobodyToWake())
        self._timers = Timers(writer, Heard(self._clock), self._policy, metrics)
        told = DatabaseSettings(url=SecretStr(url), pool_size=4)
        self._notifier_engine = create_engine(
            told, service="notifier", application="tierline/bench"
        )
        self._notifier = Notifier(self._notifier_engine, policy=self._policy, per_target=16)
        self._case = before_breach(self._policy)

    async def prepare(self) -> None:
        """Let the notifier know whom to tell."""
        await self._notifier.know([_MANAGER])

    async def close(self) -> None:
        """Let go of the database."""
        await self._engine.dispose()
        await self._notifier_engine.dispose()

    async def round(self, due: int) -> Done:
        """Fire, hear, render, send and record. Raises SystemExit when not all of it was done."""
        await self._arm(due)
        self._notifier.mail.messages.clear()
        began = time.perf_counter()
        while await self._timers.step():
            continue
        alone = time.perf_counter() - began
        events = await self._said()
        for first in range(0, len(events), _BATCH):
            await self._notifier.hear_events(events[first : first + _BATCH])
        await self._notifier.deliver()
        seconds = time.perf_counter() - began
        breached = {event.subject for event in events if isinstance(event.payload, SlaBreached)}
        done = Done(seconds, len(breached), len(self._notifier.mail.messages), alone)
        if (done.records, done.messages) != (due, due):
            raise SystemExit(f"{due} were due: {done}")
        return done

    async def _arm(self, due: int) -> None:
        """Due cases, and a notifier that knows their tickets."""
        at = next_due(self._case, self._policy)
        assert at is not None
        if self._clock.now() < at:
            await self._clock.move_to(at)
        tickets = [new_id() for _ in range(due)]
        case = self._case
        state = encoded(case).decode()
        sql = await connect(self._url)
        await sql.execute("TRUNCATE outbox")
        await sql.execute(_ARM, tickets, str(case.timeline.phase), case.level, at, state)
        await sql.execute("CHECKPOINT")
        await sql.close()
        known = [opening(PRESENT, ticket) for ticket in tickets]
        for first in range(0, due, _BATCH):
            await self._notifier.hear_events(known[first : first + _BATCH])

    async def _said(self) -> list[Event]:
        sql = await connect(self._url)
        rows = await sql.fetch("SELECT value FROM outbox ORDER BY seq")
        await sql.close()
        return [decode(row["value"]) for row in rows]


def before_breach(policy: WorkflowPolicy) -> Case:
    """A case whose next word is its breach."""
    case, _ = met(opening(PRESENT), policy)
    while (due := next_due(case, policy)) is not None:
        after, said = respond(case, TimePassed(as_of=due), policy=policy, now=due)
        if any(isinstance(item.payload, SlaBreached) for item in said):
            return case
        case = after
    raise AssertionError("no target is ever missed")


def figures(
    rounds: Mapping[str, Sequence[Done]], fires: Sequence[float], jobs: Sequence[Done]
) -> list[Figure]:
    """Ratios first. `fires` are the escalator's rates beside `jobs`, both with the same number armed."""
    ours, theirs = rounds["Tierline"], rounds["django-helpdesk"]
    both = list(zip(ours, theirs, strict=True))
    whole = [o.rate / t.rate for o, t in both]
    alone = [o.records / o.alone / t.rate for o, t in both]
    ratio = [f / j.rate for f, j in zip(fires, jobs, strict=True)]
    named = partial(over_rounds, unit="/s")
    return [
        over_rounds(
            "(c) escalator and notifier ÷ escalate_tickets, to the last message",
            whole, "ratio", at_least=HELPDESK_TARGET,
        ),
        over_rounds("(c) the escalator alone ÷ escalate_tickets", alone, "ratio"),
        over_rounds(
            "(c) escalator ÷ APScheduler's job store, a row each",
            ratio, "ratio", at_least=APSCHEDULER_TARGET,
        ),
        named("(c) Tierline, escalator and notifier", [o.rate for o in ours]),
        named("(c) django-helpdesk, escalate_tickets", [t.rate for t in theirs]),
        named("(c) Tierline, escalator", list(fires)),
        named("(c) APScheduler, SQLAlchemyJobStore", [j.rate for j in jobs]),
    ]  # fmt: skip


async def _line(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    async with asyncio.timeout(_PATIENCE_SECONDS):
        return await process.stdout.readline()
