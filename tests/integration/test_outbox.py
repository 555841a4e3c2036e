"""The outbox: numbered where it is written, published in order, kept for a rebuild, pruned by the day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.contracts import Event, SlaBreached, SlaWarning, TicketOpened, TicketResolved, decode
from shared.db import outbox
from shared.db.outbox import Rebuild
from tests.support.builders import MONDAY_10, a, an_event

pytestmark = pytest.mark.postgres

ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def of(kind: Any, ticket: str, minute: int = 0) -> Event:
    return an_event(
        a(kind, ticket_id=UUID(ticket)), at=MONDAY_10 + timedelta(minutes=minute), sequence=0
    )


async def today(tx: AsyncConnection) -> date:
    day: date = (await tx.exec_driver_sql("SELECT current_date")).scalar_one()
    return day


async def partitions(tx: AsyncConnection) -> list[date]:
    rows = await tx.exec_driver_sql(
        "SELECT to_date(right(relname, 8), 'YYYYMMDD') FROM pg_class WHERE relname ~ '^outbox_[0-9]{8}$'"
        " AND relkind = 'r' ORDER BY 1"
    )
    return list(rows.scalars())


async def test_events_are_numbered_gaplessly_per_ticket_and_topic(tx: AsyncConnection) -> None:
    first = [of(TicketOpened, ONE), of(TicketOpened, TWO), of(SlaWarning, ONE)]
    second = [of(TicketResolved, ONE, 1), of(TicketResolved, ONE, 2), of(SlaBreached, ONE, 1)]

    assert [1, 1, 1] == [event.sequence for event in await outbox.add(tx, first)]
    assert [2, 3, 2] == [event.sequence for event in await outbox.add(tx, second)]


async def test_what_is_written_is_the_numbered_event_itself(tx: AsyncConnection) -> None:
    [numbered] = await outbox.add(tx, [of(TicketOpened, ONE)])

    [row] = await outbox.peek(tx, 10)

    assert numbered == decode(row.value)
    assert ("support.tickets", ONE, numbered.id) == (row.topic, row.key, row.event_id)
    assert str(numbered.id) == row.headers["ce_id"]
    assert numbered.recorded_time == row.created_at


async def test_nothing_to_say_writes_nothing(tx: AsyncConnection) -> None:
    assert [] == await outbox.add(tx, [])
    assert [] == await outbox.peek(tx, 10)


async def test_the_oldest_rows_come_first_and_published_ones_no_more(tx: AsyncConnection) -> None:
    written = await outbox.add(tx, [of(TicketOpened, ONE, minute) for minute in range(5)])
    rows = await outbox.peek(tx, 3)

    await outbox.mark_published(tx, rows[:1] + rows[2:], MONDAY_10)

    assert [event.id for event in written[:3]] == [row.event_id for row in rows]
    left = [row.event_id for row in await outbox.peek(tx, 10)]
    assert [written[n].id for n in (1, 3, 4)] == left


async def test_the_same_event_cannot_be_written_twice_in_a_day(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        await outbox.add(tx, [of(TicketOpened, ONE)])

    with pytest.raises(DBAPIError, match="outbox"):
        async with engine.begin() as tx:
            await outbox.add(tx, [of(TicketOpened, ONE)])


async def test_what_the_relay_owes_is_counted(tx: AsyncConnection) -> None:
    assert (0, None) == await outbox.owed(tx)

    await outbox.add(tx, [of(TicketOpened, ONE), of(TicketOpened, TWO, 3)])

    assert (2, MONDAY_10) == await outbox.owed(tx)


async def test_one_relay_is_active_at_a_time(engine: AsyncEngine) -> None:
    async with engine.connect() as first, engine.connect() as second:
        assert await outbox.take_relay_lock(first)
        assert not await outbox.take_relay_lock(second)

        await first.rollback()

        assert await outbox.take_relay_lock(second)


async def test_a_rebuild_sends_kept_rows_published_or_not_in_order(tx: AsyncConnection) -> None:
    written = await outbox.add(
        tx, [of(TicketOpened, ONE), of(SlaWarning, ONE), of(TicketResolved, ONE)]
    )
    await outbox.mark_published(tx, await outbox.peek(tx, 2), MONDAY_10)
    assert await outbox.rebuild(tx) is None

    await outbox.request_rebuild(tx)

    under_way = await outbox.rebuild(tx)
    assert Rebuild(after=0, topics=None) == under_way
    first = await outbox.kept(tx, under_way, 2)
    await outbox.move_rebuild(tx, first[-1].seq)
    under_way = await outbox.rebuild(tx)
    assert under_way is not None
    rest = await outbox.kept(tx, under_way, 2)
    assert [event.id for event in written] == [row.event_id for row in first + rest]
    await outbox.move_rebuild(tx, None)
    assert await outbox.rebuild(tx) is None


async def test_a_rebuild_can_be_of_one_topic(tx: AsyncConnection) -> None:
    written = await outbox.add(tx, [of(TicketOpened, ONE), of(SlaWarning, ONE)])

    await outbox.request_rebuild(tx, ["support.sla"])

    under_way = await outbox.rebuild(tx)
    assert under_way is not None
    assert [written[1].id] == [row.event_id for row in await outbox.kept(tx, under_way, 10)]


async def test_coverage_says_what_a_rebuild_would_send(tx: AsyncConnection) -> None:
    await outbox.add(tx, [of(TicketOpened, ONE), of(TicketResolved, ONE, 5), of(SlaWarning, ONE)])

    covered = {row.topic: (row.events, row.first, row.last) for row in await outbox.coverage(tx)}

    later = MONDAY_10 + timedelta(minutes=5)
    assert {
        "support.sla": (1, MONDAY_10, MONDAY_10),
        "support.tickets": (2, MONDAY_10, later),
    } == covered


async def test_the_story_of_a_key_is_in_the_order_it_was_told(tx: AsyncConnection) -> None:
    written = await outbox.add(
        tx, [of(TicketOpened, ONE), of(TicketOpened, TWO), of(TicketResolved, ONE, 1)]
    )

    assert [written[0], written[2]] == [decode(value) for value in await outbox.story(tx, ONE)]


async def test_the_coming_days_have_partitions(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        first = await today(tx)

        assert 2 == await outbox.add_days(tx, ahead=9)
        assert 0 == await outbox.add_days(tx, ahead=9)
        assert [first + timedelta(days=n) for n in range(10)] == await partitions(tx)


async def test_a_day_without_a_partition_fails_loudly(tx: AsyncConnection) -> None:
    with pytest.raises(DBAPIError, match="no partition"):
        await tx.exec_driver_sql(
            "INSERT INTO outbox (created_on, event_id, topic, key, value, headers, created_at)"
            " VALUES ('2001-01-01', gen_random_uuid(), 't', 'k', '', '{}', now())"
        )


async def test_old_days_are_dropped_unless_they_owe_something(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        first = await today(tx)
        old, owing, kept = (first - timedelta(days=n) for n in (9, 8, 7))
        for day in (old, owing, kept):
            await tx.exec_driver_sql("SELECT outbox_add_day($1)", (day,))
        for day, published in ((old, MONDAY_10), (owing, None), (kept, MONDAY_10)):
            await tx.exec_driver_sql(
                "INSERT INTO outbox (created_on, event_id, topic, key, value, headers, created_at,"
                " published_at) VALUES ($1, gen_random_uuid(), 't', 'k', '', '{}', now(), $2)",
                (day, published),
            )

    async with engine.begin() as tx:
        assert [old] == await outbox.drop_days(tx, keep_days=7)
        assert [owing, kept, first] == (await partitions(tx))[:3]


async def test_the_service_itself_may_create_and_drop_nothing(engine: AsyncEngine) -> None:
    for statement in ("CREATE TABLE mine (id int)", "DROP TABLE outbox", "TRUNCATE inbox"):
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
            async with engine.begin() as tx:
                await tx.exec_driver_sql(statement)
