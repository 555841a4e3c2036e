"""The faults a test may ask of the memory broker, and its strictness."""

from __future__ import annotations

from datetime import timedelta

import pytest
from aiokafka.partitioner import DefaultPartitioner

from shared.clock import FakeClock
from shared.kafka.client import BrokerUnavailableError, UnknownTopicError
from shared.kafka.memory import MemoryBroker
from shared.kafka.memory_groups import MemoryConsumer
from shared.kafka.records import Outgoing, Record, TopicPartition, TopicSpec

TOPIC = TopicSpec("facts", 12)


@pytest.fixture
async def broker(clock: FakeClock) -> MemoryBroker:
    broker = MemoryBroker(clock)
    await broker.create_topics([TOPIC])
    return broker


def fact(key: str, value: str) -> Outgoing:
    return Outgoing(TOPIC.name, key, value.encode())


def stored(broker: MemoryBroker) -> list[str]:
    return [record.value.decode() for record in broker.records(TOPIC.name)]


async def a_member(
    broker: MemoryBroker, revoked: list[frozenset[TopicPartition]] | None = None
) -> MemoryConsumer:
    async def on_revoked(partitions: frozenset[TopicPartition]) -> None:
        if revoked is not None:
            revoked.append(partitions)

    consumer = broker.consumer("group", [TOPIC.name], on_revoked=on_revoked)
    await consumer.start()
    return consumer


async def poll(consumer: MemoryConsumer) -> list[Record]:
    return await consumer.poll(timeout_seconds=1, max_records=100)


async def test_a_failed_send_stores_nothing_behind_it_for_its_key(broker: MemoryBroker) -> None:
    broker.fail_sends = 1

    answers = await broker.producer().send([fact("a", "1"), fact("a", "2"), fact("b", "3")])

    assert answers == [False, False, True]
    assert stored(broker) == ["3"]


async def test_a_lost_acknowledgement_leaves_the_record_stored(broker: MemoryBroker) -> None:
    producer = broker.producer()
    broker.lose_acks = 1

    assert await producer.send([fact("a", "1")]) == [False]
    assert await producer.send([fact("a", "1")]) == [True]
    assert stored(broker) == ["1", "1"]


async def test_a_duplicated_send_is_stored_twice_and_acknowledged_once(
    broker: MemoryBroker,
) -> None:
    broker.duplicate_sends = 1

    assert await broker.producer().send([fact("a", "1"), fact("a", "2")]) == [True, True]
    assert stored(broker) == ["1", "1", "2"]


async def test_in_an_outage_nothing_happens_and_time_stands_still(
    broker: MemoryBroker, clock: FakeClock
) -> None:
    consumer, producer = await a_member(broker), broker.producer()
    await producer.send([fact("a", "1")])
    where = (await poll(consumer))[0].topic_partition
    before = clock.now()

    broker.go_down()
    await clock.advance(timedelta(minutes=5))
    assert await producer.send([fact("a", "2")]) == [False]
    assert await poll(consumer) == []
    assert await consumer.commit({where: 1}) is False
    assert consumer.last_poll(where) == before
    for call in (broker.ping, producer.start, consumer.start, broker.describe_topics):
        with pytest.raises(BrokerUnavailableError):
            await call()

    broker.come_back()
    assert await poll(consumer) == []
    assert consumer.last_poll(where) == clock.now()
    assert await consumer.commit({where: 1}) is True


async def test_a_held_partition_answers_nobody_and_the_others_go_on(
    broker: MemoryBroker, clock: FakeClock
) -> None:
    consumer = await a_member(broker)
    await poll(consumer)
    slow, before = broker.partition_of(TOPIC.name, "a"), clock.now()
    broker.hold(slow)
    await clock.advance(timedelta(seconds=1))
    broker.append(TOPIC.name, "a", b"late")
    broker.append(TOPIC.name, None, b"soon", partition=(slow.partition + 1) % 12)

    assert [record.value for record in await poll(consumer)] == [b"soon"]
    assert (consumer.last_poll(slow), consumer.highwater(slow)) == (before, 0)
    broker.let_go(slow)
    assert [record.value for record in await poll(consumer)] == [b"late"]


async def test_a_broker_that_forgot_starts_anew_when_its_topics_are_made_again(
    broker: MemoryBroker,
) -> None:
    revoked: list[frozenset[TopicPartition]] = []
    consumer, producer = await a_member(broker, revoked), broker.producer()
    await producer.send([fact("a", "1"), fact("a", "2")])
    where = (await poll(consumer))[0].topic_partition
    assert await consumer.commit({where: 2})

    broker.forget()
    assert await producer.send([fact("a", "3")]) == [False]
    assert await poll(consumer) == []
    assert [len(partitions) for partitions in revoked] == [12]
    await broker.create_topics([TOPIC])

    assert broker.committed("group") == {}
    assert await producer.send([fact("a", "3")]) == [True]
    assert [record.value for record in await poll(consumer)] == [b"3"]


async def test_an_expelled_member_cannot_commit_and_joins_again(broker: MemoryBroker) -> None:
    revoked: list[frozenset[TopicPartition]] = []
    zombie = await a_member(broker, revoked)
    broker.append(TOPIC.name, "a", b"1")
    where = (await poll(zombie))[0].topic_partition

    broker.expel("group")
    successor = await a_member(broker)
    assert len(await poll(successor)) == 1
    assert await zombie.commit({where: 1}) is False
    assert await successor.commit({where: 1}) is True

    assert await poll(zombie) == []
    assert [len(partitions) for partitions in revoked] == [12]
    await poll(successor)
    await poll(zombie)
    assert len(zombie.assignment()) == len(successor.assignment()) == 6


async def test_a_batch_in_hand_may_be_committed_while_its_partitions_are_given_back(
    broker: MemoryBroker,
) -> None:
    committed: list[bool] = []

    async def on_revoked(_: frozenset[TopicPartition]) -> None:
        committed.append(await consumer.commit({record.topic_partition: record.offset + 1}))

    consumer = broker.consumer("group", [TOPIC.name], on_revoked=on_revoked)
    await consumer.start()
    broker.append(TOPIC.name, "a", b"1")
    record = (await poll(consumer))[0]
    broker.rebalance("group")

    assert await poll(consumer) == []
    assert committed == [True]


async def test_a_key_goes_to_the_partition_it_has_on_kafka(broker: MemoryBroker) -> None:
    for key in ("a", "ticket", "0190b9a2-7b4c-7f3e-8d7a-1f3c5e7a9b10"):
        expected = DefaultPartitioner()(key.encode(), list(range(12)), [])

        assert broker.partition_of(TOPIC.name, key).partition == expected


async def test_any_bytes_can_be_put_anywhere(broker: MemoryBroker) -> None:
    broker.append(TOPIC.name, None, b"\xff{", headers={"ce_type": "?"}, partition=7)

    record = broker.records(TOPIC.name)[0]
    assert (record.partition, record.key, record.value) == (7, None, b"\xff{")


async def test_a_topic_that_never_was_is_an_error(broker: MemoryBroker) -> None:
    with pytest.raises(UnknownTopicError):
        await broker.producer().send([Outgoing("nowhere", "a", b"")])
    with pytest.raises(UnknownTopicError):
        broker.append("nowhere", "a", b"")
    with pytest.raises(UnknownTopicError):
        broker.append(TOPIC.name, None, b"", partition=12)
