"""Streams: gapless numbers, and where an event stands in its stream (ruling 2, reliability 2.6)."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db import stream
from shared.db.stream import Place, place

pytestmark = pytest.mark.postgres

SLA = ("support.sla", "ticket-1")
TICKETS = ("support.tickets", "ticket-1")


@pytest.mark.parametrize(
    ("last", "sequence", "expected"),
    [
        (None, 1, Place.NEXT),
        (None, 7, Place.TRUNCATED),
        (3, 4, Place.NEXT),
        (3, 5, Place.GAP),
        (3, 3, Place.LATE),
        (3, 1, Place.LATE),
    ],
)
def test_place(last: int | None, sequence: int, expected: Place) -> None:
    assert expected is place(last, sequence)


async def test_numbers_are_taken_gaplessly_and_each_stream_counts_alone(
    tx: AsyncConnection,
) -> None:
    assert {SLA: 2, TICKETS: 1} == await stream.take(tx, {SLA: 2, TICKETS: 1})
    assert {SLA: 5} == await stream.take(tx, {SLA: 3})
    assert {SLA: 5, TICKETS: 1} == await stream.applied(tx, [SLA, TICKETS])


async def test_numbers_of_a_rolled_back_transaction_are_taken_again(engine: AsyncEngine) -> None:
    async with engine.connect() as tx:
        await stream.take(tx, {SLA: 3})
        await tx.rollback()

    async with engine.begin() as tx:
        assert {SLA: 1} == await stream.take(tx, {SLA: 1})


async def test_writers_of_one_stream_wait_for_each_other(engine: AsyncEngine) -> None:
    async def write() -> int:
        async with engine.begin() as tx:
            taken = await stream.take(tx, {SLA: 1, TICKETS: 1})
            await asyncio.sleep(0)
            return taken[SLA]

    taken = await asyncio.gather(*(write() for _ in range(20)))

    assert list(range(1, 21)) == sorted(taken)


async def test_advance_moves_forward_only(tx: AsyncConnection) -> None:
    await stream.advance(tx, {TICKETS: 4})
    await stream.advance(tx, {TICKETS: 2})

    assert {TICKETS: 4} == await stream.applied(tx, [TICKETS])


async def test_a_stream_never_met_is_left_out(tx: AsyncConnection) -> None:
    assert {} == await stream.applied(tx, [TICKETS])
    assert {} == await stream.applied(tx, [])
    assert {} == await stream.take(tx, {})
