"""A broker that is gone, silent or forgetful stops nobody: every call ends, and work goes on after it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from services.local import EmbeddedBroker
from shared.kafka.aio import AioKafka
from shared.kafka.client import BrokerUnavailableError, Consumer
from shared.kafka.records import TopicPartition
from shared.settings import KafkaSettings
from tests.broker.suite import ORDERS, PATIENCE, after, order, poll_until, read, values

LIMIT_SECONDS: Final = 1.0

#: A stop may use its limit twice: once gently, once by force. The rest is this machine's.
STOP_SECONDS: Final = 2 * LIMIT_SECONDS + 1.0


async def on_revoked(_: frozenset[TopicPartition]) -> None:
    """Nothing to finish."""


def settings_for(bootstrap_servers: str) -> KafkaSettings:
    return KafkaSettings(
        bootstrap_servers=bootstrap_servers,
        idempotence=False,
        fetch_max_wait_ms=10,
        session_timeout_ms=2000,
        request_timeout_seconds=LIMIT_SECONDS,
    )


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


@pytest.fixture
async def kafka(own_broker: EmbeddedBroker) -> AioKafka:
    kafka = AioKafka(settings_for(own_broker.bootstrap_servers), client_id="gone")
    await kafka.create_topics([ORDERS])
    return kafka


@pytest.fixture
async def consumer(kafka: AioKafka) -> AsyncIterator[Consumer]:
    """A member that has its partitions."""
    consumer = kafka.consumer("gone", [ORDERS.name], on_revoked=on_revoked)
    await consumer.start()
    await poll_until(lambda: bool(consumer.assignment()), consumer)
    yield consumer
    await consumer.stop()


@pytest.fixture
def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def silent_port() -> Iterator[str]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("port", ["closed_port", "silent_port"])
async def test_nothing_starts_without_a_broker_and_every_refusal_comes_in_time(
    port: str, request: pytest.FixtureRequest
) -> None:
    kafka = AioKafka(settings_for(request.getfixturevalue(port)), client_id="gone")
    producer = kafka.producer()
    consumer = kafka.consumer("gone", [ORDERS.name], on_revoked=on_revoked)

    with within(4 * STOP_SECONDS):
        for attempt in (kafka.ping, producer.start, consumer.start):
            with pytest.raises(BrokerUnavailableError):
                await attempt()
        assert await producer.send([order("key")]) == [False]
        await producer.stop()
        await consumer.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_with_the_broker_killed_nothing_is_acknowledged_and_time_stands_still(
    own_broker: EmbeddedBroker, kafka: AioKafka, consumer: Consumer
) -> None:
    """An outage must not look like `caught up` (reliability 2.9)."""
    producer = kafka.producer()
    await producer.send([order("key")])
    records = await read(consumer, 1)

    own_broker.kill()
    await asyncio.sleep(0.2)
    where = records[0].topic_partition
    frozen_at = consumer.last_poll(where)
    with within(STOP_SECONDS):
        assert await producer.send([order("key")]) == [False]
    with within(STOP_SECONDS):
        assert await consumer.poll(timeout_seconds=0.5, max_records=10) == []
    with within(STOP_SECONDS):
        assert await consumer.commit(after(records)) is False
    assert consumer.last_poll(where) == frozen_at

    with within(STOP_SECONDS):
        await consumer.stop()
    with within(STOP_SECONDS):
        await producer.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_after_a_broker_that_froze_no_older_copy_comes_behind_a_newer_record(
    own_broker: EmbeddedBroker, kafka: AioKafka, consumer: Consumer
) -> None:
    """The outbox sends an unacknowledged row again; the old producer must not do so too."""
    producer = kafka.producer()
    assert await producer.send([order("key", "0")]) == [True]
    process = own_broker._process._process
    assert process is not None

    os.kill(process.pid, signal.SIGSTOP)
    try:
        assert await producer.send([order("key", "1")]) == [False]
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert await producer.send([order("key", "1"), order("key", "2")]) == [True, True]

    seen: list[str] = []
    deadline = time.monotonic() + 3 * LIMIT_SECONDS
    while time.monotonic() < deadline:
        seen += values(await consumer.poll(timeout_seconds=0.1, max_records=100))
    assert seen[0] == "0"
    assert seen[-1] == "2"
    assert seen.count("2") == 1
    await producer.stop()


async def test_producer_and_consumer_go_on_with_a_broker_that_forgot_everything(
    own_broker: EmbeddedBroker, kafka: AioKafka, consumer: Consumer
) -> None:
    producer = kafka.producer()
    assert await producer.send([order("key", "lost")]) == [True]
    assert await consumer.commit(after(await read(consumer, 1)))

    own_broker.kill()
    assert await producer.send([order("key", "again")]) == [False]
    own_broker.start()
    await kafka.create_topics([ORDERS])

    deadline = time.monotonic() + PATIENCE
    while await producer.send([order("key", "again")]) != [True]:
        assert time.monotonic() < deadline
    assert values(await read(consumer, 1)) == ["again"]
    await producer.stop()
