"""What is forgotten when its time is over, and what stays because somebody may still need it (security S30)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

import pytest

from shared.clock import FakeClock
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.runtime.housekeeping import Housekeeper
from tests.support.world import NAMES, World

pytestmark = pytest.mark.timeout(150)

#: Rows about a ticket, by what they are: the service that owns them, and how they are counted.
OF_A_TICKET: Final = {
    "messages": ("intake", "SELECT count(*) FROM message WHERE ticket_id = $1"),
    "evidence": ("intake", "SELECT count(*) FROM evidence WHERE ticket_id = $1"),
    "ticket_texts": ("intake", "SELECT count(*) FROM ticket_text WHERE ticket_id = $1"),
    "suggestions": ("intake", "SELECT count(*) FROM suggestion WHERE ticket_id = $1"),
    "handoffs": ("escalator", "SELECT count(*) FROM handoff WHERE ticket_id = $1"),
    "notifications": ("notifier", "SELECT count(*) FROM notification WHERE ticket_id = $1"),
    "subject_lines": (
        "notifier",
        "SELECT count(*) FROM ticket WHERE ticket_id = $1 AND subject_line IS NOT NULL",
    ),
}

#: Days after the end of a ticket until they go.
DAYS: Final = {
    "messages": 400,
    "evidence": 400,
    "ticket_texts": 120,
    "suggestions": 120,
    "handoffs": 400,
    "notifications": 90,
    "subject_lines": 90,
}

ANGRY: Final = {
    "customer": {"id": "acme", "tier": "enterprise", "email": "dana@acme.example"},
    "subject": "Export is broken again",
    "body": "The export has been broken for hours, this is unacceptable!",
    "impact": "high",
    "urgency": "high",
}


async def counted(world: World, ticket: UUID) -> dict[str, int]:
    """How many rows there are about a ticket."""
    return {
        name: await world.value(service, statement, ticket)
        for name, (service, statement) in OF_A_TICKET.items()
    }


async def keep_house(world: World, name: str, *, days: float) -> Catalogue:
    """One service's housekeeping as it would be `days` from now; its metrics."""
    service = world.services[name]
    catalogue = Catalogue(name)
    keeper = Housekeeper(
        database=service.engine,
        clock=FakeClock(world.clock.now() + timedelta(days=days)),
        metrics=RuntimeMetrics(catalogue),
        watermark=service.watermark,
        keep_days=service.settings.outbox.keep_days,
        letters_days=service.settings.dead_letters.keep_days,
        kept=service.kept,
    )
    await keeper.step()
    return catalogue


@pytest.fixture
async def ended_and_open(world: World) -> tuple[UUID, UUID]:
    """Two tickets that look alike, with everything that is kept about one; the first is closed."""
    await world.recipient("maria", "support_manager")
    await world.recipient("tom", "team_managers", team="specialists")
    ended = await world.open("1", **ANGRY)
    going_on = await world.open("2", **{**ANGRY, "customer": {"id": "bolt", "tier": "enterprise"}})
    await world.until("10:20:00")
    for ticket, other in ((ended, going_on), (going_on, ended)):
        async with world.services["escalator"].engine.begin() as tx:
            await tx.exec_driver_sql(
                "INSERT INTO handoff VALUES ($1, 1, 'ana', $2, '{}'), ($1, 2, 'ana', $2, '{}')",
                (ticket, world.clock.now()),
            )
        async with world.services["intake"].engine.begin() as tx:
            await tx.exec_driver_sql(
                "INSERT INTO suggestion VALUES ($1, $2, 80, $3) ON CONFLICT DO NOTHING",
                (ticket, other, world.clock.now()),
            )
    await world.status("solved", "1")
    await world.status("closed", "1")
    return ended, going_on


async def test_what_is_over_goes_when_its_time_has_come_and_an_open_ticket_keeps_all(
    world: World, ended_and_open: tuple[UUID, UUID]
) -> None:
    ended, going_on = ended_and_open
    had, has = await counted(world, ended), await counted(world, going_on)
    left: dict[str, tuple[int, int]] = {}
    for days in sorted(set(DAYS.values())):
        for name in NAMES:
            await keep_house(world, name, days=days - 0.5)
        early = await counted(world, ended)
        for name in NAMES:
            await keep_house(world, name, days=days + 0.5)
        late = await counted(world, ended)
        left |= {what: (early[what], late[what]) for what in DAYS if DAYS[what] == days}
    for name in NAMES:
        await keep_house(world, name, days=5000)

    assert all(had.values()), had
    assert all(has.values()), has
    assert left == {what: (had[what], 0) for what in DAYS}
    assert await counted(world, going_on) == has


async def test_what_is_removed_is_counted_by_what_it_was(
    world: World, ended_and_open: tuple[UUID, UUID]
) -> None:
    catalogue = await keep_house(world, "escalator", days=500)
    labels = {"service": "escalator", "what": "handoffs"}

    assert ended_and_open
    assert catalogue.registry.get_sample_value("tierline_forgotten_total", labels) == 2


async def test_a_released_letter_goes_after_thirty_days_and_a_parked_one_stays(
    world: World,
) -> None:
    now = world.clock.now()
    letter = """INSERT INTO dead_letter (topic, partition, "offset", event_id, raw, reason, error,
        parked_at, released_at) VALUES ('t', 0, 0, gen_random_uuid(), 'x', 'poison', $1, $2, $3)"""
    async with world.services["router"].engine.begin() as tx:
        await tx.exec_driver_sql(letter, ("released", now, now))
        await tx.exec_driver_sql(letter, ("parked", now, None))
    await keep_house(world, "router", days=29.5)
    early = await world.value("router", "SELECT count(*) FROM dead_letter")
    await keep_house(world, "router", days=30.5)

    assert early == 2
    assert await world.value("router", "SELECT error FROM dead_letter") == "parked"


async def test_who_has_not_met_for_ninety_days_is_forgotten(world: World) -> None:
    now = world.clock.now()
    async with world.services["router"].engine.begin() as tx:
        await tx.exec_driver_sql(
            "INSERT INTO acquaintance VALUES ('acme', 'ana', $1), ('acme', 'bo', $2)",
            (now, now + timedelta(days=2)),
        )
    await keep_house(world, "router", days=91)

    assert await world.value("router", "SELECT agent_id FROM acquaintance") == "bo"
