"""How much people are told (semantics D4, L1): few messages, whatever happens, and pages at once."""

from __future__ import annotations

from typing import Any

from tests.support.world import World

CRITICAL: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "enterprise", "email": "dana@acme.example"},
    "impact": "high",
    "urgency": "high",
}


async def test_L1_breaches_of_calm_tickets_reach_a_manager_as_one_digest(world: World) -> None:
    await world.agent("ana")
    await world.recipient("ana")
    await world.recipient("tom", "team_managers", team="frontline")
    for n in range(12):
        await world.open(f"calm-{n}", customer={"id": f"c{n}", "email": f"c{n}@acme.example"})
    await world.until("14:59:59")
    early = world.mails("tom")
    await world.until("15:00:01")

    late = [mail for mail in world.mails("tom") if "is late" in mail.text]
    assert [] == [mail for mail in early if "is late" in mail.text]
    assert 1 == len(late)
    assert 12 == late[0].text.count("first response is late")


async def test_D4_a_critical_page_passes_a_storm(world: World) -> None:
    await world.recipient("tom", "team_managers", team="specialists")
    for n in range(12):
        customer = {"id": f"c{n}", "email": f"c{n}@acme.example"}
        await world.open(f"loud-{n}", customer=customer, revenue_impact=5000)
    held = world.mails("tom")
    await world.open("worst", **CRITICAL, revenue_impact=5000)
    at_once = world.mails("tom")
    await world.advance(seconds=61)

    pages = [mail for mail in at_once if "/a/" in mail.text]
    assert (0, 1) == (len(held), len(pages))
    assert 2 == len(world.mails("tom"))
