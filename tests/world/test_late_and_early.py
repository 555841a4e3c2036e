"""What a source claims of its times, and what a late fact does to a breach that was announced (semantics T)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.support.intake import a_message
from tests.support.world import World, clock_time

#: First response within 15 minutes, resolution within 240.
CRITICAL: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "enterprise"},
    "impact": "high",
    "urgency": "high",
}


async def claims(world: World, ticket: UUID, occurred_at: str) -> tuple[str, bool]:
    """The engine time of a message that claims to be of `occurred_at`, and whether it was flagged."""
    name = f"claims-{occurred_at}"
    answer = await world.webhook(a_message(occurred_at=occurred_at), message_id=name)
    assert answer.status_code == 202, answer.text
    heard = world.events("ticket.message_added", ticket)[-1]
    asked = "SELECT clock_skew FROM delivery WHERE dedupe_key = $1"
    return clock_time(heard.time), await world.value("intake", asked, name)


async def test_T_e_a_little_ahead_of_its_arrival_is_the_arrival(world: World) -> None:
    ticket = await world.open(**CRITICAL)
    await world.until("10:15:30")

    assert ("10:15:30", False) == await claims(world, ticket, "2026-06-01T10:17:00Z")


async def test_T_f_far_ahead_of_its_arrival_is_the_arrival_and_a_wrong_clock(world: World) -> None:
    ticket = await world.open(**CRITICAL)
    await world.until("10:15:30")

    assert ("10:15:30", True) == await claims(world, ticket, "2026-06-01T10:20:00Z")


async def test_T_g_a_pause_that_comes_late_moves_a_breach_that_was_announced(world: World) -> None:
    ticket = await world.open(**CRITICAL)
    await world.until("10:05:00")
    await world.says("agent")
    await world.until("14:00:10")
    first = [e.id for e in world.events("sla.breached", ticket) if clock_time(e.time) == "14:00:00"]
    await world.says("agent", occurred_at="2026-06-01T13:29:00Z")
    await world.status("pending", occurred_at="2026-06-01T13:30:00Z")
    await world.says("customer", occurred_at="2026-06-01T13:50:00Z")
    await world.says("agent")
    await world.until("14:20:00")
    again = [e for e in world.events("sla.breached", ticket) if clock_time(e.time) == "14:20:00"]

    withdrawn = world.told("sla.withdrawn", ticket, "metric", "deadline", "happened_at")
    assert [("resolution", world.at("14:00:00"), world.at("13:30:00"))] == [
        each[1:] for each in withdrawn
    ]
    assert ["resolution"] == [e.payload.metric for e in again]  # type: ignore[attr-defined]
    assert 1 == len(first)
    assert first != [e.id for e in again]
