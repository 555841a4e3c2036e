"""Trouble of the surroundings: database, broker, slow partitions (F16, F17, F25, F28, F38)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import FakeClock
from shared.contracts import TICKETS
from shared.db import outbox
from shared.db.engine import create_migration_engine
from shared.kafka.client import BrokerUnavailableError
from shared.kafka.memory import MemoryBroker
from shared.runtime.batch import Batch
from shared.runtime.relay import Relay
from shared.runtime.watermark import Watermark
from shared.settings import KafkaSettings, ServiceSettings
from tests.support.toy import Toy, a_message, a_ticket, create_topics, publish, said

_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND datname = current_database()
"""


async def in_order(toy: Toy, ticket: int, events: int) -> None:
    expected = list(range(1, events + 1))
    assert expected == await toy.applied(ticket)
    assert expected == [event.sequence for event in said(toy.broker)[str(a_ticket(ticket))]]


async def test_F25_during_an_outage_the_outbox_grows_and_drains_in_order_afterwards(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, *[a_message(1, n) for n in (1, 2, 3)])
    toy = Toy(engine, broker, clock)
    assert await toy.consumer.run_once() == 3
    broker.go_down()
    with pytest.raises(BrokerUnavailableError):
        await toy.relay.step()
    assert 3 == await toy.unpublished()
    broker.come_back()
    await toy.settle()

    await in_order(toy, 1, 3)


async def test_F25_an_outage_stops_the_watermark(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    toy = Toy(engine, broker, clock)
    await toy.settle()
    before = toy.watermark.reading().as_of
    broker.go_down()
    await clock.advance(timedelta(seconds=31))
    await toy.consumer.run_once()

    assert before == toy.watermark.reading().as_of
    assert "no answer for 31 s" in str(toy.consumer.problem)


async def test_a_row_that_is_not_acknowledged_holds_its_tickets_later_rows(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, *[a_message(ticket, n) for n in (1, 2, 3) for ticket in (1, 2)])
    toy = Toy(engine, broker, clock)
    await toy.consumer.run_once()
    broker.fail_sends = 1
    await toy.relay.step()
    assert 3 == await toy.unpublished()
    await toy.settle()

    await in_order(toy, 1, 3)
    await in_order(toy, 2, 3)


async def test_F28_a_forgetful_broker_gets_everything_again_with_the_same_ids(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, *[a_message(1, n) for n in (1, 2, 3)])
    toy = Toy(engine, broker, clock)
    await toy.settle()
    before = said(broker)
    broker.forget()
    await create_topics(broker)
    reborn = Relay(engine, broker, clock, metrics=toy.consumer._metrics, volatile=True)
    while await reborn.step():
        pass

    assert before == said(broker)
    assert 3 == len(broker.records("support.assignments"))


async def test_F28_a_rebuild_that_breaks_off_goes_on_where_it_was(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, *[a_message(ticket, 1) for ticket in (1, 2, 3)])
    toy = Toy(engine, broker, clock)
    await toy.settle()
    async with engine.begin() as tx:
        await outbox.request_rebuild(tx)
    broker.go_down()
    with pytest.raises(BrokerUnavailableError):
        await toy.relay.step()
    broker.come_back()
    await toy.settle()
    async with engine.begin() as tx:
        under_way = await outbox.rebuild(tx)

    assert under_way is None
    assert 6 == len(broker.records("support.assignments"))


async def test_F17_a_batch_whose_connection_is_cut_is_done_again(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, *[a_message(1, n) for n in (1, 2, 3)])
    cuts = 2

    def cut(_: Batch) -> None:
        nonlocal cuts
        if cuts:
            cuts -= 1
            raise ConnectionResetError

    toy = Toy(engine, broker, clock, before=cut)
    await toy.settle()

    await in_order(toy, 1, 3)
    assert 3 == len(toy.batches)


async def test_F38_backends_that_are_ended_again_and_again_lose_nothing(
    engine: AsyncEngine, toy_url: str, broker: MemoryBroker, clock: FakeClock
) -> None:
    toy = Toy(engine, broker, clock)
    operator = create_migration_engine(toy_url)
    for n in range(1, 4):
        publish(broker, a_message(1, n))
        async with operator.begin() as tx:
            await tx.exec_driver_sql(_END_OTHERS)
        await toy.consumer.run_once()
    await toy.settle()
    await operator.dispose()

    await in_order(toy, 1, 3)


async def test_a_batch_that_never_succeeds_is_given_up_before_the_poll_interval_ends(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, a_message(1, 1))
    broken = True

    def cut(_: Batch) -> None:
        if broken:
            raise ConnectionResetError

    settings = ServiceSettings(kafka=KafkaSettings(max_poll_interval_ms=1000))
    toy = Toy(engine, broker, clock, settings=settings, before=cut)

    assert 0 == await toy.consumer.run_once()
    assert "ConnectionResetError" in str(toy.consumer.problem)

    broken = False
    await toy.settle()

    await in_order(toy, 1, 1)
    assert toy.consumer.problem is None


async def test_T5_a_slow_partition_holds_the_watermark(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    toy = Toy(engine, broker, clock)
    await toy.settle()
    start = clock.now()
    slow = broker.partition_of(TICKETS, str(a_ticket(1)))
    broker.hold(slow)
    await clock.advance(timedelta(seconds=60))
    await toy.settle()
    held = toy.watermark.reading().as_of
    broker.let_go(slow)
    await toy.settle()

    assert start == held
    assert clock.now() == toy.watermark.reading().as_of


async def test_a_consumer_that_runs_connects_again_after_an_outage(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    broker.go_down()
    toy = Toy(engine, broker, clock)
    running = asyncio.create_task(toy.consumer.run())
    await asyncio.sleep(0.1)
    assert "BrokerUnavailableError" in str(toy.consumer.problem)
    broker.come_back()
    publish(broker, a_message(1, 1))
    async with asyncio.timeout(10):
        while await toy.applied(1) != [1]:  # noqa: ASYNC110 -- the database has no event to wait for
            await asyncio.sleep(0.02)
    toy.consumer.stop()
    async with asyncio.timeout(5):
        await running

    assert toy.consumer.problem is None


def test_a_watermark_without_partitions_has_no_age(clock: FakeClock) -> None:
    assert Watermark(clock).age_seconds() == 0
