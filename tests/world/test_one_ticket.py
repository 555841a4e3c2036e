"""One ticket, all the way: webhook, assignment, clocks, escalation, mails, acknowledgement, end."""

from __future__ import annotations

from typing import Any

from shared.contracts import EscalationRaised
from tests.support.world import World

CRITICAL: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "enterprise", "email": "dana@acme.example"},
    "impact": "high",
    "urgency": "high",
}


async def test_a_webhook_becomes_a_ticket_with_an_agent_and_two_clocks(world: World) -> None:
    await world.agent("ana")
    ticket = await world.open()

    assert [("10:00:00", "ana", "general")] == world.told(
        "ticket.assigned", ticket, "agent_id", "queue"
    )
    assert [
        ("10:00:00", "first_response", 14400),
        ("10:00:00", "resolution", 86400),
    ] == sorted(world.told("sla.started", ticket, "metric", "target_seconds"))
    assert {"ana": 1} == await world.agents()


async def test_L_silence_climbs_the_ladder_and_people_hear_of_it(world: World) -> None:
    await world.recipient("maria", "support_manager")
    await world.recipient("tom", "team_managers", team="specialists")
    ticket = await world.open(**CRITICAL)
    await world.until("10:08:00")

    (raised,) = world.events("escalation.raised", ticket)
    assert isinstance(raised.payload, EscalationRaised)
    assert "tier_2" == raised.payload.level
    assert "no_response" == raised.payload.reason
    assert world.at("10:11:15") == raised.payload.acknowledge_by
    assert ["tom"] == [mail.to.split("@")[0] for mail in world.mails() if "/a/" in mail.text]
