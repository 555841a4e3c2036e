"""People who are away, in the whole system: who is told instead, and what follows when nobody is."""

from __future__ import annotations

from typing import Any

from tests.support.world import World

CRITICAL: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "enterprise", "email": "dana@acme.example"},
    "impact": "high",
    "urgency": "high",
}

TOMORROW = "2026-06-02T10:00:00Z"


async def is_away(world: World, recipient_id: str, delegate: str | None = None) -> None:
    path = f"/v1/recipients/{recipient_id}/absence"
    answer = await world.call("notifier", "PUT", path, {"until": TOMORROW, "delegate": delegate})
    assert answer.status_code == 200, answer.text


async def test_L3_a_level_whose_people_are_all_away_is_left_in_the_same_instant(
    world: World,
) -> None:
    await world.agent("ana")
    await world.recipient("tom", "team_managers", team="specialists")
    await world.recipient("tim", "team_managers", team="engineering")
    await world.recipient("maria", "support_manager")
    await is_away(world, "tom", "tim")
    await is_away(world, "tim")
    ticket = await world.open(**CRITICAL)
    await world.until("10:12:00")

    assert [("10:12:00", "tier_2")] == world.told("escalation.raised", ticket, "level")
    assert [
        ("10:12:00", "tier_3", "unreachable"),
        ("10:12:00", "management", "unreachable"),
    ] == world.told("escalation.advanced", ticket, "to_level", "reason")
    assert [mail.to for mail in world.mails("maria")]
    assert [] == world.mails("tom") + world.mails("tim")


async def test_L3_a_page_goes_to_the_delegate_and_says_for_whom(world: World) -> None:
    await world.agent("ana")
    await world.recipient("tom", "team_managers", team="specialists")
    await world.recipient("uma")
    await is_away(world, "tom", "uma")
    ticket = await world.open(**CRITICAL)
    await world.until("10:12:30")

    (page,) = [mail for mail in world.mails("uma") if "/a/" in mail.text]
    assert "For Tom, who is away until" in page.text
    assert [] == world.told("escalation.advanced", ticket, "to_level")


async def test_L3_a_stored_rotation_is_paged_and_its_next_member_while_one_is_away(
    world: World,
) -> None:
    await world.agent("ana")
    for name in ("tom", "uma"):
        await world.recipient(name)
    weekly = {"members": ["tom", "uma"], "handover": "mon 09:00", "zone": "Europe/Berlin"}
    put = await world.call("notifier", "PUT", "/v1/on-call/specialists", weekly)
    duty = await world.call("notifier", "GET", "/v1/on-call/specialists")
    turn = duty.json()["recipient_id"]
    await is_away(world, turn)
    ticket = await world.open(**CRITICAL)
    await world.until("10:12:30")

    other = "uma" if turn == "tom" else "tom"
    assert put.status_code == 200
    assert [other] == [name for name in ("tom", "uma") if world.mails(name)]
    assert [] == world.told("escalation.advanced", ticket, "to_level")
