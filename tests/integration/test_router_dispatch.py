"""The dispatcher on PostgreSQL: lanes, fences, and two of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from prometheus_client import generate_latest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.domain.desks import Desks
from services.router.domain.domains import routing_domains
from services.router.domain.work import UNIT
from services.router.store import locks
from services.router.store.memory import RosterMemory
from shared.contracts import (
    Customer,
    TicketOpened,
    TicketPaused,
    TicketResolved,
    TicketResumed,
    TicketUnroutable,
)
from shared.contracts.vocabulary import (
    Complexity,
    PauseReason,
    Presence,
    Priority,
    UnroutableCause,
)
from tests.support.builders import AGENT, CUSTOMER, TICKET
from tests.support.desks import a_ticket, ticket_id
from tests.support.router_bench import RouterBench, a_profile

pytestmark = pytest.mark.postgres


@pytest.fixture
def bench(engine_for: Callable[[str], AsyncEngine]) -> RouterBench:
    return RouterBench(engine_for("router"))


def a_critical(number: int = 1) -> TicketOpened:
    return a_ticket(ticket_id(number), priority=Priority.CRITICAL, category="technical")


async def causes_said(bench: RouterBench) -> list[UnroutableCause]:
    return [e.payload.cause for e in await bench.said() if isinstance(e.payload, TicketUnroutable)]


async def test_two_dispatchers_at_once_assign_every_ticket_once(
    bench: RouterBench, engine_for: Callable[[str], AsyncEngine]
) -> None:
    other = RouterBench(engine_for("router"), bench.clock)
    await bench.roster(*(a_profile(f"agent{n}", capacity=40) for n in range(12)))
    await bench.hear(*(a_ticket(ticket_id(n)) for n in range(1, 401)))

    async def drain(one: RouterBench) -> None:
        for _ in range(60):
            await one.dispatcher.step()

    await asyncio.gather(drain(bench), drain(other))

    assert 400 == (await bench.said_about_tickets()).count("assigned")
    [(open_assignments,)] = await bench.rows(
        "SELECT count(*) FROM assignment WHERE ended_at IS NULL"
    )
    [(load,)] = await bench.rows("SELECT sum(load) FROM agent")
    assert (400, 400 * UNIT) == (open_assignments, load)


async def test_a_dispatcher_gives_nothing_out_while_a_command_changes_desks(
    bench: RouterBench,
) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket())
    async with bench.engine.begin() as tx:
        await locks.take_house(tx)

        assert await bench.dispatcher.step()  # it will try again
        assert None is (await bench.item(TICKET)).agent_id

    await bench.dispatch()
    assert "ana" == (await bench.item(TICKET)).agent_id


async def test_assigning_while_tickets_are_resolved_keeps_loads_true(
    bench: RouterBench, engine_for: Callable[[str], AsyncEngine]
) -> None:
    other = RouterBench(engine_for("router"), bench.clock)
    await bench.roster(*(a_profile(f"agent{n}", capacity=10) for n in range(5)))
    await bench.hear(*(a_ticket(ticket_id(n)) for n in range(1, 201)))

    async def resolve() -> None:
        for n in range(1, 201):
            end = TicketResolved(ticket_id=ticket_id(n), by=AGENT, first_contact=False)
            await other.hear(end)

    async def keep_dispatching(work: asyncio.Task[None]) -> None:
        while not work.done():
            await bench.dispatcher.step()

    resolving = asyncio.create_task(resolve())
    await keep_dispatching(resolving)
    await resolving
    await bench.dispatch()

    held = await bench.rows(
        "SELECT a.agent_id, a.load, 4 * count(w.ticket_id) FROM agent a"
        " LEFT JOIN work_item w ON w.agent_id = a.agent_id GROUP BY 1, 2"
    )
    assert [(who, load) for who, load, _ in held] == [(who, sum_) for who, _, sum_ in held]
    assert [(0,)] == await bench.rows("SELECT count(*) FROM work_item WHERE status <> 'done'")
    assert [(0,)] == await bench.rows("SELECT count(*) FROM assignment WHERE ended_at IS NULL")


async def test_a_crowd_nobody_can_serve_does_not_hide_others(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(*(a_critical(n) for n in range(1, 251)))
    await bench.hear(a_ticket(ticket_id(999), priority=Priority.LOW))
    await bench.dispatch()

    assert "ana" == (await bench.item(ticket_id(999))).agent_id


async def test_G5_every_ticket_nobody_can_take_is_announced_once_a_cause(
    bench: RouterBench,
) -> None:
    await bench.hear(*(a_critical(n) for n in range(1, 251)))
    await bench.dispatch()
    await bench.dispatch()
    missing = await causes_said(bench)
    engineer = a_profile("eve", level="tier_3", team="engineering", skills={"incident": 5})
    await bench.roster(engineer)
    await bench.rota.set_presence("eve", Presence.OFFLINE)
    await bench.hear(a_critical(500))
    await bench.dispatch()

    both = await causes_said(bench)

    assert [UnroutableCause.MISSING_SKILL] * 250 == missing
    assert [UnroutableCause.NOBODY_ON_SHIFT] * 251 == both[250:]


async def test_G_c_when_the_last_holders_leave_the_waiting_are_unroutable_at_once(
    bench: RouterBench,
) -> None:
    api = {"api_expert": 4}
    await bench.roster(
        a_profile("ana", level="tier_2", skills=api, capacity=1),
        a_profile("cy", level="tier_2"),
    )
    for n in (1, 2):
        await bench.hear(a_ticket(ticket_id(n), category="integration"))
    await bench.dispatch()
    before = await causes_said(bench)
    await bench.rota.set_presence("ana", Presence.OFFLINE)
    await bench.dispatch()

    assert [] == before
    assert [UnroutableCause.NOBODY_ON_SHIFT] * 2 == await causes_said(bench)
    assert 0 == (await bench.agent("ana")).load


async def test_G_d_a_ticket_that_wakes_where_there_is_no_room_is_queued_again(
    bench: RouterBench,
) -> None:
    await bench.roster(a_profile("ben", capacity=1), a_profile("abe", presence=Presence.AWAY))
    await bench.hear(a_ticket())
    await bench.dispatch()
    await bench.hear(
        TicketPaused(ticket_id=TICKET, reason=PauseReason.WAITING_ON_CUSTOMER, by=AGENT)
    )
    await bench.roster(a_profile("ben", capacity=1, presence=None))
    await bench.commands.put_agents([a_profile("ben", capacity=2)], by="test")
    await bench.hear(a_ticket(ticket_id(2)))
    await bench.dispatch()
    await bench.commands.put_agents([a_profile("ben", capacity=1)], by="test")
    await bench.hear(TicketResumed(ticket_id=TICKET, reason="answered", by=CUSTOMER))
    await bench.dispatch()

    item = await bench.item(TICKET)
    assert (None, "ben") == (item.agent_id, item.previous_agent_id)
    assert UNIT == (await bench.agent("ben")).load


async def test_G7_who_goes_offline_hands_over_what_needs_action(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket(ticket_id(1)), a_ticket(ticket_id(2)))
    await bench.dispatch()
    await bench.hear(
        TicketPaused(ticket_id=ticket_id(2), reason=PauseReason.WAITING_ON_CUSTOMER, by=AGENT)
    )
    await bench.roster(a_profile("ben"))
    await bench.rota.set_presence("ana", Presence.OFFLINE)
    await bench.dispatch()

    assert ["ben", "ana"] == [(await bench.item(ticket_id(n))).agent_id for n in (1, 2)]
    [first, *_] = [e for e in await bench.history(ticket_id(1)) if e.end_reason]
    assert "went_offline" == first.end_reason
    assert UNIT // 4 == (await bench.agent("ana")).load


async def test_G2_the_line_of_the_database_is_the_line_of_the_rules(bench: RouterBench) -> None:
    often = Customer(customer_id="acme", tier="standard", recent_escalations=9)
    await bench.hear(a_ticket(ticket_id(1), priority=Priority.LOW))
    await bench.hear(a_ticket(ticket_id(2)), at=bench.clock.now() + timedelta(minutes=1))
    await bench.hear(a_ticket(ticket_id(3), priority=Priority.HIGH))
    await bench.hear(a_ticket(ticket_id(4)))
    await bench.hear(
        a_ticket(ticket_id(5), customer=often), at=bench.clock.now() + timedelta(minutes=2)
    )
    for n in range(5):
        await bench.roster(a_profile("ana", capacity=n + 1))
        await bench.dispatch()

    order = [e.subject for e in await bench.said() if e.type == "support.ticket.assigned.v1"]

    assert [str(ticket_id(n)) for n in (3, 5, 4, 2, 1)] == order


async def test_the_gauges_show_the_line_and_the_desks(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana", capacity=1))
    await bench.hear(a_ticket(ticket_id(1)), a_ticket(ticket_id(2)))
    await bench.dispatch()
    await bench.clock.advance(timedelta(seconds=30))
    await bench.dispatch()

    shown = generate_latest(bench.catalogue.registry).decode()

    assert 'tierline_queue_depth{queue="general",service="router"} 1.0' in shown
    assert 'tierline_queue_oldest_seconds{queue="general",service="router"} 30.0' in shown
    assert 'tierline_agent_utilisation{service="router",team="frontline"} 1.0' in shown
    assert 'tierline_assignment_wait_seconds_count{queue="general",service="router"} 1.0' in shown


async def test_G6_a_domain_that_another_dispatcher_serves_is_left_alone(bench: RouterBench) -> None:
    await bench.roster(
        a_profile("ana"),
        a_profile("eve", level="tier_3", team="engineering", skills={"incident": 5}),
    )
    await bench.hear(a_ticket(ticket_id(1)), a_critical(2))
    async with bench.engine.begin() as tx:
        assert await locks.take_domain(tx, routing_domains(bench.policy.routing)["general"])
        for _ in range(3):
            await bench.dispatcher.step()

    assert [None, "eve"] == [(await bench.item(ticket_id(n))).agent_id for n in (1, 2)]


async def test_G6_a_dispatcher_sees_at_once_what_others_have_changed(
    bench: RouterBench, engine_for: Callable[[str], AsyncEngine]
) -> None:
    other = RouterBench(engine_for("router"), bench.clock)
    await other.roster(a_profile("ana", capacity=1))
    await bench.hear(a_ticket(ticket_id(1)))
    await bench.dispatch()
    await other.hear(
        a_ticket(ticket_id(2)),
        TicketResolved(ticket_id=ticket_id(1), by=AGENT, first_contact=False),
    )
    await other.roster(a_profile("ben", capacity=1))
    await other.hear(a_ticket(ticket_id(3)))
    await bench.dispatch()

    held = {(await bench.item(ticket_id(n))).agent_id for n in (2, 3)}
    assert {"ana", "ben"} == held


async def test_G6_whoever_was_changed_meanwhile_is_not_taken_as_remembered(
    bench: RouterBench,
) -> None:
    await bench.roster(a_profile("ana"), a_profile("ben"))
    memory = RosterMemory(Desks(bench.policy))
    async with bench.engine.begin() as tx:
        moment = await locks.enter(tx)
        assert moment is not None
        await memory.renew(tx, moment, bench.clock.now())
    await bench.roster(a_profile("ana", capacity=2))
    async with bench.engine.begin() as tx:
        agents, changed = await memory.lock(tx, ["ana", "ben"], wait=True)
        again, changed_again = await memory.lock(tx, ["ana", "ben"], wait=True)

    assert (2 * UNIT, True) == (agents["ana"].capacity, changed)
    assert (agents, False) == (again, changed_again)


async def test_what_becomes_free_goes_to_the_line_and_not_to_who_comes_then(
    bench: RouterBench,
) -> None:
    await bench.roster(a_profile("ana", capacity=1))
    await bench.hear(a_ticket(ticket_id(1)))
    await bench.dispatch()
    await bench.hear(a_ticket(ticket_id(3)))
    await bench.clock.advance(timedelta(minutes=1))
    end = TicketResolved(ticket_id=ticket_id(1), by=AGENT, first_contact=False)
    await bench.hear(a_ticket(ticket_id(2)), end)
    await bench.dispatch()

    assert [None, "ana"] == [(await bench.item(ticket_id(n))).agent_id for n in (2, 3)]


async def test_G2_lanes_that_share_an_agent_make_one_line(bench: RouterBench) -> None:
    """Four lanes by channel and weight; the agent's room comes one unit at a time."""
    minute = timedelta(minutes=1)
    now = bench.clock.now()
    await bench.hear(a_ticket(ticket_id(1), channel="portal"), at=now)
    await bench.hear(a_ticket(ticket_id(2), channel="email"), at=now + minute)
    await bench.hear(
        a_ticket(ticket_id(3), channel="email", priority=Priority.HIGH), at=now + 2 * minute
    )
    await bench.hear(a_ticket(ticket_id(4), channel="chat"), at=now + 3 * minute)
    await bench.hear(a_ticket(ticket_id(5), complexity=Complexity.L2), at=now + 4 * minute)
    await bench.hear(a_ticket(ticket_id(6), channel="portal"), at=now + 5 * minute)
    for units in range(1, 8):
        await bench.roster(a_profile("ana", capacity=units))
        await bench.dispatch()

    order = [e.subject for e in await bench.said() if e.type == "support.ticket.assigned.v1"]

    # the ticket of two units is passed over where there is room for one, and for nobody else
    assert [str(ticket_id(n)) for n in (3, 1, 2, 4, 6, 5)] == order


