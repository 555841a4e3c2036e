"""What a batch costs: the number of statements does not depend on its size (ADR 0003)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import FakeClock
from shared.kafka.memory import MemoryBroker
from tests.support.toy import Toy, a_message, publish


@pytest.mark.parametrize("tickets", [1, 40])
async def test_a_batch_of_any_size_takes_the_same_statements(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock, tickets: int
) -> None:
    toy = Toy(engine, broker, clock)
    await toy.settle()
    publish(broker, *[a_message(ticket, 1) for ticket in range(tickets)])
    statements: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement.split(maxsplit=1)[0])

    event.listen(engine.sync_engine, "before_cursor_execute", count)
    await toy.consumer.run_once()
    event.remove(engine.sync_engine, "before_cursor_execute", count)

    assert ["INSERT", "SELECT", "SELECT", "INSERT", "INSERT", "INSERT", "INSERT"] == statements
    assert [1] == await toy.applied(0)


async def test_a_long_series_of_parked_events_is_released_in_rounds(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    toy = Toy(engine, broker, clock)
    publish(broker, a_message(1, 1), *[a_message(1, n) for n in range(3, 130)])
    await toy.settle()
    publish(broker, a_message(1, 2))
    await toy.consumer.run_once()
    first = len(await toy.applied(1))
    await toy.consumer.run_once()

    assert 101 == first
    assert list(range(1, 130)) == await toy.applied(1)
