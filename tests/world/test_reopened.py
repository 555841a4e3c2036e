"""Lowered prices and tickets that come back (semantics P, R): the ends of the window, what a breach leaves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.support.builders import MONDAY_10
from tests.support.world import PLAIN, World, a_world

#: First response within 60 minutes, resolution within 480.
HIGH: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "enterprise"},
    "impact": "high",
    "urgency": "medium",
}

#: First response within 30 minutes, resolution within 480.
CRITICAL: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "professional"},
    "impact": "high",
    "urgency": "high",
}

EIGHT = MONDAY_10.replace(hour=8)


async def solved(world: World, at: str) -> UUID:
    """Opened at 08:00, answered, solved at `at`."""
    ticket = await world.open(**HIGH)
    await world.until("08:10:00")
    await world.says("agent")
    await world.until(at)
    await world.status("resolved", resolution_code="fixed")
    return ticket


@pytest.mark.parametrize(
    ("mode", "ends"),
    [
        ("carry", MONDAY_10 + timedelta(hours=23)),
        ("strictest", MONDAY_10 + timedelta(hours=7)),
        ("restart", MONDAY_10 + timedelta(hours=25)),
    ],
)
async def test_P_d_a_lower_priority_by_mode(
    database_url: str, tmp_path: Path, mode: str, ends: Any
) -> None:
    workflow = f"{PLAIN}sla: {{reprice: {mode}}}\n"
    nine = MONDAY_10.replace(hour=9)
    async with a_world(database_url, tmp_path, workflow=workflow, begins=nine) as world:
        ticket = await world.open(**CRITICAL)
        await world.until("09:10:00")
        await world.says("agent")
        await world.until("11:00:00")
        body = {"priority": "medium", "reason": "a workaround", "by": {"kind": "agent", "id": "a"}}
        await world.call("intake", "POST", f"/v1/tickets/{ticket}/priority", body)
        cancelled = world.told("sla.cancelled", ticket, "metric", "reason")
        await world.until(ends)
        missed = [
            event.time
            for event in world.events("sla.breached", ticket)
            if event.payload.metric == "resolution"  # type: ignore[attr-defined]
        ]

    assert [ends] == missed
    restarted = [("11:00:00", "resolution", "reclassified")]
    assert (restarted if mode == "restart" else []) == cancelled


@pytest.mark.parametrize(
    ("late", "ends"),
    [
        (timedelta(0), timedelta(minutes=210)),
        (timedelta(milliseconds=1), timedelta(hours=8)),
    ],
    ids=["the last instant", "a millisecond later"],
)
async def test_R_c_within_the_window_the_time_used_comes_along_and_after_it_none(
    database_url: str, tmp_path: Path, late: timedelta, ends: timedelta
) -> None:
    async with a_world(database_url, tmp_path, begins=EIGHT) as world:
        ticket = await solved(world, "12:30:00")
        back = world.at("12:30:00") + timedelta(days=7) + late
        await world.until(back - timedelta(seconds=1))
        await world.clock.move_to(back)
        await world.says("customer", body="It is broken again, and worse than before")
        begun = world.told("sla.started", ticket, "metric", "cycle", "deadline")

    assert ("resolution", 2, back + ends) in [each[1:] for each in begun]


async def test_R_d_what_was_too_late_stays_so_and_a_quarter_is_left(
    database_url: str, tmp_path: Path
) -> None:
    async with a_world(database_url, tmp_path, begins=EIGHT) as world:
        ticket = await solved(world, "17:00:00")
        await world.until(world.at("09:00:00") + timedelta(days=2))
        await world.says("customer", body="It is broken again, and worse than before")
        late = world.told("sla.closed_late", ticket, "metric", "cycle", "consumed_seconds")
        begun = world.told("sla.started", ticket, "metric", "cycle", "deadline")
        taken_back = world.events("sla.withdrawn", ticket)

    assert [("17:00:00", "resolution", 1, 540 * 60)] == late
    assert ("09:00:00", "resolution", 2, world.at("11:00:00")) in begun
    assert [] == taken_back
