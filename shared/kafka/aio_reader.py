"""Reads whole topics without joining a group: moves nobody's offsets, delays nobody, leaves no trace."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka import TopicPartition as Theirs

from shared.settings import KafkaSettings

from .aio import AioKafka
from .aio_connection import broker_call, connection_options, ended_well
from .client import BrokerUnavailableError, UnknownTopicError
from .records import Record

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_RECORDS: Final = 5000

#: Told how many records are read, and how many there are.
Progress = Callable[[int, int], None]


class AioReader:
    """`async with AioReader(…) as reader`: `catch_up` gives what is on `topics` and was not given yet."""

    def __init__(self, settings: KafkaSettings, *, client_id: str, topics: Sequence[str]) -> None:
        self._settings = settings
        self._topics = topics
        self._kafka = AioKafka(settings, client_id=client_id)
        self._client_id = client_id
        self._inner: AIOKafkaConsumer | None = None

    async def __aenter__(self) -> Self:
        """Connect. Raises BrokerUnavailableError, or UnknownTopicError."""
        known = await self._kafka.describe_topics()
        if missing := sorted(set(self._topics) - known.keys()):
            raise UnknownTopicError(", ".join(missing))
        inner = AIOKafkaConsumer(
            **connection_options(self._settings, self._client_id),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        self._inner = inner
        async with broker_call("read topics", seconds=self._settings.request_timeout_seconds):
            await inner.start()
        inner.assign(
            [
                Theirs(self._settings.topic_prefix + topic, number)
                for topic in self._topics
                for number in range(known[topic].partitions)
            ]
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        inner, self._inner = self._inner, None
        if inner is not None:
            await ended_well(inner.stop(), seconds=self._settings.request_timeout_seconds)

    async def catch_up(self, progress: Progress | None = None) -> AsyncIterator[Record]:
        """The records up to the ends that the topics have now, those of a partition in their order.

        Raises BrokerUnavailableError when nothing comes for as long as a request may take.
        """
        limit, inner = self._settings.request_timeout_seconds, self._running()
        async with broker_call("read topics", seconds=limit):
            ends = await inner.end_offsets(inner.assignment())
            begun = {tp: await inner.position(tp) for tp in ends}
        left = sum(ends.values()) - sum(begun.values())
        total, behind = left, {tp for tp, end in ends.items() if begun[tp] < end}
        while behind:
            fetched = await self._fetch(behind)
            left -= len(fetched)
            for raw in fetched:
                yield self._record(raw)
            async with broker_call("read topics", seconds=limit):
                behind = {tp for tp in behind if await inner.position(tp) < ends[tp]}
            if progress is not None:
                progress(total - max(0, left) if behind else total, total)

    def _running(self) -> AIOKafkaConsumer:
        if self._inner is None:
            raise RuntimeError("this reader was not started, or was stopped")
        return self._inner

    async def _fetch(self, partitions: set[Theirs]) -> list[ConsumerRecord]:
        seconds = self._settings.request_timeout_seconds
        async with broker_call("read topics", seconds=2 * seconds):
            found = await self._running().getmany(
                *partitions, timeout_ms=round(seconds * 1000), max_records=_MAX_RECORDS
            )
        if not found:
            raise BrokerUnavailableError(f"read topics: nothing came within {seconds:g} s")
        return [raw for records in found.values() for raw in records]

    def _record(self, raw: ConsumerRecord) -> Record:
        return Record(
            topic=raw.topic.removeprefix(self._settings.topic_prefix),
            partition=raw.partition,
            offset=raw.offset,
            key=None if raw.key is None else raw.key.decode(errors="replace"),
            value=raw.value or b"",
            headers={},
            timestamp=_EPOCH + timedelta(milliseconds=max(0, raw.timestamp)),
        )
