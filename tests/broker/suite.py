"""What every broker must do, stated once: `test_memory.py` and `test_kafka.py` inherit it.

A group is joined in a moment in memory and in seconds on a broker, so each test joins as few as it can.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC
from typing import Final

import pytest

from shared.kafka.client import Consumer, Kafka, Producer, UnknownTopicError
from shared.kafka.records import Outgoing, Record, TopicPartition, TopicSpec

#: Seconds a broker may take for what the tests wait for.
PATIENCE: Final = 20.0

ORDERS: Final = TopicSpec("suite.orders", 4)
BILLS: Final = TopicSpec("suite.bills", 4)

Join = Callable[..., Awaitable[Consumer]]


def order(key: str, value: str = "", **headers: str) -> Outgoing:
    return Outgoing(ORDERS.name, key, value.encode(), headers)


def values(records: list[Record]) -> list[str]:
    return [record.value.decode() for record in records]


def after(records: list[Record]) -> dict[TopicPartition, int]:
    """The offsets to commit once `records` are handled."""
    return {record.topic_partition: record.offset + 1 for record in records}


async def read(consumer: Consumer, count: int) -> list[Record]:
    """Poll until `count` records have come. Fails after PATIENCE."""
    records: list[Record] = []
    deadline = time.monotonic() + PATIENCE
    while len(records) < count:
        assert time.monotonic() < deadline, f"{len(records)} of {count} records came"
        records += await consumer.poll(timeout_seconds=0.1, max_records=count - len(records))
    return records


async def poll_until(condition: Callable[[], bool], *consumers: Consumer) -> list[Record]:
    """Poll all of `consumers` until `condition` holds; returns what came. Fails after PATIENCE."""
    records: list[Record] = []
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        polled = (consumer.poll(timeout_seconds=0.1, max_records=100) for consumer in consumers)
        records += [record for batch in await asyncio.gather(*polled) for record in batch]
    return records


class BrokerSuite:
    """The behaviours. A subclass has a fixture `kafka` with a broker that nobody else uses."""

    async def let_time_pass(self) -> None:
        """Move time on by a little more than a broker lets a fetch wait."""
        await asyncio.sleep(0.5)

    @pytest.fixture
    async def broker(self, kafka: Kafka) -> Kafka:
        """The broker, with the topics of the tests."""
        await kafka.create_topics([ORDERS, BILLS])
        return kafka

    @pytest.fixture
    async def producer(self, broker: Kafka) -> AsyncIterator[Producer]:
        producer = broker.producer()
        await producer.start()
        yield producer
        await producer.stop()

    @pytest.fixture
    async def join(self, broker: Kafka) -> AsyncIterator[Join]:
        """`await join()`: one more member of a group, its revocations in `revoked` if that is given."""
        members: list[Consumer] = []

        async def join(
            *,
            group: str = "suite",
            names: tuple[str, ...] = (ORDERS.name,),
            revoked: list[frozenset[TopicPartition]] | None = None,
        ) -> Consumer:
            async def on_revoked(partitions: frozenset[TopicPartition]) -> None:
                if revoked is not None:
                    revoked.append(partitions)

            members.append(broker.consumer(group, names, on_revoked=on_revoked))
            await members[-1].start()
            return members[-1]

        yield join
        for member in members:
            await member.stop()

    # -- sending ---------------------------------------------------------------------------------

    async def test_each_record_is_acknowledged_in_its_place(self, producer: Producer) -> None:
        assert await producer.send([order(f"key {n}") for n in range(50)]) == [True] * 50
        assert await producer.send([]) == []

    async def test_an_oversized_record_is_refused_with_what_stands_behind_it(
        self, producer: Producer
    ) -> None:
        sent = [order("big", "x" * 2_000_000), order("big", "small"), order("other", "small")]

        assert await producer.send(sent) == [False, False, True]

    async def test_a_stopped_producer_acknowledges_nothing_and_stops_again(
        self, producer: Producer
    ) -> None:
        await producer.stop()

        assert await producer.send([order("key")]) == [False]
        await producer.stop()

    async def test_what_was_never_started_can_be_stopped(self, kafka: Kafka) -> None:
        async def on_revoked(_: object) -> None:
            """Never called."""

        await kafka.producer().stop()
        await kafka.consumer("suite", [ORDERS.name], on_revoked=on_revoked).stop()

    # -- reading ---------------------------------------------------------------------------------

    async def test_a_record_arrives_as_it_was_sent(self, producer: Producer, join: Join) -> None:
        await producer.send([order("kéy", '{"a": "ü"}', ce_type="t", traceparent="00-1")])

        record = (await read(await join(), 1))[0]

        assert record.topic == ORDERS.name
        assert record.key == "kéy"
        assert record.value == '{"a": "ü"}'.encode()
        assert record.headers == {"ce_type": "t", "traceparent": "00-1"}
        assert record.offset == 0
        assert record.timestamp.tzinfo is UTC

    async def test_records_of_a_key_keep_their_order(self, producer: Producer, join: Join) -> None:
        for start in range(0, 60, 20):
            batch = [order(f"k{n % 5}", f"k{n % 5}:{n}") for n in range(start, start + 20)]
            assert all(await producer.send(batch))

        records = await read(await join(), 60)

        for key in ("k0", "k1", "k2", "k3", "k4"):
            of_key = [r for r in records if r.key == key]
            assert [f"{key}:{n}" for n in range(60) if n % 5 == int(key[1])] == values(of_key)
            assert len({r.partition for r in of_key}) == 1

    async def test_a_poll_gives_no_more_than_asked_for(
        self, producer: Producer, join: Join
    ) -> None:
        await producer.send([order(f"key {n}", str(n)) for n in range(30)])
        consumer = await join()

        seen = await read(consumer, 1)
        while len(seen) < 30:
            batch = await consumer.poll(timeout_seconds=0.2, max_records=7)
            assert len(batch) <= 7
            seen += batch

        assert sorted(values(seen), key=int) == [str(n) for n in range(30)]

    async def test_what_was_not_committed_comes_again_and_the_rest_does_not(
        self, producer: Producer, join: Join
    ) -> None:
        await producer.send([order("key", str(n)) for n in range(6)])
        first = await join()
        records = await read(first, 6)
        assert await first.commit(after(records[:4])) is True
        await first.stop()

        again = await read(await join(), 2)

        assert values(again) == ["4", "5"]

    async def test_groups_do_not_share_their_offsets(self, producer: Producer, join: Join) -> None:
        await producer.send([order("key", "1")])
        one, other = await join(group="one"), await join(group="other")
        assert await one.commit(after(await read(one, 1)))

        assert values(await read(other, 1)) == ["1"]

    async def test_a_seek_reads_again_and_a_pause_holds_back(
        self, producer: Producer, join: Join
    ) -> None:
        await producer.send([order("key", str(n)) for n in range(3)])
        consumer = await join()
        records = await read(consumer, 3)
        where = records[0].topic_partition

        consumer.seek(where, 1)
        consumer.pause([where, TopicPartition(ORDERS.name, 99)])
        assert await consumer.poll(timeout_seconds=0.3, max_records=10) == []
        consumer.resume([where])

        assert values(await read(consumer, 2)) == ["1", "2"]

    async def test_a_topic_that_does_not_exist_is_an_error(self, join: Join) -> None:
        with pytest.raises(UnknownTopicError, match=r"suite\.nowhere"):
            await join(names=(ORDERS.name, "suite.nowhere"))

    # -- how far it has come ---------------------------------------------------------------------

    async def test_the_end_is_confirmed_again_and_again_on_idle_partitions(
        self, join: Join
    ) -> None:
        """The watermark stands on this (reliability 2.9): idle is not the same as unheard."""
        consumer = await join()
        idle = TopicPartition(ORDERS.name, 0)
        assert consumer.last_poll(idle) is None
        assert consumer.highwater(idle) is None

        await poll_until(lambda: consumer.last_poll(idle) is not None, consumer)
        first = consumer.last_poll(idle)
        assert first is not None
        assert first.tzinfo is UTC
        assert (consumer.highwater(idle), consumer.position(idle)) == (0, 0)
        await self.let_time_pass()
        await poll_until(lambda: (consumer.last_poll(idle) or first) > first, consumer)

    async def test_the_end_and_the_position_follow_what_is_read(
        self, producer: Producer, join: Join
    ) -> None:
        await producer.send([order("key", str(n)) for n in range(5)])
        consumer = await join()
        where = (await read(consumer, 2))[0].topic_partition

        assert consumer.highwater(where) == 5
        assert consumer.position(where) == 2
        await read(consumer, 3)
        assert consumer.position(where) == 5

    async def test_of_a_partition_that_is_not_ours_nothing_is_known(self, join: Join) -> None:
        consumer = await join()
        foreign = TopicPartition("suite.else", 1)

        assert consumer.highwater(foreign) is None
        assert consumer.position(foreign) is None
        assert consumer.last_poll(foreign) is None
        consumer.seek(foreign, 3)

    # -- the group -------------------------------------------------------------------------------

    async def test_a_second_member_takes_half_and_nothing_is_lost(
        self, producer: Producer, join: Join
    ) -> None:
        """Range assignment: the same numbers of different topics go to the same member."""
        revoked: list[frozenset[TopicPartition]] = []
        names = (ORDERS.name, BILLS.name)
        first = await join(names=names, revoked=revoked)
        await poll_until(lambda: len(first.assignment()) == 8, first)
        await producer.send([order(f"key {n}", str(n)) for n in range(20)])
        early = await read(first, 20)
        assert await first.commit(after(early))

        second = await join(names=names)
        await poll_until(
            lambda: len(first.assignment()) == len(second.assignment()) == 4, first, second
        )
        await producer.send([order(f"key {n}", str(n)) for n in range(20, 40)])
        late: list[Record] = []
        deadline = time.monotonic() + PATIENCE
        while len({record.value for record in late}) < 20 and time.monotonic() < deadline:
            for member in (first, second):
                late += await member.poll(timeout_seconds=0.1, max_records=100)

        assert sorted(values(late), key=int) == [str(n) for n in range(20, 40)]
        assert first.assignment().isdisjoint(second.assignment())
        for member in (first, second):
            owned = member.assignment()
            numbers = {topic: {p.partition for p in owned if p.topic == topic} for topic in names}
            assert numbers[ORDERS.name] == numbers[BILLS.name]
        assert [len(partitions) for partitions in revoked] == [8]

    async def test_a_member_that_leaves_hands_over_what_it_had_not_committed(
        self, producer: Producer, join: Join
    ) -> None:
        leaver = await join()
        await poll_until(lambda: len(leaver.assignment()) == 4, leaver)
        stayer = await join()
        await poll_until(lambda: len(stayer.assignment()) == 2, leaver, stayer)
        await producer.send([order(f"key {n}", str(n)) for n in range(20)])
        await poll_until(lambda: _has_read_all(leaver), leaver)

        await leaver.stop()

        seen: set[str] = set()
        deadline = time.monotonic() + PATIENCE
        while len(seen) < 20 and time.monotonic() < deadline:
            seen |= set(values(await stayer.poll(timeout_seconds=0.1, max_records=100)))
        assert seen == {str(n) for n in range(20)}

    async def test_a_commit_for_a_lost_partition_is_refused_and_harms_nothing(
        self, producer: Producer, join: Join
    ) -> None:
        await producer.send([order(f"key {n}", str(n)) for n in range(20)])
        first = await join()
        records = await read(first, 20)
        second = await join()
        await poll_until(
            lambda: len(first.assignment()) == len(second.assignment()) == 2, first, second
        )
        lost = [r for r in records if r.topic_partition not in first.assignment()]

        assert await first.commit(after(lost)) is False
        assert await first.commit(after([r for r in records if r not in lost])) is True

    # -- topics ----------------------------------------------------------------------------------

    async def test_topics_are_created_once_and_described(self, kafka: Kafka) -> None:
        wanted = TopicSpec(
            "suite.kept", 3, {"cleanup.policy": "delete", "retention.ms": "86400000"}
        )

        await kafka.create_topics([wanted])
        await kafka.create_topics([TopicSpec("suite.kept", 5), BILLS])
        described = await kafka.describe_topics()

        assert sorted(described) == ["suite.bills", "suite.kept"]
        assert described["suite.kept"] == wanted

    async def test_a_broker_that_is_there_answers(self, kafka: Kafka) -> None:
        await kafka.ping()


def _has_read_all(consumer: Consumer) -> bool:
    """At least one record of each partition was read, and none waits."""
    return all(
        (consumer.highwater(tp) or 0) > 0 and consumer.position(tp) == consumer.highwater(tp)
        for tp in consumer.assignment()
    )
