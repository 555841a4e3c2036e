"""Time (semantics T): met at the deadline, breached after it, withdrawn when a fact comes late."""

from __future__ import annotations

from typing import Any

from shared.contracts import TICKETS, Event
from tests.support.world import World, clock_time

#: First response within 15 minutes, resolution within 240.
CRITICAL: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "enterprise"},
    "impact": "high",
    "urgency": "high",
}


def first_response(events: list[Event]) -> list[str]:
    """When events about the first response happened."""
    return [
        clock_time(event.time)
        for event in events
        if getattr(event.payload, "metric", None) == "first_response"
    ]


async def test_T_a_a_reply_at_the_deadline_is_in_time(world: World) -> None:
    ticket = await world.open(**CRITICAL)
    await world.until("10:14:59")
    await world.clock.move_to(world.at("10:15:00"))
    await world.says("agent")
    await world.advance(minutes=5)

    assert ["10:15:00"] == first_response(world.events("sla.met", ticket))
    assert [] == first_response(world.events("sla.breached", ticket))


async def test_T_b_a_reply_one_millisecond_later_is_not(world: World) -> None:
    ticket = await world.open(**CRITICAL)
    await world.until("10:15:00.001")
    await world.says("agent")

    assert ["10:15:00"] == first_response(world.events("sla.breached", ticket))
    assert [] == first_response(world.events("sla.met", ticket))
    assert ["10:15:00.001"] == first_response(world.events("sla.closed_late", ticket))


async def test_T_c_a_reply_that_comes_late_withdraws_the_breach(world: World) -> None:
    await world.recipient("tom", "team_managers", team="frontline")
    ticket = await world.open(**CRITICAL)
    await world.until("10:15:20")
    assert ["10:15:00"] == first_response(world.events("sla.breached", ticket))
    await world.says("agent", occurred_at="2026-06-01T10:14:30Z")

    assert [(world.at("10:15:00"), world.at("10:14:30"))] == [
        (event.payload.deadline, event.payload.happened_at)  # type: ignore[attr-defined]
        for event in world.events("sla.withdrawn", ticket)
    ]
    assert ["10:14:30"] == first_response(world.events("sla.met", ticket))


async def test_T_c_one_correction_goes_to_each_person_told_and_to_nobody_else(
    world: World,
) -> None:
    await world.recipient("tom", "team_managers", team="frontline")
    await world.recipient("sue", "team_managers", team="engineering")
    await world.open(**CRITICAL)
    await world.until("10:15:20")
    breach = [mail for mail in world.mails() if "is late" in mail.subject]
    await world.says("agent", occurred_at="2026-06-01T10:14:30Z")
    await world.advance(minutes=2)
    corrections = [mail for mail in world.mails() if "alarm was wrong" in mail.subject]

    assert breach
    assert sorted(mail.to for mail in breach) == sorted(mail.to for mail in corrections)


async def test_T_d_a_partition_that_lags_breaches_nothing(world: World) -> None:
    ticket = await world.open(**CRITICAL)
    await world.until("10:14:10")
    slow = world.broker.partition_of(TICKETS, str(ticket))
    world.broker.hold(slow)
    await world.until("10:15:30")
    held = first_response(world.events("sla.breached", ticket))
    await world.says("agent", occurred_at="2026-06-01T10:14:50Z")
    world.broker.let_go(slow)
    await world.advance(minutes=1)

    assert [50, 75, 80, 90] == [
        percent for _, percent in world.told("sla.warning", ticket, "threshold_percent")
    ]
    assert [] == held
    assert [] == first_response(world.events("sla.breached", ticket))
    assert ["10:14:50"] == first_response(world.events("sla.met", ticket))


async def test_ruling_1_a_deadline_held_for_two_minutes_fires_by_the_clock(world: World) -> None:
    ticket = await world.open(**CRITICAL)
    await world.until("10:14:10")
    slow = world.broker.partition_of(TICKETS, str(ticket))
    world.broker.hold(slow)
    await world.until("10:16:59")
    before = world.told("sla.breached", ticket)
    await world.advance(seconds=1)
    breached = world.told("sla.breached", ticket, "metric", "provisional")
    await world.says("agent", occurred_at="2026-06-01T10:14:50Z")
    world.broker.let_go(slow)
    await world.advance(minutes=1)

    assert [] == before
    assert [("10:15:00", "first_response", True)] == breached
    assert ["10:14:50"] == first_response(world.events("sla.met", ticket))
    assert 1 == len(world.events("sla.withdrawn", ticket))


async def test_T10_an_escalator_that_slept_tells_the_same_facts(world: World) -> None:
    ticket = await world.open(**CRITICAL)
    await world.until("10:05:00")
    await world.kill("escalator")
    await world.until("10:40:01")
    await world.start("escalator")
    await world.settle()

    assert [
        ("10:07:30", 50),
        ("10:11:15", 75),
        ("10:12:00", 80),
        ("10:13:30", 90),
        ("10:18:45", 125),
        ("10:22:30", 150),
        ("10:30:00", 200),
    ] == world.told("sla.warning", ticket, "threshold_percent")
    assert ["10:15:00"] == first_response(world.events("sla.breached", ticket))
    assert {"10:40:01"} == {
        clock_time(event.recorded_time) for event in world.events("sla.warning", ticket)
    }


async def test_T9_nothing_is_announced_twice_whoever_restarts(world: World) -> None:
    ticket = await world.open(**CRITICAL)
    for minute in range(4, 20, 4):
        await world.until(f"10:{minute:02}:00")
        await world.restart("escalator")
    await world.until("10:20:00")

    announced = world.told("sla.warning", ticket, "threshold_percent", "cycle")
    assert len(set(announced)) == len(announced)
    assert 1 == len(first_response(world.events("sla.breached", ticket)))
