"""The memory broker's topics: lists of records, and the faults that touch them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiokafka.partitioner import DefaultPartitioner

from shared.clock import Clock

from .client import BrokerUnavailableError, UnknownTopicError
from .records import Record, TopicPartition, TopicSpec

_partition_by_key: Final = DefaultPartitioner()


@dataclass(slots=True)
class MemoryLog:
    """What the broker stores, whether it answers, and which partitions it holds back."""

    clock: Clock
    up: bool = True
    held: set[TopicPartition] = field(default_factory=set)
    specs: dict[str, TopicSpec] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    _records: dict[TopicPartition, list[Record]] = field(default_factory=dict)

    def require_up(self) -> None:
        """Raise BrokerUnavailableError during an outage."""
        if not self.up:
            raise BrokerUnavailableError("the memory broker is down")

    def create(self, spec: TopicSpec) -> None:
        """Create a topic; an existing one is left as it is."""
        if spec.name not in self.specs:
            self.specs[spec.name] = spec
            for number in range(spec.partitions):
                self._records[TopicPartition(spec.name, number)] = []

    def forget(self) -> None:
        """Lose every topic and every record."""
        self.forgotten.update(self.specs)
        self.specs.clear()
        self._records.clear()
        self.held.clear()

    def partition_of(self, topic: str, key: str) -> TopicPartition:
        """Where records of `key` go: the same partition as on Kafka. Raises UnknownTopicError."""
        count = self._spec(topic).partitions
        return TopicPartition(topic, _partition_by_key(key.encode(), list(range(count)), []))

    def append(
        self,
        where: TopicPartition,
        key: str | None,
        value: bytes,
        headers: Mapping[str, str],
    ) -> Record:
        """Store one record at the end of a partition. Raises UnknownTopicError."""
        stored = self.records(where)
        record = Record(
            topic=where.topic,
            partition=where.partition,
            offset=len(stored),
            key=key,
            value=value,
            headers=dict(headers),
            timestamp=self.clock.now(),
        )
        stored.append(record)
        return record

    def records(self, where: TopicPartition) -> list[Record]:
        """The records of one partition, in offset order. Raises UnknownTopicError."""
        try:
            return self._records[where]
        except KeyError:
            raise UnknownTopicError(f"{where.topic} has no partition {where.partition}") from None

    def partitions(self, topic: str) -> list[TopicPartition]:
        """The partitions of a topic, none when it does not exist."""
        spec = self.specs.get(topic)
        return [TopicPartition(topic, n) for n in range(spec.partitions)] if spec else []

    def _spec(self, topic: str) -> TopicSpec:
        try:
            return self.specs[topic]
        except KeyError:
            raise UnknownTopicError(topic) from None
