"""Consumer groups of the memory broker: range assignment, rebalances, committed offsets.

A rebalance is eager, as with our real clients: at its next poll every member gives back everything it
has and takes its new share; a partition is free to others only once its owner has given it back, left,
or was expelled. Nothing sleeps and nothing depends on the order of tasks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .client import OnRevoked, UnknownTopicError
from .memory_log import MemoryLog
from .records import Record, TopicPartition


@dataclass(slots=True)
class MemoryGroup:
    """The broker's side of one consumer group."""

    log: MemoryLog
    generation: int = 1
    members: list[MemoryConsumer] = field(default_factory=list)
    owners: dict[TopicPartition, MemoryConsumer] = field(default_factory=dict)
    committed: dict[TopicPartition, int] = field(default_factory=dict)

    def join(self, member: MemoryConsumer) -> None:
        """Let a member in; everybody's share changes."""
        self.members.append(member)
        self.generation += 1

    def remove(self, member: MemoryConsumer) -> None:
        """Let a member go, with all it owns; everybody's share changes."""
        if member in self.members:
            self.members.remove(member)
            self.release(member)
            self.generation += 1

    def release(self, member: MemoryConsumer) -> None:
        """Free what `member` owns."""
        self.owners = {tp: owner for tp, owner in self.owners.items() if owner is not member}

    def share_of(self, member: MemoryConsumer) -> list[TopicPartition]:
        """What `member` is due: each topic's partitions cut into even ranges, members in join order."""
        share = []
        for topic in member.topics:
            partitions = self.log.partitions(topic)
            subscribed = [other for other in self.members if topic in other.topics]
            size, extra = divmod(len(partitions), len(subscribed))
            index = subscribed.index(member)
            start = size * index + min(index, extra)
            share += partitions[start : start + size + (index < extra)]
        return share


@dataclass(slots=True)
class _Reading:
    """How far a member has read one partition, and what it knows of its end."""

    position: int
    highwater: int | None = None
    last_poll: datetime | None = None
    paused: bool = False


class MemoryConsumer:
    """A `Consumer` of the memory broker. `poll` yields to other tasks once and never waits."""

    def __init__(
        self, log: MemoryLog, group: MemoryGroup, topics: Sequence[str], on_revoked: OnRevoked
    ) -> None:
        self.topics = tuple(dict.fromkeys(topics))
        self._log = log
        self._group = group
        self._on_revoked = on_revoked
        self._generation = 0
        self._started = False
        self._readings: dict[TopicPartition, _Reading] = {}

    async def start(self) -> None:
        """Join the group. Raises BrokerUnavailableError or UnknownTopicError."""
        self._log.require_up()
        if unknown := [topic for topic in self.topics if topic not in self._log.specs]:
            raise UnknownTopicError(", ".join(unknown))
        self._started = True
        self._group.join(self)

    async def poll(self, *, timeout_seconds: float, max_records: int) -> list[Record]:  # noqa: ARG002 - nothing here waits
        """The next records, or none at once."""
        await asyncio.sleep(0)
        if not self._started:
            raise RuntimeError("this consumer was not started, or was stopped")
        if not self._log.up:
            return []
        await self._follow_the_group()
        records: list[Record] = []
        for partition in list(self._readings):
            records += self._fetch(partition, max_records - len(records))
        return records

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Commit what is still ours; False when that is not everything."""
        await asyncio.sleep(0)
        if not self._log.up:
            return False
        ours = {tp: at for tp, at in offsets.items() if self._group.owners.get(tp) is self}
        self._group.committed.update(ours)
        return len(ours) == len(offsets)

    def assignment(self) -> frozenset[TopicPartition]:
        """What this member believes to own: an expelled one learns it at its next poll."""
        return frozenset(self._readings)

    def highwater(self, partition: TopicPartition) -> int | None:
        """The end offset at `last_poll`."""
        reading = self._readings.get(partition)
        return reading.highwater if reading else None

    def position(self, partition: TopicPartition) -> int | None:
        """The next offset `poll` will give."""
        reading = self._readings.get(partition)
        return reading.position if reading else None

    def last_poll(self, partition: TopicPartition) -> datetime | None:
        """When the end offset was last confirmed."""
        reading = self._readings.get(partition)
        return reading.last_poll if reading else None

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read this partition from `offset` on."""
        if reading := self._readings.get(partition):
            reading.position = offset

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Give no records of these partitions."""
        self._set_paused(partitions, paused=True)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Give their records again."""
        self._set_paused(partitions, paused=False)

    async def stop(self) -> None:
        """Leave the group."""
        await asyncio.sleep(0)
        self._started = False
        self._readings.clear()
        self._group.remove(self)

    def _set_paused(self, partitions: Iterable[TopicPartition], *, paused: bool) -> None:
        for partition in partitions:
            if reading := self._readings.get(partition):
                reading.paused = paused

    async def _follow_the_group(self) -> None:
        """Give back and take up what the group's last change asks of this member."""
        if self not in self._group.members:
            await self._give_back()
            self._group.join(self)
        elif self._generation != self._group.generation:
            await self._give_back()
        self._generation = self._group.generation
        for partition in self._group.share_of(self):
            if partition not in self._readings and partition not in self._group.owners:
                self._take(partition)

    async def _give_back(self) -> None:
        if self._readings:
            await self._on_revoked(frozenset(self._readings))
        self._readings.clear()
        self._group.release(self)

    def _take(self, partition: TopicPartition) -> None:
        """Read on where the group has committed; beyond the end (a broker that forgot) from the start."""
        at = self._group.committed.get(partition, 0)
        is_there = at <= len(self._log.records(partition))
        self._group.owners[partition] = self
        self._readings[partition] = _Reading(position=at if is_there else 0)

    def _fetch(self, partition: TopicPartition, limit: int) -> list[Record]:
        """Up to `limit` records of one partition; a held one does not answer at all."""
        reading = self._readings[partition]
        if reading.paused or partition in self._log.held:
            return []
        stored = self._log.records(partition)
        reading.highwater = len(stored)
        reading.last_poll = self._log.clock.now()
        records = stored[reading.position : reading.position + limit] if limit > 0 else []
        if records:
            reading.position = records[-1].offset + 1
            self._readings[partition] = self._readings.pop(
                partition
            )  # the others come first next time
        return records
