"""A reader gives everything once, in order, and belongs to no group."""

from __future__ import annotations

import pytest

from shared.kafka.aio import AioKafka
from shared.kafka.aio_reader import AioReader
from shared.kafka.client import UnknownTopicError
from shared.settings import KafkaSettings
from tests.broker.suite import ORDERS, order


@pytest.fixture
async def kafka(kafka_settings: KafkaSettings) -> AioKafka:
    made = AioKafka(kafka_settings, client_id="reader")
    await made.create_topics([ORDERS])
    return made


async def values(reader: AioReader) -> list[str]:
    return [record.value.decode() async for record in reader.catch_up()]


async def test_a_reader_gives_what_is_there_and_then_what_is_new(
    kafka: AioKafka, kafka_settings: KafkaSettings
) -> None:
    producer = kafka.producer()
    told: list[tuple[int, int]] = []
    try:
        await producer.send([order("key", "one"), order("key", "two")])
        async with AioReader(kafka_settings, client_id="r", topics=[ORDERS.name]) as reader:
            first = [
                r.value.decode()
                async for r in reader.catch_up(lambda done, total: told.append((done, total)))
            ]
            nothing = await values(reader)
            await producer.send([order("key", "three")])
            fresh = await values(reader)
    finally:
        await producer.stop()

    assert (["one", "two"], [], ["three"]) == (first, nothing, fresh)
    assert told[-1][0] == told[-1][1]


async def test_a_topic_that_does_not_exist_is_an_error(kafka_settings: KafkaSettings) -> None:
    reader = AioReader(kafka_settings, client_id="r", topics=["nothing.here"])
    with pytest.raises(UnknownTopicError):
        async with reader:
            await values(reader)
