"""Pauses (semantics Z): many short ones, and one inside closed hours, from webhook to event."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.support.builders import MONDAY_10
from tests.support.world import PLAIN, World, a_world

OFFICE = """
sla: {calendar: office}
calendars: {office: {zone: UTC, hours: {mon-fri: ["09:00-18:00"]}}}
"""


def of(tier: str) -> dict[str, Any]:
    """A critical ticket: to be solved within 480 minutes, of an enterprise customer within 240."""
    return {"customer": {"id": "acme", "tier": tier}, "impact": "high", "urgency": "high"}


async def test_Z_c_ten_short_pauses_move_the_deadline_by_their_sum(world: World) -> None:
    ticket = await world.open(**of("professional"))
    for minute in range(10, 60, 5):
        await world.until(f"10:{minute}:00")
        await world.says("agent", body="What does it say now?")
        await world.status("pending")
        await world.until(f"10:{minute}:50")
        await world.says("customer", body="The same as before")
    await world.says("agent")

    resumed = world.told("sla.resumed", ticket, "deadline")
    assert 10 == len(resumed)
    assert world.at("18:08:20") == resumed[-1][1]
    await world.until("18:08:20")
    breached = world.told("sla.breached", ticket, "metric")
    assert [("18:08:20", "resolution")] == [one for one in breached if one[1] == "resolution"]


async def test_Z_d_a_pause_while_the_office_is_closed_changes_nothing(
    database_url: str, tmp_path: Path
) -> None:
    begins, tuesday = MONDAY_10.replace(hour=16), MONDAY_10 + timedelta(days=1)
    async with a_world(database_url, tmp_path, workflow=PLAIN + OFFICE, begins=begins) as world:
        ticket = await world.open(**of("enterprise"))
        await world.until("16:10:00")
        await world.says("agent")
        await world.until("19:00:00")
        await world.status("pending")
        await world.until(tuesday.replace(hour=8))
        await world.says("customer", body="Here is the log")
        await world.until(tuesday.replace(hour=9, minute=5))
        await world.says("agent")
        await world.until(tuesday.replace(hour=11))
        paused = world.told("sla.paused", ticket, "consumed_seconds")
        missed = [
            event.time
            for event in world.events("sla.breached", ticket)
            if event.payload.metric == "resolution"  # type: ignore[attr-defined]
        ]

    assert [("19:00:00", 7200)] == paused
    assert [tuesday.replace(hour=11)] == missed
