"""A process that dies between any two steps leaves nothing behind and repeats nothing (F02, F03, F07)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import failpoints
from shared.clock import FakeClock
from shared.contracts import TICKETS
from shared.kafka.client import BrokerUnavailableError
from shared.kafka.memory import MemoryBroker
from shared.kafka.records import TopicPartition
from tests.support.crashes import CrashError, crash_at
from tests.support.toy import Toy, a_broker, a_message, a_ticket, publish, said

POINTS = ("consumer.after_db_commit", "relay.after_ack")


async def everything_is_once_and_in_order(toy: Toy, ticket: int, events: int) -> None:
    expected = list(range(1, events + 1))
    assert expected == await toy.applied(ticket)
    assert expected == [event.sequence for event in said(toy.broker)[str(a_ticket(ticket))]]
    assert 0 == await toy.unpublished()


async def test_F03_a_crash_before_the_offset_commit_repeats_no_effect(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, *[a_message(1, n) for n in (1, 2, 3)])
    crash_at("consumer.after_db_commit")
    dying = Toy(engine, broker, clock)
    with pytest.raises(CrashError):
        await dying.settle()
    broker.expel()
    after = Toy(engine, broker, clock)
    await after.settle()

    await everything_is_once_and_in_order(after, 1, 3)
    assert after.metric("inbox_duplicates_total") == 3


async def test_F02_a_crash_after_the_ack_sends_again_under_the_same_id(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, a_message(1, 1), a_message(1, 2))
    crash_at("relay.after_ack")
    toy = Toy(engine, broker, clock)
    with pytest.raises(CrashError):
        await toy.settle()
    assert 2 == await toy.unpublished()
    await Toy(engine, broker, clock).relay.step()

    await everything_is_once_and_in_order(toy, 1, 2)
    assert 4 == len(broker.records("support.assignments"))


async def test_F07_two_members_that_both_believe_to_own_a_partition_apply_once(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, *[a_message(1, n) for n in (1, 2, 3, 4)])
    zombie = Toy(engine, broker, clock)
    consumer = await zombie.consumer._connect()
    records = await consumer.poll(timeout_seconds=0, max_records=10)
    broker.expel()
    heir = Toy(engine, broker, clock)
    await heir.settle()
    await zombie.consumer._deal_with(consumer, records)
    await zombie.settle()

    await everything_is_once_and_in_order(zombie, 1, 4)


async def test_F14_rebalances_in_between_lose_and_repeat_nothing(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    members = [Toy(engine, broker, clock) for _ in range(3)]
    for n in range(1, 10):
        publish(broker, *[a_message(ticket, n) for ticket in (1, 2, 3, 4)])
        await members[n % 3].settle()
        broker.rebalance("tierline.router")
    for _ in range(3):
        for member in members:
            await member.settle()

    for ticket in (1, 2, 3, 4):
        await everything_is_once_and_in_order(members[0], ticket, 9)


async def test_offsets_are_committed_only_after_the_database(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    record = publish(broker, a_message(1, 1))[0]
    toy = Toy(engine, broker, clock)
    crash_at("consumer.after_db_commit")
    with pytest.raises(CrashError):
        await toy.settle()

    assert [1] == await toy.applied(1)
    assert TopicPartition(TICKETS, record.partition) not in broker.committed("tierline.router")


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
async def test_any_series_of_crashes_repeats_and_lost_acks_changes_nothing(
    data: st.DataObject, engine: AsyncEngine, clock: FakeClock
) -> None:
    async with engine.begin() as tx:
        for table in ("toy", "inbox", "outbox", "stream", "dead_letter"):
            await tx.exec_driver_sql(f"DELETE FROM {table}")
    broker = await a_broker(clock)
    toy = Toy(engine, broker, clock)
    for n in range(1, 6):
        publish(broker, *[a_message(ticket, n) for ticket in (1, 2)])
        if data.draw(st.booleans(), label="repeat"):
            publish(broker, a_message(1, data.draw(st.integers(1, n), label="which")))
        broker.lose_acks = data.draw(st.integers(0, 2), label="lost acks")
        broker.duplicate_sends = data.draw(st.integers(0, 2), label="doubled sends")
        point = data.draw(st.sampled_from([None, *POINTS]), label="crash")
        if point:
            crash_at(point)
        try:
            await toy.settle()
        except BrokerUnavailableError:
            assert 0 < await toy.unpublished()
        except CrashError:
            broker.expel()
            toy = Toy(engine, broker, clock)
        failpoints.clear()
    broker.lose_acks = 0
    await toy.settle()

    await everything_is_once_and_in_order(toy, 1, 5)
    await everything_is_once_and_in_order(toy, 2, 5)
