"""Merging (semantics M): the examples, from webhook to event."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.support.builders import MONDAY_10
from tests.support.world import World, a_world

#: First response within 120 minutes, resolution within 720.
HIGH: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "professional"},
    "impact": "high",
    "urgency": "medium",
}

#: First response within 15 minutes, resolution within 240.
CRITICAL: dict[str, Any] = {
    "customer": {"id": "bolt", "tier": "enterprise"},
    "impact": "high",
    "urgency": "high",
}


async def merge(world: World, gone: UUID, kept: UUID) -> None:
    answer = await world.call("intake", "POST", f"/v1/tickets/{gone}/merge", {"into": str(kept)})
    assert answer.status_code == 202, answer.text


async def test_M_a_the_stricter_promises_go_on_and_one_threshold_jumped_over_is_told(
    database_url: str, tmp_path: Path
) -> None:
    begins = MONDAY_10.replace(hour=9, minute=50)
    async with a_world(database_url, tmp_path, begins=begins) as world:
        gone = await world.open("s", **CRITICAL)
        await world.until("10:00:00")
        kept = await world.open("t", **HIGH)
        await world.until("10:01:59")
        await world.clock.move_to(world.at("10:02:00"))
        await merge(world, gone, kept)
        await world.until("10:05:00")
        warned = [
            world.told("sla.warning", one, "metric", "threshold_percent", "cause")
            for one in (gone, kept)
        ]
        repriced = world.told("sla.repriced", kept, "metric", "deadline", "cause")
        breached = world.told("sla.breached", kept, "metric", "deadline")

    first = "first_response"
    assert [("09:57:30", first, 50, None), ("10:01:15", first, 75, None)] == warned[0]
    assert [("10:02:00", first, 80, "merged"), ("10:03:30", first, 90, None)] == warned[1]
    assert [
        ("10:02:00", first, world.at("10:05:00"), "merged"),
        ("10:02:00", "resolution", world.at("13:50:00"), "merged"),
    ] == repriced
    assert [("10:05:00", first, world.at("10:05:00"))] == breached


async def test_M_b_a_question_that_was_asked_elsewhere_is_owed_here_since_then(
    world: World,
) -> None:
    kept = await world.open("t", **HIGH)
    await world.until("10:30:00")
    await world.says("agent", "t")
    await world.until("10:40:00")
    gone = await world.open("s", customer={"id": "bolt", "tier": "professional"})
    await world.until("11:00:00")
    await merge(world, gone, kept)
    await world.until("12:40:00")

    begun = world.told("sla.started", kept, "metric", "deadline")
    assert ("10:40:00", "next_response", world.at("12:40:00")) in begun
    assert [("12:40:00", "next_response")] == world.told("sla.breached", kept, "metric")


@pytest.mark.parametrize(("number", "merged"), [("8812", 1), ("8813", 0)])
async def test_M_d_tickets_alike_become_one_unless_a_number_differs(
    world: World, number: str, merged: int
) -> None:
    texts = (
        "Invoice 8812 wrong amount please correct",
        f"Invoice {number} wrong amount, please correct it",
    )
    for name, text in zip("ab", texts, strict=True):
        await world.open(name, subject=text, body="", category="billing")
        await world.advance(hours=1)

    suggested = [
        bool(event.payload.duplicate_candidates)  # type: ignore[attr-defined]
        for event in sorted(world.events("ticket.analysed"), key=lambda one: one.time)
    ]
    assert merged == len(world.events("ticket.merged"))
    assert [False, True] == suggested
