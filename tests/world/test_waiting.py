"""A ticket that waits for its customer, from webhook to mail (semantics Z6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.support.world import World

LOW: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "professional", "email": "dana@acme.example"},
    "impact": "low",
    "urgency": "low",
}


async def waiting(world: World) -> UUID:
    """Asked on Monday at 10:10, and set to wait."""
    ticket = await world.open(**LOW)
    await world.until("10:10:00")
    await world.says("agent")
    await world.status("pending")
    return ticket


async def test_Z_e_Z6_the_customer_is_reminded_twice_and_then_it_is_solved(world: World) -> None:
    """Of Monday: reminders on Wednesday and the Monday after, solved on the Wednesday after that."""
    ticket = await waiting(world)
    monday = world.at("10:10:00")
    await world.until(monday + timedelta(days=9, minutes=1))

    reminded = [event.time for event in world.events("waiting.reminded", ticket)]
    assert reminded == [monday + timedelta(days=2), monday + timedelta(days=7)]
    [solved] = world.events("ticket.resolved", ticket)
    assert solved.time == monday + timedelta(days=9)
    [(_, by, code)] = world.told("ticket.resolved", ticket, "by", "resolution_code")
    assert (by.kind, code) == ("system", "timeout")


async def test_Z6_a_customer_who_writes_is_not_taken_for_silent(world: World) -> None:
    ticket = await waiting(world)
    await world.until(world.at("12:00:00") + timedelta(days=3))
    await world.says("customer", body="Here is the log you wanted")
    await world.until(world.at("12:00:00") + timedelta(days=10))

    assert world.events("ticket.resolved", ticket) == []
