"""Prices and reopenings (semantics P, R): the examples, played from webhook to event."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.world import World

#: First response within 480 minutes, resolution within 2880.
LOW: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "professional"},
    "impact": "low",
    "urgency": "low",
}

#: Resolution within 480 minutes.
HIGH: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "enterprise"},
    "impact": "high",
    "urgency": "medium",
}


async def becomes_critical(world: World, ticket: UUID) -> None:
    body = {
        "priority": "critical",
        "reason": "customer_impact",
        "by": {"kind": "agent", "id": "ana"},
    }
    answer = await world.call("intake", "POST", f"/v1/tickets/{ticket}/priority", body)
    assert answer.status_code == 202, answer.text


async def answered_low(world: World) -> UUID:
    """Opened at 10:00, answered at 11:00: an hour after the example's times."""
    ticket = await world.open(**LOW)
    await world.until("11:00:00")
    await world.says("agent")
    return ticket


async def test_P_a_a_new_price_keeps_the_time_used(world: World) -> None:
    ticket = await answered_low(world)
    await world.until("14:30:00")
    await becomes_critical(world, ticket)
    await world.until("18:00:00")

    assert [("14:30:00", 270 * 60, world.at("18:00:00"))] == world.told(
        "sla.repriced", ticket, "consumed_seconds", "deadline"
    )
    assert [
        ("14:30:00", 50, "repriced"),
        ("16:00:00", 75, None),
        ("16:24:00", 80, None),
        ("17:12:00", 90, None),
    ] == world.told("sla.warning", ticket, "threshold_percent", "cause")
    breached = world.told("sla.breached", ticket, "metric", "cause")
    assert [("18:00:00", "resolution", None)] == [one for one in breached if one[1] == "resolution"]
    assert ("11:00:00", "first_response") in world.told("sla.met", ticket, "metric")


async def test_P_b_only_the_highest_threshold_jumped_over_is_told_and_raises(world: World) -> None:
    ticket = await answered_low(world)
    await world.until("16:45:00")
    await becomes_critical(world, ticket)
    await world.until("17:12:00")

    assert [("16:45:00", 80), ("17:12:00", 90)] == world.told(
        "sla.warning", ticket, "threshold_percent"
    )
    assert ("16:45:00", "tier_2") in world.told("escalation.raised", ticket, "level")


async def test_P_c_a_target_that_is_used_up_is_missed_at_the_change(world: World) -> None:
    ticket = await answered_low(world)
    await world.until("19:00:00")
    await becomes_critical(world, ticket)

    breached = world.told("sla.breached", ticket, "metric", "cause", "deadline")
    assert [("19:00:00", "resolution", "repriced", world.at("19:00:00"))] == [
        one for one in breached if one[1] == "resolution"
    ]
    assert [] == world.told("sla.warning", ticket)


@pytest.mark.parametrize(
    ("solved_at", "deadline", "warned"),
    [
        pytest.param(
            "14:30:00", "14:30:00", [("12:30:00", 75), ("12:54:00", 80), ("13:42:00", 90)], id="R-a"
        ),
        pytest.param("17:30:00", "13:00:00", [("11:24:00", 80), ("12:12:00", 90)], id="R-b"),
    ],
)
async def test_R_a_R_b_a_ticket_that_comes_back_takes_the_time_used_along(
    world: World, solved_at: str, deadline: str, warned: list[tuple[str, int]]
) -> None:
    """Two hours after the example's times: opened Monday 10:00, back on Wednesday at 11:00."""
    ticket = await world.open(**HIGH)
    wednesday = world.at("11:00:00") + timedelta(days=2)
    await world.until("10:10:00")
    await world.says("agent")
    await world.until(solved_at)
    await world.status("resolved", resolution_code="fixed")
    await world.until(wednesday)
    before = len(world.events("sla.warning", ticket))
    await world.says("customer", body="It is broken again, and worse than before")
    ends = world.at(deadline)
    await world.says("agent")
    await world.until(ends)

    told = world.told("sla.started", ticket, "metric", "cycle", "deadline")
    assert [("11:00:00", "resolution", 2, ends)] == [
        one for one in told if one[1:3] == ("resolution", 2)
    ]
    warnings = world.told("sla.warning", ticket, "metric", "threshold_percent")[before:]
    assert warned == [(at, percent) for at, metric, percent in warnings if metric == "resolution"]
