"""Thanks after the solution, from webhook to event (semantics R2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.auditor.reading import TOPICS
from services.auditor.verdict import audit
from shared.contracts import decode
from shared.policy import parse_workflow
from tests.support.world import PLAIN, World

#: First response within 60 minutes, resolution within 480.
HIGH: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "enterprise"},
    "impact": "high",
    "urgency": "medium",
}


async def solved_at_half_past_two(world: World) -> UUID:
    """Two hours after the example's times: opened at 10:00, solved after 270 minutes."""
    ticket = await world.open(**HIGH)
    await world.until("10:10:00")
    await world.says("agent")
    await world.until("14:30:00")
    await world.status("resolved", resolution_code="fixed")
    await world.until("14:40:00")
    return ticket


async def test_R_e_thanks_do_not_reopen_and_are_reviewed_for_half_an_hour(world: World) -> None:
    ticket = await solved_at_half_past_two(world)

    await world.says("customer", body="Thanks a lot!")
    answer = await world.call("escalator", "GET", f"/v1/tickets/{ticket}/clocks")
    await world.until("18:00:00")

    assert [] == world.told("ticket.reopened", ticket)
    assert ("14:40:00", "next_response", True) in world.told(
        "sla.started", ticket, "metric", "soft"
    )
    assert [("15:10:00", "next_response", "courtesy")] == world.told(
        "sla.cancelled", ticket, "metric", "reason"
    )
    assert ("14:30:00", "resolution", 1) in world.told("sla.met", ticket, "metric", "cycle")
    assert "to_review" in {clock["state"] for clock in answer.json()["clocks"]}
    assert ["courtesy_lapses"] == [one["kind"] for one in answer.json()["upcoming"]]


async def test_R2_more_to_say_makes_it_a_promise_and_the_auditor_agrees(world: World) -> None:
    ticket = await solved_at_half_past_two(world)

    await world.says("customer", body="Thanks a lot!")
    await world.until("15:00:00")
    await world.says("customer", body="But the second printer is still missing.")
    await world.until("16:30:00")

    assert [("15:00:00",)] == world.told("ticket.reopened", ticket)
    breached = world.told("sla.breached", ticket, "metric", "cycle", "deadline")
    assert [("15:40:00", "next_response", 2, world.at("15:40:00"))] == breached
    events = [decode(record.value) for topic in TOPICS for record in world.broker.records(topic)]
    now = world.clock.now()
    report = audit(
        events,
        parse_workflow(PLAIN),
        since=now - timedelta(days=1),
        until=now,
        grace=timedelta(minutes=3),
    )
    found = (report.missing, report.doubled, report.early, report.false, report.misdated)
    assert found == ((), (), (), (), ())
    assert report.unpaired == ()
