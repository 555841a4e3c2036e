"""Faults over the four real services: whatever dies or goes away, the invariants hold at rest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.contracts import TICKETS
from shared.db import outbox
from shared.db.dead_letters import Reason
from shared.db.engine import create_migration_engine
from tests.support import invariants
from tests.support.crashes import crash_at
from tests.support.intake import an_open
from tests.support.world import World, a_world, create_topics

CRITICAL: dict[str, Any] = {
    "customer": {"id": "acme", "tier": "enterprise", "email": "dana@acme.example"},
    "impact": "high",
    "urgency": "high",
}

#: A morning is some hundred transactions; on a busy machine they take their time.
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(database_url, tmp_path) as made:
        yield made


async def people(world: World) -> None:
    """Two on the front line, one specialist, two managers."""
    for agent in ("ana", "ben"):
        await world.agent(agent, capacity=2)
    await world.agent("uma", level="tier_2", team="specialists", capacity=2)
    await world.recipient("tom", "team_managers", team="specialists")
    await world.recipient("ida", "team_managers", team="engineering")


async def a_morning(world: World) -> dict[str, UUID]:
    """Tickets that are answered, solved, escalated, breached; returns those accepted."""
    accepted = {
        "t1": await world.open("t1", **CRITICAL),
        "t2": await world.open("t2", customer={"id": "umbra", "tier": "professional"}),
        "t3": await world.open("t3"),
        "t4": await world.open("t4", **{**CRITICAL, "urgency": "medium"}),
        "t5": await world.open("t5"),
    }
    await world.until("10:05:00")
    await world.says("agent", "t2")
    await world.says("customer", "t2")
    await world.until("10:12:30")
    await world.status("resolved", "t3", resolution_code="fixed")
    await world.says("customer", "t1")
    await world.until("10:16:00")
    await world.says("agent", "t1")
    await world.status("resolved", "t2", resolution_code="fixed")
    await world.until("10:31:00")
    return accepted


@pytest.mark.parametrize(
    ("point", "after"),
    [
        ("consumer.after_db_commit", 0),
        ("consumer.after_db_commit", 7),
        ("relay.after_ack", 0),
        ("relay.after_ack", 9),
        ("notifier.before_send", 1),
        ("notifier.after_send", 1),
    ],
)
async def test_a_crash_changes_nothing(world: World, point: str, after: int) -> None:
    await people(world)
    crash_at(point, after=after)
    accepted = await a_morning(world)

    assert 1 == len(world.crashed)
    await invariants.hold(world, accepted)


async def test_F06_every_service_is_killed_in_turn_and_nothing_is_lost(world: World) -> None:
    await people(world)
    accepted = {}
    for n, name in enumerate(("router", "escalator", "notifier", "router")):
        accepted[f"t{n}"] = await world.open(f"t{n}", **CRITICAL)
        await world.advance(minutes=4)
        await world.kill(name)
        await world.says("customer", f"t{n}")
        await world.advance(minutes=2)
        await world.start(name)
        await world.settle()
    await world.advance(minutes=10)

    await invariants.hold(world, accepted)


async def test_F30_repeated_and_lost_acknowledgements_double_nothing(world: World) -> None:
    await people(world)
    world.broker.duplicate_sends = 20
    world.broker.lose_acks = 10
    accepted = await a_morning(world)

    await invariants.hold(world, accepted)


async def test_F52_the_same_delivery_five_times_is_one_ticket(world: World) -> None:
    await people(world)
    answers = [await world.webhook(an_open("t1"), message_id="m1") for _ in range(5)]
    tickets = {answer.json()["ticket_id"] for answer in answers}

    assert [202, 200, 200, 200, 200] == [answer.status_code for answer in answers]
    await invariants.hold(world, {"t1": UUID(tickets.pop())})


async def test_F25_a_broker_that_is_away_for_a_minute_delays_and_loses_nothing(
    world: World,
) -> None:
    await people(world)
    accepted = {"t1": await world.open("t1", **CRITICAL)}
    world.broker.go_down()
    for n in range(2, 5):
        await world.advance(seconds=20)
        answer = await world.webhook(an_open(f"t{n}"))
        accepted[f"t{n}"] = UUID(answer.json()["ticket_id"])
    waiting = await world.unpublished()
    world.broker.come_back()
    await world.advance(minutes=15)

    assert 0 < waiting
    assert 4 == len({UUID(event.subject) for event in world.events("ticket.queued")})
    await invariants.hold(world, accepted)


async def test_F25_a_reply_given_during_an_outage_breaches_nothing_afterwards(
    world: World,
) -> None:
    ticket = await world.open("t1", **CRITICAL)
    await world.until("10:14:10")
    world.broker.go_down()
    await world.until("10:14:50")
    await world.says("agent", "t1")
    await world.until("10:15:40")
    world.broker.come_back()
    await world.advance(minutes=1)

    assert [] == world.told("sla.breached", ticket)
    assert [("10:14:50", "first_response")] == world.told("sla.met", ticket, "metric")


async def test_F28_a_broker_that_forgot_everything_gets_it_again(world: World) -> None:
    await people(world)
    accepted = {"t1": await world.open("t1", **CRITICAL), "t2": await world.open("t2")}
    await world.until("10:16:00")
    before = invariants.on_topics(world)
    world.broker.forget()
    await create_topics(world.broker)
    for service in world.services.values():
        async with service.engine.begin() as tx:
            await outbox.request_rebuild(tx)
    await world.settle()
    after = invariants.on_topics(world)
    await world.says("agent", "t1")
    await world.advance(minutes=5)

    assert {topic: {event.id for event in events} for topic, events in before.items()} == {
        topic: {event.id for event in events} for topic, events in after.items()
    }
    await invariants.hold(world, accepted)


async def test_F32_a_poison_record_stalls_its_own_ticket_only_and_can_be_released(
    world: World,
) -> None:
    await people(world)
    migrator = create_migration_engine(world.database_url)
    accepted = {"t1": await world.open("t1"), "t2": await world.open("t2")}
    ticket = accepted["t1"]
    async with migrator.begin() as tx:
        await tx.exec_driver_sql(
            "ALTER TABLE router.work_item ADD CONSTRAINT refused CHECK "
            f"(ticket_id <> '{ticket}') NOT VALID"
        )
    await world.status("resolved", "t1", resolution_code="fixed")
    await world.status("resolved", "t2", resolution_code="fixed")
    await world.status("open", "t1")
    parked = [(letter.key, letter.reason) for letter in await world.parked("router")]
    async with migrator.begin() as tx:
        await tx.exec_driver_sql("ALTER TABLE router.work_item DROP CONSTRAINT refused")
    await migrator.dispose()
    await world.release("router", ticket)

    assert {str(ticket)} == {key for key, _ in parked}
    first, *others = [reason for _, reason in parked]
    assert Reason.POISON == first
    assert {Reason.STALLED} == set(others)  # its next status, and what its clocks have said since
    assert [] == await world.parked("escalator")
    await invariants.hold(world, accepted)


async def test_F32_bytes_that_are_no_event_stop_nobody_else(world: World) -> None:
    await people(world)
    await world.open("t1")
    world.broker.append(TICKETS, "nobody", b"\xff\x00 no event")
    world.broker.append(TICKETS, None, b"{}")
    other = await world.open("t2")

    assert [("10:00:00", "first_response"), ("10:00:00", "resolution")] == sorted(
        world.told("sla.started", other, "metric")
    )
    for name in ("router", "escalator", "notifier"):
        assert [Reason.UNDECODABLE, Reason.UNDECODABLE] == [
            letter.reason for letter in await world.parked(name)
        ]


async def test_F05_a_notifier_killed_after_sending_marks_the_repeat(world: World) -> None:
    await world.agent("ana")
    await world.recipient("tom", "team_managers", team="specialists")
    ticket = await world.open("t1", **CRITICAL)
    await world.until("10:11:59")
    crash_at("notifier.after_send")
    await world.until("10:13:00")
    mails = [mail for mail in world.mails("tom") if "/a/" in mail.text]
    sent = world.told("notification.sent", ticket, "recipient_id", "template", "possible_repeat")

    assert ["notifier"] == world.crashed
    assert 2 == len(mails)
    assert [("tom", "handoff", True)] == [told[1:] for told in sent if told[1] == "tom"]
