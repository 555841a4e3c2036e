"""The ladder (semantics L): the example to its end, and the one in which nobody was there to climb it."""

from __future__ import annotations

from typing import Any

from tests.support.intake import a_message
from tests.support.world import World

#: First response within 15 minutes, resolution within 240.
CRITICAL: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "enterprise"},
    "impact": "high",
    "urgency": "high",
}


async def people(world: World) -> None:
    """An agent of the lowest level, and somebody to tell at each."""
    await world.agent("ana")
    for team in ("frontline", "specialists", "engineering"):
        await world.recipient(f"lead-of-{team}", "team_managers", team=team)
    await world.recipient("maria", "support_manager")


async def test_example_L_an_acknowledgement_holds_is_extended_by_a_reply_and_runs_out(
    world: World,
) -> None:
    await people(world)
    ticket = await world.open(**CRITICAL)
    await world.until("10:20:00")
    page = [mail for mail in world.mails("maria") if "/a/" in mail.text][-1]
    answer = await world.call("notifier", "POST", f"/a/{page.token}")
    await world.until("10:40:00")
    before = len(world.mails())
    await world.says("agent")
    await world.until("11:10:00")

    assert 200 == answer.status_code
    assert [("10:20:00", "maria")] == world.told("escalation.acknowledged", ticket, "by")
    assert [
        ("10:13:30", "tier_3", "unacknowledged"),
        ("10:14:30", "management", "unacknowledged"),
        ("10:15:30", "management", "repeated"),
        ("11:10:00", "management", "repeated"),
    ] == world.told("escalation.advanced", ticket, "to_level", "reason")
    warned = world.told("sla.warning", ticket, "metric", "threshold_percent")
    assert [("10:18:45", 125), ("10:22:30", 150), ("10:30:00", 200)] == [
        (at, percent) for at, _, percent in warned if percent > 100
    ]
    late = world.told("sla.closed_late", ticket, "metric", "consumed_seconds", "target_seconds")
    assert [("10:40:00", "first_response", 2400, 900)] == late
    overdue = [mail.subject for mail in world.mails()[:before] if "overdue" in mail.subject.lower()]
    assert [] == overdue


async def test_example_L9_what_fell_due_in_an_outage_is_told_with_its_time_and_paged_once(
    world: World,
) -> None:
    await people(world)
    ticket = await world.open(**CRITICAL)
    await world.webhook(a_message(kind="agent", public=False))
    await world.until("10:05:00")
    told_before = len(world.mails())
    await world.kill("escalator")
    await world.until("10:40:01")
    await world.start("escalator")
    await world.settle()
    await world.advance(minutes=2)

    assert [50, 75, 80, 90, 125, 150, 200] == [
        percent for _, percent in world.told("sla.warning", ticket, "threshold_percent")
    ]
    assert [("10:12:00", "tier_2")] == world.told("escalation.raised", ticket, "level")
    assert [("10:15:00", "tier_3", "worsened", world.at("11:10:01"))] == world.told(
        "escalation.advanced", ticket, "to_level", "reason", "acknowledge_by"
    )
    mails = [(mail.to.split("@")[0], mail.subject) for mail in world.mails()[told_before:]]
    paged = [mail.to.split("@")[0] for mail in world.mails()[told_before:] if "/a/" in mail.text]
    assert ["lead-of-engineering"] == paged, mails
    assert 1 == len([one for one in mails if one[0] == "lead-of-specialists"]), mails
    assert [] == [one for one in mails if "warning" in one[1].lower()]
