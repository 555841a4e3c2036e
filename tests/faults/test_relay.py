"""The relay: one active a service, marked only when acknowledged, woken or not."""

from __future__ import annotations

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import FakeClock
from shared.db import outbox
from shared.kafka.memory import MemoryBroker
from tests.support.toy import Toy, a_message, publish


async def test_only_one_relay_of_a_service_is_active(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, a_message(1, 1))
    toy = Toy(engine, broker, clock)
    await toy.consumer.run_once()
    async with engine.begin() as other:
        assert await outbox.take_relay_lock(other)
        assert not await toy.relay.step()
    assert 1 == await toy.unpublished()

    assert await toy.relay.step()
    assert 0 == await toy.unpublished()


async def test_a_running_relay_publishes_as_soon_as_it_is_woken(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    toy = Toy(engine, broker, clock)
    running = asyncio.create_task(toy.relay.run())
    await asyncio.sleep(0.05)
    publish(broker, a_message(1, 1))
    await toy.consumer.run_once()
    async with asyncio.timeout(0.9):
        while await toy.unpublished():  # noqa: ASYNC110 -- the database has no event to wait for
            await asyncio.sleep(0.01)
    toy.relay.worker.stop()
    await running
    await toy.relay.stop()

    assert 1 == len(broker.records("support.assignments"))


async def test_a_relay_that_found_another_one_at_work_asks_again_soon(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    toy = Toy(engine, broker, clock)
    async with engine.begin() as other:
        assert await outbox.take_relay_lock(other)
        assert not await toy.relay.step()
    assert not toy.relay.worker.woken
    async with asyncio.timeout(5):
        while not toy.relay.worker.woken:  # noqa: ASYNC110 -- that is what the test is about
            await asyncio.sleep(0.01)


async def test_a_relay_that_has_sent_all_looks_again_only_when_woken_or_later(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, a_message(1, 1))
    toy = Toy(engine, broker, clock)
    await toy.consumer.run_once()
    assert await toy.relay.worker.run_once()
    async with engine.begin() as tx:  # as another process would
        await outbox.add(tx, [a_message(2, 0)])

    assert not await toy.relay.worker.run_once()
    assert 1 == await toy.unpublished()
    assert await toy.relay.worker.run_once()
    assert 0 == await toy.unpublished()


async def test_a_producer_that_was_let_go_of_is_replaced(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, a_message(1, 1))
    toy = Toy(engine, broker, clock)
    await toy.relay.step()
    await toy.relay.stop()
    await toy.settle()

    assert 0 == await toy.unpublished()
