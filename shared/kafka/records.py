"""What goes onto and comes from a topic, in our own words: nothing here is the client library's.

Topic names never carry a deployment's prefix here; the client adds and removes it (`client.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class TopicPartition:
    """One partition of one topic."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it was read. A missing value reads as no bytes."""

    topic: str
    partition: int
    offset: int
    key: str | None
    value: bytes
    headers: Mapping[str, str]
    timestamp: datetime

    @property
    def topic_partition(self) -> TopicPartition:
        """Where it lies."""
        return TopicPartition(self.topic, self.partition)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to be written. Records of one key keep their order."""

    topic: str
    key: str
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic is, or shall be: its partitions and the broker's settings for it.

    `config` holds Kafka's own names and values (`retention.ms`, `cleanup.policy`); what a broker does
    not tell is not in it.
    """

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)


def acknowledged_in_order(records: Sequence[Outgoing], stored: Sequence[bool]) -> list[bool]:
    """Which records count as acknowledged: those that are stored behind no missing one of their key.

    A record behind a missing one is reported as missing although the broker has it, so that its writer
    sends both again in order; readers drop the repeat by its id (reliability 2.3).
    """
    missing: set[tuple[str, str]] = set()
    acknowledged = []
    for record, is_stored in zip(records, stored, strict=True):
        if not is_stored:
            missing.add((record.topic, record.key))
        acknowledged.append((record.topic, record.key) not in missing)
    return acknowledged
