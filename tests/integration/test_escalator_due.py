"""How due cases are found: so many of each partition, the earliest first, however many there are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.escalator import store
from tests.support.builders import MONDAY_10

pytestmark = pytest.mark.postgres


@pytest.fixture
def engine(engine_for: Callable[[str], AsyncEngine]) -> AsyncEngine:
    return engine_for("escalator")


async def arm(engine: AsyncEngine, partition: int, count: int, *, first_minute: int) -> None:
    """Cases numbered `100 * partition + n`, one due every minute."""
    async with engine.begin() as tx:
        await tx.exec_driver_sql(
            "INSERT INTO sla_case SELECT u, $2, 'open', '', d, '{}'"
            " FROM unnest($1::uuid[], $3::timestamptz[]) AS t (u, d)",
            (
                [UUID(int=100 * partition + n) for n in range(count)],
                partition,
                [MONDAY_10 + timedelta(minutes=first_minute + n) for n in range(count)],
            ),
        )


async def due(engine: AsyncEngine, *partitions: int, limit: int) -> list[int]:
    """The numbers of the cases that one look at 11:00 takes, in their order."""
    async with engine.begin() as tx:
        until = MONDAY_10 + timedelta(hours=1)
        return [case.int for case in await store.lock_due(tx, partitions, until, limit=limit)]


async def test_a_partition_with_much_due_leaves_room_for_the_others(engine: AsyncEngine) -> None:
    await arm(engine, 0, 30, first_minute=0)
    await arm(engine, 1, 2, first_minute=1)

    assert [0, 1, 100, 2, 101] == await due(engine, 0, 1, limit=6)


async def test_a_partition_alone_has_the_whole_of_a_batch(engine: AsyncEngine) -> None:
    await arm(engine, 0, 30, first_minute=0)

    assert list(range(6)) == await due(engine, 0, limit=6)


async def test_every_partition_gets_on_although_there_are_more_of_them_than_a_batch_has_cases(
    engine: AsyncEngine,
) -> None:
    await arm(engine, 0, 2, first_minute=0)
    await arm(engine, 1, 2, first_minute=1)

    assert [0, 100] == await due(engine, 0, 1, limit=1)


async def test_what_is_due_later_is_left(engine: AsyncEngine) -> None:
    await arm(engine, 0, 5, first_minute=59)

    assert [0, 1] == await due(engine, 0, limit=100)
