"""A topic with another number of partitions than it must have is neither written nor read (reliability F33)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from shared.kafka.aio import AioKafka
from shared.kafka.aio_producer import AioProducer
from shared.kafka.client import WrongPartitionsError
from shared.kafka.records import Outgoing
from shared.settings import KafkaSettings
from tests.broker.suite import BILLS, ORDERS, order, read, values
from tests.broker.test_gone_broker import on_revoked
from tests.support.capabilities import needs
from tests.support.running import until

#: What this installation was told; the topics have 4.
STATED = {ORDERS.name: 5, BILLS.name: 4}


def bill(value: str) -> Outgoing:
    return Outgoing(BILLS.name, "key", value.encode(), {})


@pytest.fixture
async def kafka(kafka_settings: KafkaSettings) -> AioKafka:
    """Topics of 4 partitions each, and an opinion on them."""
    kafka = AioKafka(kafka_settings, client_id="wrong", partitions=STATED)
    await kafka.create_topics([ORDERS, BILLS])
    return kafka


@pytest.fixture
async def producer(kafka: AioKafka) -> AsyncIterator[AioProducer]:
    producer = kafka.producer()
    yield producer
    await producer.stop()


async def test_records_for_it_are_held_back_and_those_of_other_topics_are_sent(
    kafka_settings: KafkaSettings, producer: AioProducer
) -> None:
    wrong, right = order("key", "held"), bill("sent")

    assert await producer.send([wrong, right, wrong]) == [False, True, False]

    reader = AioKafka(kafka_settings, client_id="reader").consumer(
        "wrong", [ORDERS.name, BILLS.name], on_revoked=on_revoked
    )
    await reader.start()
    assert values(await read(reader, 1)) == ["sent"]
    await reader.stop()


async def test_nobody_joins_the_group_of_a_topic_that_differs(kafka: AioKafka) -> None:
    consumer = kafka.consumer("wrong", [ORDERS.name, BILLS.name], on_revoked=on_revoked)

    with pytest.raises(WrongPartitionsError, match=r"suite\.orders has 4 partitions instead of 5"):
        await consumer.start()
    await consumer.stop()


async def test_a_topic_as_stated_is_written_and_read(
    kafka: AioKafka, producer: AioProducer
) -> None:
    assert await producer.send([bill("sent")]) == [True]

    consumer = kafka.consumer("right", [BILLS.name], on_revoked=on_revoked)
    await consumer.start()
    assert values(await read(consumer, 1)) == ["sent"]
    await consumer.stop()


@needs("kafka.partitions")
async def test_partitions_added_in_flight_stop_those_who_learn_of_them(
    kafka_settings: KafkaSettings, kafka: AioKafka, producer: AioProducer
) -> None:
    """Kafka's clients hear of them when they refresh what they know, and use none of them."""
    consumer = kafka.consumer("flight", [BILLS.name], on_revoked=on_revoked)
    await consumer.start()
    assert await producer.send([bill("before")]) == [True]
    assert values(await read(consumer, 1)) == ["before"]

    await _add_partitions(kafka_settings, BILLS.name, 6)
    for client in (consumer, producer):
        await _learn(client._inner, kafka_settings.topic_prefix + BILLS.name, 6)

    assert await producer.send([bill("after")]) == [False]
    with pytest.raises(WrongPartitionsError, match="has 6 partitions instead of 4"):
        await read(consumer, 1)
    await consumer.stop()


async def _add_partitions(settings: KafkaSettings, topic: str, total: int) -> None:
    async with administrator(settings) as admin:
        await admin.create_partitions(
            {settings.topic_prefix + topic: NewPartitions(total_count=total)}
        )


@asynccontextmanager
async def administrator(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def _learn(inner: Any, topic: str, total: int) -> None:
    """What happens by itself every five minutes; brokers tell of new partitions a moment after they made them."""
    client = getattr(inner, "client", None) or inner._client

    async def knows() -> bool:
        await client.force_metadata_update()
        return len(client.cluster.partitions_for_topic(topic) or ()) == total

    await until(knows, f"{topic} is known to have {total} partitions")