async def test_tickets_that_were_given_back_do_not_hide_those_behind_them(
    bench: RouterBench,
) -> None:
    await bench.roster(a_profile("ana", capacity=1))
    for n in (1, 2, 3):
        await bench.hear(a_ticket(ticket_id(n)))
        await bench.clock.advance(timedelta(seconds=1))
    for n in (1, 2):
        await bench.dispatch()
        await bench.commands.decline(ticket_id(n), "ana", by="ana")
    await bench.dispatch()

    assert "ana" == (await bench.item(ticket_id(3))).agent_id


async def test_G3_among_equals_who_knows_the_customer_comes_first(bench: RouterBench) -> None:
    await bench.roster(a_profile("ben"))
    await bench.hear(a_ticket(ticket_id(1)))
    await bench.dispatch()
    await bench.hear(TicketResolved(ticket_id=ticket_id(1), by=AGENT, first_contact=False))
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket(ticket_id(2)))
    await bench.dispatch()
    await bench.hear(TicketResolved(ticket_id=ticket_id(2), by=AGENT, first_contact=False))
    await bench.clock.advance(timedelta(days=91))
    await bench.hear(a_ticket(ticket_id(3)))
    await bench.dispatch()

    holders = [(await bench.history(ticket_id(n)))[0].agent_id for n in (2, 3)]
    assert ["ben", "ana"] == holders


async def test_G16_an_assignment_says_in_figures_who_was_refused_and_why(
    bench: RouterBench,
) -> None:
    await bench.roster(
        a_profile("ana"),
        a_profile("ben", presence=Presence.AWAY),
        a_profile("cy", level="tier_2"),
    )
    await bench.hear(a_ticket())
    await bench.dispatch()

    [entry] = await bench.history(TICKET)
    assert 1 == entry.explanation["candidates"]
    assert {"away": 1, "level": 1} == entry.explanation["refused"]
    assert [("general",)] == await bench.rows("SELECT queue FROM assignment")


async def test_an_agent_is_told_of_once_a_step(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(*(a_ticket(ticket_id(n)) for n in range(1, 6)))
    before = len(await bench.said())
    await bench.dispatch()

    said = [event.type for event in (await bench.said())[before:]]
    assert 5 == said.count("support.ticket.assigned.v1")
    assert 1 == said.count("support.agent.updated.v1")
