"""Routing (semantics G): who gets which ticket, who waits, and why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.support.world import World, a_world

#: The packaged rules, without the fast track for important customers (G11).
RULES = "version: 1\nconditions: {vip: customer_vip}\n"

#: Needs api_expert or integration_specialist at 3; priority high, weight 2.
INTEGRATION: dict[str, Any] = {
    "category": "integration",
    "impact": "high",
    "urgency": "medium",
    "complexity": "l2",
}


async def opens(world: World, name: str, **fields: Any) -> UUID:
    """A ticket of a customer of its own: two alike of one customer would be merged (semantics M5)."""
    customer = {"id": f"customer of {name}", "tier": "professional"}
    return await world.open(name, **{**INTEGRATION, "customer": customer, **fields})


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(database_url, tmp_path, workflow=RULES) as made:
        yield made


async def desks(world: World, *, ben: int = 4) -> None:
    """Ana has room for one unit, Ben for some, Cy has no skill, Dee is not there; a ticket costs two."""
    await world.agent("ana", level="tier_2", skills={"api_expert": 4}, capacity=1)
    await world.agent("ben", level="tier_2", skills={"api_expert": 3}, capacity=ben)
    await world.agent("cy", level="tier_2", skills={"billing": 5})
    await world.agent("dee", level="tier_2", skills={"api_expert": 5}, presence="offline")


async def test_G_a_the_critical_ticket_goes_first_and_to_whoever_has_room(world: World) -> None:
    first = await opens(world, "t1")
    await world.advance(minutes=20)
    second = await opens(world, "t2", urgency="high")
    await desks(world, ben=2)
    before = world.told("ticket.assigned", first)
    await desks(world, ben=4)

    assert [("10:20:00", "ben")] == world.told("ticket.assigned", second, "agent_id")
    assert [] == before
    assert [("10:20:00", "ben")] == world.told("ticket.assigned", first, "agent_id")
    assert {"ana": 0, "ben": 4, "cy": 0, "dee": 0} == await world.agents()


async def test_G_b_full_desks_are_a_queue_and_nothing_to_announce(world: World) -> None:
    await desks(world)
    await opens(world, "t1")
    await opens(world, "t2")
    third = await opens(world, "t3")

    assert [("10:00:00", "technical_integrations")] == world.told("ticket.queued", third, "queue")
    assert [] == world.told("ticket.assigned", third)
    assert [] == world.told("ticket.unroutable", third)


async def test_G_c_nobody_on_shift_is_announced_at_once(world: World) -> None:
    await desks(world)
    for agent in ("ana", "ben"):
        await world.call("router", "PUT", f"/v1/agents/{agent}/presence", {"presence": "offline"})
    ticket = await opens(world, "t3")

    assert [("10:00:00", "nobody_on_shift")] == world.told("ticket.unroutable", ticket, "cause")


async def test_G_room_that_is_released_goes_to_who_waits(world: World) -> None:
    await desks(world)
    await opens(world, "t1")
    await opens(world, "t2")
    third = await opens(world, "t3")
    await world.advance(minutes=3)
    await world.says("agent", "t1")
    await world.status("resolved", "t1", resolution_code="fixed")

    assert [("10:03:00", "ben", 180)] == world.told(
        "ticket.assigned", third, "agent_id", "waited_seconds"
    )


async def test_G_g_the_first_matching_rule_gives_queue_and_target(world: World) -> None:
    ticket = await world.open(
        customer={"id": "acme", "tier": "enterprise"}, impact="high", urgency="high"
    )

    assert [("10:00:00", "technical_senior", "tier_3")] == world.told(
        "ticket.queued", ticket, "queue", "level"
    )
    assert ("10:00:00", "first_response", 900) in world.told(
        "sla.started", ticket, "metric", "target_seconds"
    )


@pytest.mark.parametrize(
    ("amount", "queue"), [(10000, "general"), (10000.01, "billing"), (None, "general")]
)
async def test_G_h_the_amount_must_be_above_ten_thousand(
    world: World, amount: float | None, queue: str
) -> None:
    fields: dict[str, Any] = {} if amount is None else {"amount": amount, "currency": "USD"}
    customer = {"id": "acme", "tier": "professional"}
    ticket = await world.open(category="billing", customer=customer, **fields)

    assert [("10:00:00", queue)] == world.told("ticket.queued", ticket, "queue")


async def test_G6_an_agent_who_goes_offline_gives_the_ticket_back(world: World) -> None:
    await desks(world)
    ticket = await opens(world, "t1")
    await world.agent("eve", level="tier_2", skills={"api_expert": 3})
    await world.call("router", "PUT", "/v1/agents/ben/presence", {"presence": "offline"})

    assert [("10:00:00", "ben", "went_offline")] == world.told(
        "ticket.unassigned", ticket, "agent_id", "reason"
    )
    assert ["ben", "eve"] == [
        agent for _, agent in world.told("ticket.assigned", ticket, "agent_id")
    ]
    assert {"ana": 0, "ben": 0, "cy": 0, "dee": 0, "eve": 2} == await world.agents()


@pytest.fixture
async def plain(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A world in which every ticket enters at tier_1."""
    async with a_world(database_url, tmp_path) as made:
        yield made


