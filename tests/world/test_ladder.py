"""The ladder (semantics L): raised, advanced, acknowledged, repeated; people are told at each step."""

from __future__ import annotations

from typing import Any

from tests.support.world import World

CRITICAL: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "enterprise", "email": "dana@acme.example"},
    "impact": "high",
    "urgency": "high",
}


async def test_example_L_nobody_reacts(world: World) -> None:
    """An agent of tier_1 has accepted, and writes nothing."""
    await world.agent("ana")
    ticket = await world.open(**CRITICAL)
    await world.until("10:19:00")

    assert [
        ("10:07:30", 50),
        ("10:11:15", 75),
        ("10:12:00", 80),
        ("10:13:30", 90),
        ("10:18:45", 125),
    ] == world.told("sla.warning", ticket, "threshold_percent")
    assert [("10:12:00", "tier_2", "sla_at_risk", world.at("10:13:30"))] == world.told(
        "escalation.raised", ticket, "level", "reason", "acknowledge_by"
    )
    assert [
        ("10:13:30", "tier_3", "unacknowledged", world.at("10:14:30")),
        ("10:14:30", "management", "unacknowledged", world.at("10:15:30")),
        ("10:15:30", "management", "repeated", world.at("10:35:30")),
    ] == world.told("escalation.advanced", ticket, "to_level", "reason", "acknowledge_by")
    assert ("10:15:00", "first_response") in world.told("sla.breached", ticket, "metric")


async def test_L4_a_confirmed_link_stops_the_paging_and_not_the_clock(world: World) -> None:
    await world.agent("ana")
    await world.recipient("tom", "team_managers", team="specialists")
    ticket = await world.open(**CRITICAL)
    await world.until("10:12:30")
    (page,) = [mail for mail in world.mails("tom") if "/a/" in mail.text]
    shown = await world.call("notifier", "GET", f"/a/{page.token}")
    untouched = world.events("escalation.acknowledged", ticket)
    confirmed = await world.call("notifier", "POST", f"/a/{page.token}")
    await world.until("10:15:30")

    assert (200, 200) == (shown.status_code, confirmed.status_code)
    assert [] == untouched
    assert [("10:12:30", "tom", "link")] == world.told(
        "escalation.acknowledged", ticket, "by", "via"
    )
    assert [] == [
        told
        for told in world.told("escalation.advanced", ticket, "reason")
        if told[1] == "unacknowledged"
    ]
    assert ("10:15:00", "first_response") in world.told("sla.breached", ticket, "metric")


async def test_D7_a_link_that_is_confirmed_twice_acknowledges_once(world: World) -> None:
    await world.recipient("tom", "team_managers", team="specialists")
    ticket = await world.open(**CRITICAL)
    await world.until("10:12:30")
    (page,) = [mail for mail in world.mails("tom") if "/a/" in mail.text]
    for _ in range(2):
        await world.call("notifier", "POST", f"/a/{page.token}")

    assert 1 == len(world.events("escalation.acknowledged", ticket))


async def test_L4_a_manager_may_acknowledge_over_http(world: World) -> None:
    ticket = await world.open(**CRITICAL)
    await world.until("10:12:30")
    (raised,) = world.told("escalation.raised", ticket, "escalation_id")
    answer = await world.call("escalator", "POST", f"/v1/escalations/{raised[1]}/acknowledgement")

    assert 200 == answer.status_code
    assert [("10:12:30", "world")] == world.told("escalation.acknowledged", ticket, "by")


async def test_L8_a_solved_ticket_ends_its_escalation_and_nobody_is_paged_any_more(
    world: World,
) -> None:
    await world.agent("ana")
    await world.recipient("tom", "team_managers", team="specialists")
    await world.recipient("ida", "team_managers", team="engineering")
    ticket = await world.open(**CRITICAL)
    await world.until("10:12:30")
    await world.says("agent")
    await world.status("resolved", resolution_code="fixed")
    await world.advance(hours=2)

    assert [("10:12:30", "ticket_resolved")] == world.told("escalation.resolved", ticket, "outcome")
    assert [] == world.told("escalation.advanced", ticket)
    assert [] == world.mails("ida")


async def test_L10_the_router_moves_an_escalated_ticket_to_the_next_level(world: World) -> None:
    await world.agent("ana")
    await world.agent("uma", level="tier_2", team="specialists")
    ticket = await world.open(**CRITICAL)
    await world.until("10:12:00")

    assert [
        ("10:00:00", "ana", "general"),
        ("10:12:00", "uma", "specialists"),
    ] == world.told("ticket.assigned", ticket, "agent_id", "queue")
    assert {"ana": 0, "uma": 1} == await world.agents()


async def test_L3_levels_nobody_of_which_can_be_told_are_skipped_at_once(world: World) -> None:
    await world.agent("ana")
    await world.recipient("maria", "support_manager")
    ticket = await world.open(**CRITICAL)
    await world.until("10:12:00")

    assert [("10:12:00", "tier_2")] == world.told("escalation.raised", ticket, "level")
    assert [("tier_3", "unreachable"), ("management", "unreachable")] == [
        told[1:] for told in world.told("escalation.advanced", ticket, "to_level", "reason")
    ]
    assert [mail.to for mail in world.mails("maria")]


async def test_V_a_request_by_hand_raises_to_the_level_its_reason_names(world: World) -> None:
    ticket = await world.open()
    wish = {
        "reason": "manager_requested",
        "handoff": {"tried": ["Explained the rule."], "next_steps": ["Call the customer."]},
    }
    answer = await world.call("escalator", "POST", f"/v1/tickets/{ticket}/escalations", wish)

    assert 201 == answer.status_code
    assert [("10:00:00", "management", "requested")] == world.told(
        "escalation.raised", ticket, "level", "reason"
    )


async def test_V_legal_words_go_to_management_at_once(world: World) -> None:
    await world.recipient("maria", "support_manager")
    ticket = await world.open(body="Answer today or my lawyer will.")

    assert [("10:00:00", "management", "legal_threat")] == world.told(
        "escalation.raised", ticket, "level", "reason"
    )
    assert [mail.to for mail in world.mails("maria")]


async def test_D6_the_customer_is_told_the_number_and_the_promise(world: World) -> None:
    await world.open(**CRITICAL)
    mails = world.mails("dana")

    assert 1 == len(mails)
    assert "We have your request" in mails[0].subject


async def test_V13_the_mean_of_a_customers_last_ratings_falls_below(world: World) -> None:
    kinds = ("technical", "billing", "account")
    tickets = [await world.open(kind, category=kind, body=f"About {kind}.") for kind in kinds]
    for ticket, score in zip(tickets, (1, 3, 3), strict=True):
        await world.call("intake", "POST", f"/v1/tickets/{ticket}/rating", {"score": score})

    assert [[1], [1, 3], [1, 3, 3]] == [
        recent for ticket in tickets for _, recent in world.told("ticket.rated", ticket, "recent")
    ]
    assert [True, False, True] == [
        "low_satisfaction"
        in {
            evidence.trigger
            for name in ("escalation.raised", "escalation.advanced")
            for _, shown in world.told(name, ticket, "evidence")
            for evidence in shown
        }
        for ticket in tickets
    ]
