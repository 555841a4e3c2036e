"""A broker in memory for tests: strict, deterministic, and faulty on demand.

It keeps the promises of `client.py` (`tests/broker/suite.py` holds it to them): partitions by key as on
Kafka, groups, redelivery of what was not committed. Time is the injected clock's; nothing sleeps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from shared.clock import Clock

from .client import OnRevoked
from .memory_groups import MemoryConsumer, MemoryGroup
from .memory_log import MemoryLog
from .records import Outgoing, Record, TopicPartition, TopicSpec

#: What a broker and our producer accept by default.
MAX_RECORD_BYTES: Final = 1024 * 1024


class MemoryBroker:
    """A `Kafka` in memory, with the faults a test may ask for.

    `fail_sends`, `lose_acks` and `duplicate_sends` hold the number of records the fault will still
    touch, each taking the next record to come; set them at any time.
    """

    def __init__(self, clock: Clock) -> None:
        self.fail_sends = 0  # neither stored nor acknowledged
        self.lose_acks = 0  # stored, but not acknowledged
        self.duplicate_sends = 0  # stored twice, acknowledged once
        self._log = MemoryLog(clock)
        self._groups: dict[str, MemoryGroup] = {}

    def producer(self) -> MemoryProducer:
        """A new producer."""
        return MemoryProducer(self)

    def consumer(
        self, group: str, topics: Sequence[str], *, on_revoked: OnRevoked
    ) -> MemoryConsumer:
        """A new member of `group`."""
        return MemoryConsumer(self._log, self._group(group), topics, on_revoked)

    async def create_topics(self, specs: Iterable[TopicSpec]) -> None:
        """Create what is missing; groups that wait for a topic get their share of it."""
        self._log.require_up()
        for spec in specs:
            self._log.create(spec)
        self._rebalance_all()

    async def describe_topics(self) -> Mapping[str, TopicSpec]:
        """The existing topics."""
        self._log.require_up()
        return dict(self._log.specs)

    async def ping(self) -> None:
        """Answer, or raise BrokerUnavailableError."""
        self._log.require_up()

    def append(
        self,
        topic: str,
        key: str | None,
        value: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        partition: int | None = None,
    ) -> Record:
        """Store any bytes, as a stranger might: by key, or in the partition named (0 without a key)."""
        if partition is not None or key is None:
            where = TopicPartition(topic, partition or 0)
        else:
            where = self.partition_of(topic, key)
        return self._log.append(where, key, value, headers or {})

    def records(self, topic: str) -> list[Record]:
        """Everything on a topic, by partition and offset."""
        return [r for where in self._log.partitions(topic) for r in self._log.records(where)]

    def partition_of(self, topic: str, key: str) -> TopicPartition:
        """Where records of `key` go. Raises UnknownTopicError."""
        return self._log.partition_of(topic, key)

    def committed(self, group: str) -> Mapping[TopicPartition, int]:
        """What a group has committed."""
        return dict(self._group(group).committed)

    def go_down(self) -> None:
        """Begin an outage: nothing is acknowledged, polled or committed until `come_back`."""
        self._log.up = False

    def come_back(self) -> None:
        """End the outage; nothing was lost."""
        self._log.up = True

    def hold(self, partition: TopicPartition) -> None:
        """Make one partition slow: it is written to, but answers no reader until `let_go`."""
        self._log.held.add(partition)

    def let_go(self, partition: TopicPartition) -> None:
        """End `hold`."""
        self._log.held.discard(partition)

    def forget(self) -> None:
        """Lose all topics, records and committed offsets, as a volatile broker does at a restart.

        Members go on polling and get their share again once the topics are created anew.
        """
        self._log.forget()
        for group in self._groups.values():
            group.committed.clear()
        self.expel()

    def expel(self, group: str | None = None) -> None:
        """Put every member out of `group` (of all groups), as a session that timed out would.

        They learn it at their next poll and join again; until then their commits are refused.
        """
        for one in [self._group(group)] if group else self._groups.values():
            for member in list(one.members):
                one.remove(member)

    def rebalance(self, group: str) -> None:
        """Make every member of `group` give back its partitions at its next poll and take them again."""
        self._group(group).generation += 1

    def take(self, record: Outgoing) -> bool:
        """Store one record under the faults in force; True when it is acknowledged.

        Raises UnknownTopicError for a topic that never was: strict, where Kafka would only refuse.
        """
        if record.topic in self._log.forgotten and record.topic not in self._log.specs:
            return False
        where = self._log.partition_of(record.topic, record.key)
        if not self._log.up or len(record.value) > MAX_RECORD_BYTES:
            return False
        if self.fail_sends > 0:
            self.fail_sends -= 1
            return False
        self._log.append(where, record.key, record.value, record.headers)
        if self.lose_acks > 0:
            self.lose_acks -= 1
            return False
        if self.duplicate_sends > 0:
            self.duplicate_sends -= 1
            self._log.append(where, record.key, record.value, record.headers)
        return True

    def _group(self, name: str) -> MemoryGroup:
        return self._groups.setdefault(name, MemoryGroup(self._log))

    def _rebalance_all(self) -> None:
        for group in self._groups.values():
            group.generation += 1


class MemoryProducer:
    """A `Producer` of the memory broker."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._stopped = False

    async def start(self) -> None:
        """Raise BrokerUnavailableError during an outage."""
        await self._broker.ping()

    async def send(self, records: Sequence[Outgoing]) -> list[bool]:
        """Store `records` in order, none behind a missing one of its key; yields to other tasks once."""
        await asyncio.sleep(0)
        acknowledged: list[bool] = []
        missing: set[tuple[str, str]] = set()
        for record in records:
            behind = (record.topic, record.key) in missing
            acknowledged.append(not self._stopped and not behind and self._broker.take(record))
            if not acknowledged[-1]:
                missing.add((record.topic, record.key))
        return acknowledged

    async def stop(self) -> None:
        """Take nothing any more."""
        self._stopped = True
