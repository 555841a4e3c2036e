"""How long each level has a ticket (semantics X): the two columns of the example, in one of its rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.support.builders import MONDAY_10
from tests.support.world import PLAIN, World, a_world

#: First response within 15 minutes, resolution within 240.
CRITICAL: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "enterprise"},
    "impact": "high",
    "urgency": "high",
}

#: Nobody need acknowledge, so that only the levels' own time moves a ticket.
LEVELS_ALONE = PLAIN + "escalation: {acknowledge_within: {}, triggers: []}\n"

#: As before, and 80 % of a promise raises to tier_2.
AND_80_PERCENT = PLAIN + (
    "escalation:\n  acknowledge_within: {}\n"
    "  triggers: [{name: sla_at_risk, on: sla.warning, threshold: 80, to: tier_2}]\n"
)


def moved(world: World, ticket: UUID) -> list[tuple[str, timedelta]]:
    """Where the ticket went, and when by its opening."""
    raised = [
        (event.payload.level, event.time)  # type: ignore[attr-defined]
        for event in world.events("escalation.raised", ticket)
    ]
    advanced = [
        (event.payload.to_level, event.time)  # type: ignore[attr-defined]
        for event in world.events("escalation.advanced", ticket)
    ]
    return [(level, at - MONDAY_10) for level, at in (*raised, *advanced)]


def after(minutes: float) -> datetime:
    return MONDAY_10 + timedelta(minutes=minutes)


async def test_example_X_in_silence_each_level_has_half_of_what_is_left(
    database_url: str, tmp_path: Path
) -> None:
    async with a_world(database_url, tmp_path, workflow=LEVELS_ALONE) as world:
        for team in ("frontline", "specialists", "engineering", "managers"):
            await world.recipient(f"of-{team}", "team_managers", team=team)
        ticket = await world.open(**CRITICAL)
        await world.until(after(14.9))
        found = moved(world, ticket)

    assert [
        ("tier_2", timedelta(minutes=7.5)),
        ("tier_3", timedelta(minutes=11.25)),
        ("management", timedelta(minutes=13.125)),
    ] == found


async def test_example_X_once_answered_each_level_has_half_of_what_the_solution_has_left(
    database_url: str, tmp_path: Path
) -> None:
    async with a_world(database_url, tmp_path, workflow=AND_80_PERCENT) as world:
        for team in ("frontline", "specialists", "engineering", "managers"):
            await world.recipient(f"of-{team}", "team_managers", team=team)
        for level, name in (("tier_1", "ana"), ("tier_2", "ben"), ("tier_3", "cleo")):
            await world.agent(name, level=level)
        ticket = await world.open(**CRITICAL)
        await world.says("agent", author={"kind": "agent", "id": "ana"})
        await world.until(after(239))
        found = moved(world, ticket)

    assert [
        ("tier_2", timedelta(minutes=192)),
        ("tier_3", timedelta(minutes=216)),
        ("management", timedelta(minutes=228)),
    ] == found
