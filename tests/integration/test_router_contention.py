"""Several routers on one database at once: dispatchers, handlers, people. Never above capacity, no deadlock."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from shared.clock import FakeClock
from shared.contracts import Author, TicketResolved
from shared.contracts.vocabulary import AuthorKind, Complexity, Presence
from shared.db.trouble import sqlstate
from shared.http.problems import DomainError
from tests.conftest import EngineFactory
from tests.support.builders import MONDAY_10
from tests.support.desks import a_ticket, ticket_id
from tests.support.router_bench import RouterBench, a_profile

pytestmark = pytest.mark.postgres

AGENTS = [f"a{number:02}" for number in range(12)]
CAPACITY = 3

#: They fight until so many tickets have come.
TICKETS = 150

HELD = """
SELECT a.agent_id, a.load, a.capacity,
    coalesce(sum((w.facts::jsonb -> 'item' -> 'place' ->> 'weight')::integer) * 4, 0)::integer
FROM agent a LEFT JOIN work_item w USING (agent_id) GROUP BY 1, 2, 3
"""
OPEN_TWICE = (
    "SELECT ticket_id FROM assignment WHERE ended_at IS NULL GROUP BY 1 HAVING count(*) > 1"
)
DISAGREEING = """
SELECT ticket_id FROM (SELECT ticket_id, agent_id FROM assignment WHERE ended_at IS NULL) a
FULL JOIN (SELECT ticket_id, agent_id FROM work_item WHERE agent_id IS NOT NULL) w USING (ticket_id)
WHERE a.agent_id IS DISTINCT FROM w.agent_id
"""
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


class Crowd:
    """Whoever works on the one database; `refused` counts what people were told, by status."""

    def __init__(self, benches: list[RouterBench]) -> None:
        self.benches = benches
        self.refused: Counter[int] = Counter()
        self.tickets: list[UUID] = []
        self.states: Counter[str | None] = Counter()
        self._chance = random.Random(4)

    async def fight(self) -> None:
        """Everybody does what they do, again and again, until enough tickets have come."""
        first, second, third = self.benches
        deeds: list[Callable[[], Awaitable[object]]] = [
            first.dispatcher.step,
            second.dispatcher.step,
            lambda: self._customers(third),
            lambda: self._assign(first),
            lambda: self._release(second),
            lambda: self._come_and_go(third),
        ]
        await asyncio.gather(*(self._again_and_again(deed) for deed in deeds))

    async def _again_and_again(self, deed: Callable[[], Awaitable[object]]) -> None:
        while len(self.tickets) < TICKETS:
            try:
                await deed()
            except DomainError as refused:
                self.refused[refused.status] += 1
            except DBAPIError as error:
                self.states[sqlstate(error)] += 1
            await asyncio.sleep(0)

    async def _customers(self, bench: RouterBench) -> None:
        """Some tickets come, about as many are solved, whoever has them."""
        new = [ticket_id(len(self.tickets) + n) for n in range(1, 6)]
        weights = list(Complexity)
        await bench.hear(*(a_ticket(t, complexity=self._chance.choice(weights)) for t in new))
        self.tickets += new
        by = Author(kind=AuthorKind.AGENT)
        old = self._chance.sample(self.tickets[-60:], 4)
        await bench.hear(*(TicketResolved(ticket_id=t, by=by, first_contact=False) for t in old))

    async def _assign(self, bench: RouterBench) -> None:
        if self.tickets:
            ticket = self._chance.choice(self.tickets[-60:])
            await bench.commands.assign(ticket, self._chance.choice(AGENTS), by="test")

    async def _release(self, bench: RouterBench) -> None:
        if self.tickets:
            await bench.commands.release(self._chance.choice(self.tickets[-60:]), by="test")

    async def _come_and_go(self, bench: RouterBench) -> None:
        agent = self._chance.choice(AGENTS)
        for presence in (Presence.OFFLINE, Presence.ONLINE):
            await bench.roster(a_profile(agent, capacity=CAPACITY, presence=presence))


@pytest.fixture
async def crowd(engine_for: EngineFactory) -> Crowd:
    """Three routers with connections of their own, and a dozen agents."""
    clock = FakeClock(MONDAY_10)
    benches = [RouterBench(engine_for("router"), clock) for _ in range(3)]
    await benches[0].roster(*(a_profile(name, capacity=CAPACITY) for name in AGENTS))
    return Crowd(benches)


async def test_G6_dispatchers_people_and_customers_at_once_never_fill_a_desk_too_full(
    crowd: Crowd,
) -> None:
    await crowd.fight()
    bench = crowd.benches[0]
    await bench.dispatch()
    desks = await bench.rows(HELD)

    assert {} == crowd.states, "a statement failed for good"
    assert set(crowd.refused) <= {404, 409}
    assert [] == [agent for agent, load, capacity, _ in desks if load > capacity]
    assert {agent: load for agent, load, _, _ in desks} == {
        agent: held for agent, _, _, held in desks
    }
    assert [] == await bench.rows(OPEN_TWICE)
    assert [] == await bench.rows(DISAGREEING)
    assert [(0,)] == await bench.rows(DEADLOCKS)


async def test_G6_what_they_said_in_their_order_gives_every_ticket_to_one_agent_at_a_time(
    crowd: Crowd,
) -> None:
    await crowd.fight()
    holder: dict[str, str] = {}
    wrong = []
    said = [e for e in await crowd.benches[0].said() if e.topic == "support.assignments"]
    for event in said:
        agent = getattr(event.payload, "agent_id", None)
        if event.type == "support.ticket.assigned.v1":
            wrong += [event] if event.subject in holder else []
            holder[event.subject] = str(agent)
        elif event.type == "support.ticket.unassigned.v1":
            wrong += [event] if holder.pop(event.subject, None) != agent else []

    assert [] == wrong
    assert {str(ticket) for ticket in crowd.tickets} <= {event.subject for event in said}
