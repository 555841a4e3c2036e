"""Customers and channels through all four services: tiers, bad months, merges undone, agents chosen elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.support.invariants import hold
from tests.support.world import World, a_world

#: The packaged rules, without the fast track for important customers (G11).
RULES = "version: 1\nconditions: {vip: customer_vip}\n"


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(database_url, tmp_path) as made:
        yield made


@pytest.fixture
async def ruled(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(database_url, tmp_path, workflow=RULES) as made:
        yield made


async def about(world: World, external_id: str, number: int, **fields: object) -> UUID:
    """A ticket about a matter of its own: alike ones of one customer are merged (semantics M5)."""
    subject = f"Order {number * 1111} is missing"
    return await world.open(external_id, subject=subject, body="Where is it?", **fields)


async def command(world: World, ticket: UUID, name: str, **body: object) -> None:
    answer = await world.call("intake", "POST", f"/v1/tickets/{ticket}/{name}", body)
    assert answer.status_code == 202, answer.text


async def test_P1_a_better_tier_in_the_directory_shortens_the_clocks_of_open_tickets(
    world: World,
) -> None:
    ticket = await world.open(impact="high", urgency="medium")
    await world.advance(minutes=30)

    answer = await world.call(
        "intake", "PUT", "/v1/customers/customer-1", {"tier": "enterprise", "name": "Ana"}
    )
    await world.until("11:00:00")

    assert answer.json()["repriced"] == 1
    assert [
        ("10:30:00", "first_response", 3600, "customer_tier"),
        ("10:30:00", "resolution", 28800, "customer_tier"),
    ] == world.told("sla.repriced", ticket, "metric", "target_seconds", "cause")
    assert [("11:00:00", "first_response")] == world.told("sla.breached", ticket, "metric")


async def test_G12_after_three_escalations_the_next_ticket_asks_for_a_senior_agent(
    ruled: World,
) -> None:
    bad = [await about(ruled, f"t{n}", n, impact="high", urgency="high") for n in (1, 2, 3)]
    await ruled.advance(minutes=30)

    after = await about(ruled, "t4", 4, impact="high", urgency="high")

    opened = {e.subject: e.payload for e in ruled.events("ticket.opened")}
    counts = [
        opened[str(one)].customer.recent_escalations  # type: ignore[attr-defined]
        for one in (bad[0], after)
    ]
    assert counts == [0, 3]
    assert all(ruled.told("escalation.raised", one) for one in bad)
    preferred = [ruled.told("ticket.queued", one, "preferred_skills") for one in (bad[0], after)]
    assert "senior" not in preferred[0][0][1]
    assert "senior" in preferred[1][0][1]
    await hold(ruled, {str(UUID(subject)): UUID(subject) for subject in opened})


async def test_M4_an_unmerged_ticket_has_its_clocks_and_its_people_back(world: World) -> None:
    await world.agent("ana")
    await world.recipient("mara", "team_managers")
    kept = await about(world, "t1", 1, impact="high", urgency="medium")
    gone = await about(world, "t2", 2, impact="high", urgency="medium")
    await world.advance(minutes=10)
    await command(world, gone, "merge", into=str(kept))
    alone = await world.agents()
    await world.says("agent", "t1")
    await world.until("10:40:00")
    await command(world, gone, "unmerge")
    both = await world.agents()
    await world.until("12:01:00")

    assert (alone, both) == ({"ana": 1}, {"ana": 2})
    assert [("10:40:00", "first_response"), ("10:40:00", "resolution")] == world.told(
        "sla.resumed", gone, "metric"
    )
    assert [("12:00:00", "first_response")] == world.told("sla.breached", gone, "metric")
    assert [] == world.told("sla.breached", kept)
    queued = [reason for _, reason in world.told("ticket.queued", gone, "reason")]
    assert ["new", "reopened"] == queued[:2]
    told = world.told("notification.sent", gone, "recipient_id", "template")
    assert ("mara", "breach") in [(who, what) for _, who, what in told]
    await hold(world, {"t1": kept, "t2": gone})


async def test_an_agent_chosen_in_the_tickets_own_channel_has_it_within_the_rules(
    world: World,
) -> None:
    await world.agent("ana", capacity=1)
    await world.agent("ben", capacity=1, presence="busy")
    ticket = await about(world, "t1", 1)
    other = await about(world, "t2", 2)

    await command(world, ticket, "assignment", assignee="ben")
    await command(world, other, "assignment", assignee="ben")
    await command(world, other, "assignment", assignee="zoe")

    assert [("10:00:00", "ana"), ("10:00:00", "ben")] == world.told(
        "ticket.assigned", ticket, "agent_id"
    )
    assert [("10:00:00", "ana")] == world.told("ticket.assigned", other, "agent_id")
    assert {"ana": 1, "ben": 1} == await world.agents()
    await hold(world, {"t1": ticket, "t2": other})
