"""One transaction for commands and workers: all or nothing, the relay woken, deadlocks done again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import FakeClock
from shared.contracts import Cause, FollowUp, TicketAssigned
from shared.db import outbox
from shared.db.engine import Transaction, fetch
from shared.ids import new_id
from shared.runtime.writer import Writer
from tests.support.builders import a
from tests.support.toy import a_ticket


class Bell:
    """Counts how often it was rung."""

    def __init__(self) -> None:
        self.rung = 0

    def wake(self) -> None:
        self.rung += 1


def something_said() -> list[FollowUp]:
    cause = new_id()
    return [
        FollowUp(
            cause=Cause(id=cause, correlation_id=cause),
            payload=a(TicketAssigned, ticket_id=a_ticket(1)),
        )
    ]


async def written(engine: AsyncEngine) -> tuple[int, int]:
    """Rows of the toy's table, and events in the outbox."""
    async with engine.begin() as tx:
        [(rows,)] = await fetch(tx, "SELECT count(*) FROM toy")
        return rows, (await outbox.owed(tx))[0]


async def test_work_and_what_follows_are_committed_together_and_the_relay_is_woken(
    engine: AsyncEngine, clock: FakeClock
) -> None:
    bell = Bell()
    writer = Writer(engine, clock, source="/router", relay=bell)

    async def work(tx: Transaction, now: datetime) -> tuple[datetime, Sequence[FollowUp]]:
        await tx.exec_driver_sql("INSERT INTO toy (topic) VALUES ('x')")
        return now, something_said()

    assert clock.now() == await writer.write(work)
    assert (1, 1) == await written(engine)
    assert 1 == bell.rung


async def test_work_that_fails_leaves_nothing(engine: AsyncEngine, clock: FakeClock) -> None:
    bell = Bell()
    writer = Writer(engine, clock, source="/router", relay=bell)

    async def work(tx: Transaction, _: datetime) -> tuple[None, Sequence[FollowUp]]:
        await tx.exec_driver_sql("INSERT INTO toy (topic) VALUES ('x')")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await writer.write(work)
    assert (0, 0) == await written(engine)
    assert 0 == bell.rung


async def test_work_undone_by_a_deadlock_is_done_again(
    engine: AsyncEngine, clock: FakeClock
) -> None:
    writer = Writer(engine, clock, source="/router", relay=Bell())
    async with engine.begin() as tx:
        await tx.exec_driver_sql("INSERT INTO toy (topic) VALUES ('a'), ('b')")
    attempts: list[str] = []
    both_hold_one = asyncio.Barrier(2)

    def taking(first: str, second: str) -> object:
        async def work(tx: Transaction, _: datetime) -> tuple[None, Sequence[FollowUp]]:
            attempts.append(first)
            lock = "SELECT n FROM toy WHERE topic = $1 FOR UPDATE"
            await fetch(tx, lock, (first,))
            if len(attempts) <= 2:
                await both_hold_one.wait()
            await fetch(tx, lock, (second,))
            await tx.exec_driver_sql("INSERT INTO toy (topic) VALUES ('done')")
            return None, []

        return work

    await asyncio.gather(
        writer.write(taking("a", "b")),  # type: ignore[arg-type]
        writer.write(taking("b", "a")),  # type: ignore[arg-type]
    )

    assert len(attempts) > 2  # on a slow machine the other one waits for its lock too long, too
    assert (4, 0) == await written(engine)
