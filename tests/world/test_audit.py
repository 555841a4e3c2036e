"""The auditor over a whole system's topics: nothing is wrong with a right run, and what is lost is found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.auditor.judge import JUDGED
from services.auditor.reading import TOPICS, accepted, unopened
from services.auditor.report import Report
from services.auditor.verdict import audit
from shared.contracts import CALENDARS, Event, SlaBreached, SlaWarning, decode
from shared.policy import parse_workflow
from tests.support.world import PLAIN, World

#: First response within 15 minutes, resolution within 240.
CRITICAL: dict[str, Any] = {"impact": "high", "urgency": "high"}


def topics_of(world: World) -> list[Event]:
    return [decode(record.value) for topic in TOPICS for record in world.broker.records(topic)]


def judged(world: World, events: list[Event]) -> Report:
    now = world.clock.now()
    return audit(
        events,
        parse_workflow(PLAIN),
        since=now - timedelta(days=1),
        until=now,
        grace=timedelta(minutes=3),
    )


def of(name: str) -> dict[str, str]:
    """A customer of their own: tickets of one would be found alike, and merged."""
    return {"id": name, "tier": "enterprise"}


async def a_day(world: World) -> None:
    """Three tickets: one forgotten, one answered and paused, one whose answer comes late."""
    await world.open("forgotten", customer=of("forgotten"), **CRITICAL)
    await world.open("paused", customer=of("paused"), **CRITICAL)
    await world.open("late", customer=of("late"), **CRITICAL)
    await world.until("10:10:00")
    await world.says("agent", "paused")
    await world.status("pending", "paused")
    await world.until("10:15:20")
    await world.says("agent", "late", occurred_at="2026-06-01T10:14:30Z")
    await world.kill("escalator")
    await world.until("10:40:01")
    await world.start("escalator")
    await world.until("11:30:00")
    await world.says("customer", "paused")
    await world.until("12:30:00")
    await world.status("resolved", "late", resolution_code="fixed")
    await world.until("14:55:00")


async def test_H4_I28_a_run_with_a_crash_is_clean_and_each_mutation_of_it_is_found(
    world: World,
) -> None:
    await a_day(world)
    events = topics_of(world)
    report = judged(world, events)
    standing = [
        event
        for event in events
        if isinstance(event.payload, SlaWarning | SlaBreached)
        and event.payload.metric in JUDGED
        and event.time > world.at("10:16:00")
    ]

    assert [] == [f"{f.words} {f.point.metric} {f.point.percent} {f.due}" for f in report.wrong]
    assert report.due == report.fired > 20
    assert (1, 0, 0) == (report.withdrawn, report.pending, report.unjudged)
    assert report.lateness.max > 1000
    assert [1] * len(standing) == [
        len(judged(world, [e for e in events if e is not gone]).missing) for gone in standing
    ]


async def test_an_accepted_delivery_has_a_ticket_on_the_topic(world: World) -> None:
    await world.open("one")
    await world.open("two")
    now = world.clock.now()
    tickets = await accepted(world.database_url, now - timedelta(hours=1), now)
    events = topics_of(world)
    only_one = [event for event in events if event.subject == str(min(tickets))]

    assert 2 == len(tickets)
    assert (0, 1) == (unopened(tickets, events), unopened(tickets, only_one))


async def test_M2_H5_of_two_tickets_that_are_merged_the_stricter_promises_are_kept(
    world: World,
) -> None:
    await world.open("first", customer=of("acme"), impact="high", urgency="medium")
    await world.until("10:05:00")
    await world.open("second", customer=of("acme"), **CRITICAL)
    await world.until("15:00:00")
    report = judged(world, topics_of(world))

    assert 1 == len(world.events("ticket.merged"))
    assert [] == [f"{f.words} {f.point.metric} {f.point.percent} {f.due}" for f in report.wrong]
    assert report.fired > 10


async def test_C4_a_calendar_that_is_changed_under_running_clocks_is_known_by_its_topic(
    world: World,
) -> None:
    await world.open("forgotten", customer=of("forgotten"), **CRITICAL)
    await world.until("10:05:00")
    hours = '{mon-sun: ["00:00-10:10", "14:00-24:00"]}'
    closing = f"{PLAIN}\ncalendars: {{always: {{zone: UTC, hours: {hours}}}}}\n"
    applied = await world.call("escalator", "POST", "/v1/workflow", {"text": closing})
    await world.until("18:30:00")
    events = topics_of(world)
    report = judged(world, events)

    assert 201 == applied.status_code, applied.text
    assert [] == [f"{f.words} {f.point.metric} {f.point.percent} {f.due}" for f in report.wrong]
    assert report.due == report.fired > 5
    assert judged(world, [e for e in events if e.topic != CALENDARS]).wrong
