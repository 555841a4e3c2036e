"""The broker of this run keeps the promises of a broker, and a broker that is gone stops nobody."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from shared.kafka.aio import AioKafka
from shared.kafka.client import Producer
from shared.settings import KafkaSettings
from tests.broker.suite import ORDERS, PATIENCE, BrokerSuite, Join, after, order, read, values
from tests.support.capabilities import needs

#: The embedded broker lets a group wait for half a session before it gives out partitions.
QUICK_SESSION_MS = 2000


def quick(settings: KafkaSettings) -> KafkaSettings:
    """Short sessions where the broker is ours; a stranger's may refuse them."""
    changes = {"session_timeout_ms": QUICK_SESSION_MS} if settings.volatile else {}
    return settings.model_copy(update=changes)


def broker_pid() -> int:
    """The broker's process, if `.ci/kafka/start` watches over it: killed, it comes back."""
    pid_file = os.environ.get("TIERLINE_TEST_KAFKA_PID_FILE")
    if pid_file is None:
        pytest.skip("the broker's process is not ours to kill: no TIERLINE_TEST_KAFKA_PID_FILE")
    return int(Path(pid_file).read_text(encoding="ascii"))


class TestKafka(BrokerSuite):
    """See `suite.py`."""

    @pytest.fixture
    def kafka(self, kafka_settings: KafkaSettings) -> AioKafka:
        return AioKafka(quick(kafka_settings), client_id="suite")

    async def test_a_prefix_keeps_topics_and_groups_apart(
        self, kafka_settings: KafkaSettings, producer: Producer, join: Join
    ) -> None:
        settings = quick(kafka_settings)
        other = AioKafka(
            settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}other."}),
            client_id="other",
        )
        await other.create_topics([ORDERS])
        theirs = other.producer()
        assert await theirs.send([order("key", "theirs")]) == [True]
        await theirs.stop()
        assert await producer.send([order("key", "ours")]) == [True]

        consumer = await join()

        assert values(await read(consumer, 1)) == ["ours"]
        assert await consumer.poll(timeout_seconds=0.3, max_records=10) == []

    @needs("kafka.idempotence")
    async def test_an_idempotent_producer_keeps_order_and_repeats_nothing(
        self, kafka_settings: KafkaSettings, kafka: AioKafka, join: Join
    ) -> None:
        assert kafka_settings.idempotence
        producer = kafka.producer()
        for start in range(0, 500, 100):
            batch = [order(f"k{n % 7}", str(n)) for n in range(start, start + 100)]
            assert await producer.send(batch) == [True] * 100
        await producer.stop()

        records = await read(await join(), 500)

        assert sorted(values(records), key=int) == [str(n) for n in range(500)]
        for key in {record.key for record in records}:
            numbers = [int(record.value) for record in records if record.key == key]
            assert numbers == sorted(numbers)

    @needs("kafka.durable")
    async def test_what_was_acknowledged_survives_a_killed_broker(
        self, producer: Producer, join: Join
    ) -> None:
        """With the committed offsets; and nobody has to be built anew for it."""
        killed = broker_pid()
        consumer = await join()
        assert await producer.send([order("key", "1")]) == [True]
        assert await consumer.commit(after(await read(consumer, 1)))
        assert await producer.send([order("key", "2")]) == [True]

        os.kill(killed, signal.SIGKILL)
        deadline = time.monotonic() + 2 * PATIENCE
        while await producer.send([order("key", "3")]) != [True]:
            assert time.monotonic() < deadline, "the broker did not come back"

        assert broker_pid() != killed
        seen = values(await read(consumer, 2))
        assert seen[0] == "2"
        assert set(seen[1:]) == {"3"}