async def test_G_i_nobody_reacts_and_the_ticket_goes_from_hand_to_hand(plain: World) -> None:
    """Half of what is left of 7.5 minutes each, a minute at least."""
    for name in ("ana", "ben", "cy"):
        await plain.agent(name, auto_accept=False)
    customer = {"id": "acme", "tier": "enterprise"}
    ticket = await plain.open(customer=customer, impact="high", urgency="high")
    await plain.advance(minutes=8)

    assert [
        ("10:00:00", "ana", plain.at("10:03:45")),
        ("10:03:45", "ben", plain.at("10:05:37.500")),
        ("10:05:37.5", "cy", plain.at("10:06:37.500")),
    ] == plain.told("ticket.assigned", ticket, "agent_id", "accept_by")
    assert [
        ("10:03:45", "ana", "not_accepted"),
        ("10:05:37.5", "ben", "not_accepted"),
        ("10:06:37.5", "cy", "not_accepted"),
    ] == plain.told("ticket.unassigned", ticket, "agent_id", "detail")


async def test_G8_an_agent_who_writes_works_on_it(plain: World) -> None:
    await plain.agent("agent-1", auto_accept=False)
    ticket = await plain.open()
    await plain.advance(minutes=5)
    await plain.says("agent")
    await plain.advance(minutes=30)

    assert [("10:05:00", "agent-1", "wrote")] == plain.told(
        "ticket.accepted", ticket, "agent_id", "via"
    )
    assert [] == plain.told("ticket.unassigned", ticket)


async def test_G_c_when_everybodys_shift_ends_the_ticket_is_unroutable_at_once(
    world: World,
) -> None:
    for agent in ("ana", "ben"):
        skills = {"api_expert": 4}
        await world.agent(agent, level="tier_2", skills=skills, shift="office")
    await world.until("17:30:00")
    ticket = await opens(world, "t3")
    await world.until("18:00:00")

    assert [("18:00:00", "ana", "shift_ended")] == world.told(
        "ticket.unassigned", ticket, "agent_id", "detail"
    )
    assert [("18:00:00", "nobody_on_shift")] == world.told("ticket.unroutable", ticket, "cause")
    assert {"ana": 0, "ben": 0} == await world.agents()


async def test_G4_a_ticket_nobody_can_serve_asks_for_less_in_time(world: World) -> None:
    """High, professional: two hours to answer, so one to accept; 40 % of it are 24 minutes."""
    await world.agent("ana", level="tier_2", skills={"api_expert": 2})
    ticket = await opens(world, "t1")
    await world.advance(minutes=30)

    assert [("10:00:00", None), ("10:24:00", 2)] == world.told("ticket.queued", ticket, "relaxed")
    assert [("10:24:00", "ana")] == world.told("ticket.assigned", ticket, "agent_id")


async def test_G7_a_lease_that_lapses_hands_the_ticket_over(world: World) -> None:
    await world.agent("ana", level="tier_2", skills={"api_expert": 4})
    leased = {"presence": "online", "lease": True}
    await world.call("router", "PUT", "/v1/agents/ana/presence", leased)
    ticket = await opens(world, "t1")
    await world.agent("ben", level="tier_2", skills={"api_expert": 3})
    await world.advance(minutes=7)

    assert [("10:06:30", "ana", "went_offline")] == world.told(
        "ticket.unassigned", ticket, "agent_id", "reason"
    )
    assert ("10:06:30", "ben") == world.told("ticket.assigned", ticket, "agent_id")[-1]
