"""From the button of a message to the ladder and the desk, over all four services (semantics L4, L10, L11, D7)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.support.world import World, a_world

pytestmark = pytest.mark.postgres

WORKFLOW = """
version: 1
conditions: {vip: customer_vip}
routing_rules: [{action: assign_to_frontline}]
on_call:
  specialists: {rotation: [sofia], handover: "00:00"}
  engineering: {rotation: [elif], handover: "00:00"}
"""


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(database_url, tmp_path, workflow=WORKFLOW) as made:
        await made.recipient("sofia", team="specialists")
        await made.recipient("mara", "manager", team="specialists")
        await made.recipient("elif", team="engineering")
        yield made


async def raised(world: World) -> UUID:
    """A critical ticket that nobody answers is raised at 10:12; both have a mail about it."""
    await world.agent("ana")
    ticket = await world.open(
        customer={"id": "acme", "tier": "enterprise"}, impact="high", urgency="high"
    )
    await world.until("10:12:01")
    return ticket


def token(world: World, who: str) -> str:
    return world.mails(who)[-1].token


async def press(world: World, who: str, **form: str) -> httpx2.Response:
    """What a browser sends when a button of the page is pressed."""
    content = "&".join(f"{name}={value}" for name, value in form.items())
    answer = await world.clients["notifier"].post(
        f"/a/{token(world, who)}",
        content=content,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    await world.settle()
    return answer


def acknowledged(world: World, ticket: UUID) -> list[tuple[Any, ...]]:
    return world.told("escalation.acknowledged", ticket, "by", "via")


def advanced(world: World, ticket: UUID) -> list[tuple[Any, ...]]:
    return world.told("escalation.advanced", ticket, "to_level", "reason", "by")


async def test_L4_who_takes_it_from_a_mail_has_acknowledged_and_has_the_ticket(
    world: World,
) -> None:
    ticket = await raised(world)
    await world.agent("sofia", level="tier_2", team="specialists", presence="away")
    await press(world, "sofia", answer="take")

    # by the answer or by the claim that follows from it, whichever the escalator hears first
    assert [("10:12:01", "sofia")] == [row[:2] for row in acknowledged(world, ticket)]
    given: Any = world.events("ticket.assigned", ticket)[-1].payload
    assert ("sofia", True) == (given.agent_id, given.claimed)


async def test_L4_a_snooze_holds_no_longer_than_an_acknowledgement_would(world: World) -> None:
    ticket = await raised(world)
    page = await press(world, "sofia", answer="snooze", minutes="15")
    [event] = world.events("escalation.acknowledged", ticket)
    held: Any = event.payload
    assert "You have it until" in page.text
    assert world.at("10:17:01") == held.holds_until


async def test_L10_two_who_escalate_further_at_once_move_it_once(world: World) -> None:
    ticket = await raised(world)
    mara = token(world, "mara")
    await press(world, "sofia", answer="escalate", reason="outside_authority")
    await world.clients["notifier"].post(
        f"/a/{mara}", content="answer=escalate&reason=outside_authority"
    )
    await world.settle()

    assert [("10:12:01", "tier_3", "manual", "sofia")] == advanced(world, ticket)
    assert 2 == len(world.events("notification.answered", ticket))
    assert world.mails("elif"), "the next level was paged"


async def test_D7_a_scanner_that_follows_every_link_changes_nothing(world: World) -> None:
    ticket = await raised(world)
    before = len(world.events("notification.answered", ticket))
    for who in ("sofia", "mara"):
        for path in ("", "/handoff"):
            seen = await world.clients["notifier"].get(f"/a/{token(world, who)}{path}")
            assert 200 == seen.status_code
    await world.settle()

    assert [] == acknowledged(world, ticket)
    assert before == len(world.events("notification.answered", ticket))


async def test_L11_the_note_at_80_percent_is_written_once_and_is_no_progress(world: World) -> None:
    ticket = await raised(world)
    await world.restart("notifier")
    await world.advance(seconds=60)
    notes = [
        e.payload
        for e in world.events("ticket.message_added", ticket)
        if e.payload.author.kind == "system"  # type: ignore[attr-defined]
    ]

    assert 1 == len(notes)
    assert not notes[0].public  # type: ignore[attr-defined]
    assert [] == acknowledged(world, ticket)
