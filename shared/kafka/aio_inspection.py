"""What a broker holds of ours: records, the last of each partition, and where groups have come to.

For an operator's questions; joins no group and changes nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Theirs
from aiokafka.admin import AIOKafkaAdminClient

from shared.settings import KafkaSettings

from .aio import AioKafka
from .aio_connection import broker_call, connection_options, ended_well

#: Such questions may take as long as so many requests.
_PATIENCE: Final = 10


class AioInspection:
    """Questions to the broker of `settings`. Every call raises BrokerError when it is not answered."""

    def __init__(self, settings: KafkaSettings, *, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
        self._seconds = settings.request_timeout_seconds * _PATIENCE

    async def sizes(self, topics: Iterable[str]) -> dict[str, int]:
        """How many records those of `topics` hold that exist."""
        async with self._consumer(topics) as (inner, partitions):
            if not partitions:
                return {}
            first = await inner.beginning_offsets(partitions)
            last = await inner.end_offsets(partitions)
        found: dict[str, int] = {}
        for partition in partitions:
            name = partition.topic.removeprefix(self._settings.topic_prefix)
            found[name] = found.get(name, 0) + last[partition] - first[partition]
        return found

    async def newest(self, topics: Iterable[str]) -> list[bytes]:
        """The value of the last record of every partition of `topics` that has one."""
        async with self._consumer(topics) as (inner, partitions):
            if not partitions:
                return []
            first = await inner.beginning_offsets(partitions)
            last = await inner.end_offsets(partitions)
            filled = [partition for partition in partitions if last[partition] > first[partition]]
            values = []
            for partition in filled:
                inner.assign([partition])
                inner.seek(partition, last[partition] - 1)
                found = await inner.getmany(partition, timeout_ms=2000, max_records=1)
                values += [record.value for record in found.get(partition, []) if record.value]
        return values

    async def positions(self, groups: Iterable[str], topics: Iterable[str]) -> dict[str, int]:
        """How many partitions of `topics` each of `groups` (named without the prefix) has a place in."""
        partitions = await self._partitions(topics)
        admin = AIOKafkaAdminClient(**connection_options(self._settings, self._client_id))
        found = {}
        async with broker_call("read groups", seconds=self._seconds):
            try:
                await admin.start()
                for group in groups if partitions else ():
                    name = self._settings.topic_prefix + group
                    # partitions are named: the embedded broker closes the connection when all are asked for
                    places = await admin.list_consumer_group_offsets(name, partitions=partitions)
                    if reached := sum(place.offset >= 0 for place in places.values()):
                        found[group] = reached
            finally:
                await ended_well(admin.close(), seconds=self._settings.request_timeout_seconds)
        return found

    async def _partitions(self, topics: Iterable[str]) -> list[Theirs]:
        """The partitions of those of `topics` that exist."""
        known = await AioKafka(self._settings, client_id=self._client_id).describe_topics()
        return [
            Theirs(self._settings.topic_prefix + topic, number)
            for topic in topics
            if topic in known
            for number in range(known[topic].partitions)
        ]

    @asynccontextmanager
    async def _consumer(
        self, topics: Iterable[str]
    ) -> AsyncIterator[tuple[AIOKafkaConsumer, list[Theirs]]]:
        """A consumer without a group, assigned to those of `topics` that exist."""
        partitions = await self._partitions(topics)
        inner = AIOKafkaConsumer(
            **connection_options(self._settings, self._client_id),
            group_id=None,
            enable_auto_commit=False,
        )
        async with broker_call("read topics", seconds=self._seconds):
            try:
                await inner.start()
                inner.assign(partitions)
                yield inner, partitions
            finally:
                await ended_well(inner.stop(), seconds=self._settings.request_timeout_seconds)
