"""Clocks and pauses (semantics K, Z): the examples, played from webhook to event."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.world import World

#: First response within 120 minutes, resolution within 720.
HIGH: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "professional"},
    "impact": "high",
    "urgency": "medium",
}

#: First response within 30 minutes, resolution within 480.
CRITICAL: dict[str, Any] = {**HIGH, "urgency": "high"}


async def test_example_K(world: World) -> None:
    ticket = await world.open(**HIGH)
    await world.until("10:00:02")
    await world.says("system", automatic=True)
    await world.until("10:20:00")
    await world.says("customer")
    await world.until("11:10:00")
    await world.says("agent")
    await world.until("13:00:00")
    await world.says("customer")
    await world.until("13:30:00")
    await world.says("customer")
    await world.until("14:20:00")
    await world.says("agent")

    assert [
        ("10:00:00", "first_response", 1, world.at("12:00:00")),
        ("10:00:00", "resolution", 1, world.at("22:00:00")),
        ("13:00:00", "next_response", 1, world.at("15:00:00")),
    ] == sorted(world.told("sla.started", ticket, "metric", "cycle", "deadline"))
    assert [
        ("11:10:00", "first_response", 4200),
        ("14:20:00", "next_response", 4800),
    ] == world.told("sla.met", ticket, "metric", "consumed_seconds")
    assert [
        ("11:00:00", "first_response", 50),
        ("14:00:00", "next_response", 50),
    ] == world.told("sla.warning", ticket, "metric", "threshold_percent")


async def test_K3_an_internal_note_is_no_reply(world: World) -> None:
    ticket = await world.open(**HIGH)
    await world.advance(minutes=5)
    await world.says("agent", public=False)

    assert [] == world.told("sla.met", ticket)


@pytest.mark.parametrize(
    ("tier", "impact", "urgency", "minutes"),
    [
        ("enterprise", "high", "high", (15, 240)),
        ("standard", "high", "high", (60, 720)),
        ("professional", "low", "low", (480, 2880)),
    ],
)
async def test_K6_the_cell_of_priority_and_tier_gives_the_targets(
    world: World, tier: str, impact: str, urgency: str, minutes: tuple[int, int]
) -> None:
    customer = {"id": "acme", "tier": tier}
    ticket = await world.open(customer=customer, impact=impact, urgency=urgency)
    started = world.told("sla.started", ticket, "metric", "target_seconds")

    assert [
        ("10:00:00", "first_response", minutes[0] * 60),
        ("10:00:00", "resolution", minutes[1] * 60),
    ] == sorted(started)


async def test_Z_a_a_pause_after_a_question_lasts_until_the_customer_answers(
    world: World,
) -> None:
    ticket = await world.open(**CRITICAL)
    opened = world.clock.now()

    async def after(**delta: float) -> None:
        await world.until(opened + timedelta(**delta))

    await after(minutes=10)
    await world.says("agent")
    await after(hours=1)
    await world.says("agent")
    await after(hours=1, seconds=10)
    await world.status("pending")
    await after(hours=2.5, seconds=10)
    await world.says("customer")
    await after(hours=2.75)
    await world.status("open")

    assert [("11:00:10", 3610)] == world.told("sla.paused", ticket, "consumed_seconds")
    assert [("12:30:10", world.at("19:30:00"))] == world.told("sla.resumed", ticket, "deadline")


async def test_Z_b_a_pause_is_refused_while_the_customer_waits_for_us(world: World) -> None:
    ticket = await world.open(**CRITICAL)
    await world.until("10:10:00")
    await world.says("agent")
    await world.until("10:30:10")
    await world.says("customer")
    await world.until("11:00:00")
    await world.status("pending")
    await world.until("11:01:00")

    assert [] == world.told("sla.paused", ticket)
    assert ("11:00:10", "next_response") in world.told("sla.breached", ticket, "metric")


async def test_K5_solving_meets_the_resolution_and_ends_every_clock(world: World) -> None:
    ticket = await world.open(**HIGH)
    await world.until("10:30:00")
    await world.says("agent")
    await world.until("11:00:00")
    await world.status("resolved", resolution_code="fixed")
    await world.advance(hours=30)

    assert [("10:30:00", "first_response"), ("11:00:00", "resolution")] == world.told(
        "sla.met", ticket, "metric"
    )
    assert [] == world.told("sla.warning", ticket)
    assert [] == world.told("sla.breached", ticket)
