"""What `make bench-router` assigns: a workflow with twenty queues, people with skills, and a line of tickets."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.domain.roster import Agent
from services.router.domain.work import UNIT
from services.router.handlers import handle
from services.router.metrics import RouterMetrics
from services.router.store import roster
from shared.clock import SystemClock
from shared.contracts import Customer, Event, FollowUp, TicketOpened
from shared.contracts.vocabulary import Complexity, Grade, Presence, Priority
from shared.db.engine import Transaction, create_engine
from shared.ids import derived_id
from shared.observability.metrics import Catalogue
from shared.policy import WorkflowPolicy, parse_workflow
from shared.runtime.batch import Batch
from shared.runtime.writer import Writer
from shared.settings import DatabaseSettings

QUEUES: Final = 20
SKILLS_OF_AN_AGENT: Final = 4
UNITS_OF_AN_AGENT: Final = 10
_CHUNK: Final = 500
_ROOT: Final = UUID("01970b5a-6c00-7000-8000-00000000be7c")

#: The tables that a round writes; the agents and the waiting tickets are put back from copies.
_CLEAN: Final = "TRUNCATE work_item, agent, assignment, acquaintance, outbox, stream, inbox"


class NobodyToWake:
    """Stands where the relay would."""

    def wake(self) -> None:
        """Nobody sleeps here."""


def workflow() -> WorkflowPolicy:
    """Twenty queues that all share people, a skill each, and the packaged rest."""
    names = [f"q{n:02}" for n in range(QUEUES)]
    queues = "".join(f"  {name}: {{level: tier_1}}\n" for name in names)
    actions = "".join(f"  to_{n}: {{queue: {n}, skills: {{{n}: 3}}}}\n" for n in names)
    rules = "".join(
        f'  - {{condition: "contact_number == {n}", action: to_{name}}}\n'
        for n, name in enumerate(names)
    )
    return parse_workflow(
        "queues:\n  general: {level: tier_1}\n  specialists: {level: tier_2}\n"
        "  engineering: {level: tier_3}\n  management: {level: management}\n"
        f"{queues}actions:\n{actions}routing_rules:\n{rules}"
    )


def engine_for(url: str) -> AsyncEngine:
    """A router's connections."""
    settings = DatabaseSettings(url=SecretStr(url), pool_size=4)
    return create_engine(settings, service="router", application="tierline/bench")


async def connect(url: str) -> asyncpg.Connection:
    """One connection to the router's schema."""
    return await asyncpg.connect(url, server_settings={"search_path": "router"})


def people(agents: int, units: int) -> list[Agent]:
    """People of tier_1 with four of the twenty skills each."""
    chance = random.Random(agents)
    return [
        Agent(
            agent_id=f"agent-{n:05}",
            name=f"Agent {n}",
            team="frontline",
            level="tier_1",
            skills={
                f"q{skill:02}": chance.randint(3, 5)
                for skill in chance.sample(range(QUEUES), SKILLS_OF_AN_AGENT)
            },
            capacity=units * UNIT,
            presence=Presence.ONLINE,
        )
        for n in range(agents)
    ]


def openings(count: int, *, first: int = 0) -> list[Event]:
    """`ticket.opened` of `count` tickets, spread over the queues by Zipf's law."""
    chance = random.Random(7)
    weights = [1 / (n + 1) for n in range(QUEUES)]
    queues = chance.choices(range(QUEUES), weights=weights, k=first + count)[first:]
    began = datetime.now(UTC) - timedelta(minutes=1)
    return [_opening(n, queue, began) for n, queue in enumerate(queues, start=first)]


def _opening(number: int, queue: int, began: datetime) -> Event:
    ticket = derived_id(_ROOT, f"ticket:{number}")
    at = began + timedelta(milliseconds=number % 60_000)
    payload = TicketOpened(
        ticket_id=ticket,
        channel="email",
        customer=Customer(customer_id=f"customer-{number % 997}", tier="professional"),
        subject_line="",
        category="technical",
        complexity=Complexity.L1,
        priority=list(Priority)[number % 4],
        impact=Grade.MEDIUM,
        urgency=Grade.MEDIUM,
        opened_at=at,
        contact_number=queue,
        reopened_count=0,
        recent_reopened=0,
    )
    return Event(
        id=derived_id(ticket, "opened"),
        source="/intake",
        time=at,
        recorded_time=at,
        payload=payload,
        correlation_id=derived_id(ticket, "correlation"),
        sequence=1,
    )


class Desks:
    """People and waiting tickets in a database, which every round begins with anew."""

    def __init__(
        self, url: str, *, agents: int, tickets: int, units: int = UNITS_OF_AN_AGENT
    ) -> None:
        self._url = url
        self._units = units
        self._agents = agents
        self._tickets = tickets
        self._policy = workflow()
        self._copy = f"{agents}_{tickets}_{units}"

    async def prepare(self) -> None:
        """Make people and tickets as the router itself does, and keep a copy of them."""
        engine = engine_for(self._url)
        sql = await connect(self._url)
        try:
            await sql.execute(f"{_CLEAN}; TRUNCATE agent_skill")
            await self._hire(engine)
            for chunk in _chunks(openings(self._tickets)):
                await self._hear(engine, chunk)
            for table in ("agent", "agent_skill", "work_item"):
                await sql.execute(f"CREATE TABLE {table}_{self._copy} AS TABLE {table}")
        finally:
            await sql.close()
            await engine.dispose()

    async def put_back(self) -> None:
        """The people with empty desks and the whole line, as before the first round."""
        sql = await connect(self._url)
        try:
            await sql.execute(f"{_CLEAN}; TRUNCATE agent_skill")
            for table in ("agent", "agent_skill", "work_item"):
                await sql.execute(f"INSERT INTO {table} TABLE {table}_{self._copy}")
            await sql.execute("VACUUM ANALYZE")
            await sql.execute("CHECKPOINT")
        finally:
            await sql.close()

    async def _hire(self, engine: AsyncEngine) -> None:
        everybody = people(self._agents, self._units)
        async with engine.begin() as tx:
            await roster.save(tx, everybody)
            await roster.save_skills(tx, everybody)

    async def _hear(self, engine: AsyncEngine, events: Sequence[Event]) -> None:
        writer = Writer(engine, SystemClock(), source="/router", relay=NobodyToWake())
        metrics = RouterMetrics(Catalogue("router"))

        async def apply(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
            batch = Batch(events=tuple(events), now=now, partitions={})
            return None, await handle(tx, batch, policy=self._policy, metrics=metrics)

        await writer.write(apply)


def _chunks(events: Sequence[Event]) -> Iterable[Sequence[Event]]:
    return (events[start : start + _CHUNK] for start in range(0, len(events), _CHUNK))
