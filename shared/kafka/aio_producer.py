"""The producer that speaks to a real broker: bounded calls, and never an older copy behind a newer one.

aiokafka goes on trying to send what it was given; after a failure nobody could say what will still
arrive. So a producer that failed is killed, and the next `send` builds another (reliability 2.3).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from aiokafka import AIOKafkaProducer, errors

from shared.settings import KafkaSettings

from .aio_connection import broker_call, connection_options, ended_well, in_our_words
from .client import BrokerError, BrokerUnavailableError
from .records import Outgoing, acknowledged_in_order

log = logging.getLogger(__name__)

#: The record's own fault: the producer is as good as before.
_RECORD_FAULTS: Final = (
    errors.MessageSizeTooLargeError,
    errors.RecordListTooLargeError,
    errors.InvalidTopicError,
    errors.UnknownTopicOrPartitionError,
    errors.TopicAuthorizationFailedError,
)


class AioProducer:
    """A `Producer` on aiokafka. One task at a time may use it."""

    def __init__(
        self, settings: KafkaSettings, *, client_id: str, partitions: Mapping[str, int]
    ) -> None:
        """`partitions`: how many a topic of that full name must have to be written to."""
        self._settings = settings
        self._client_id = client_id
        self._partitions = partitions
        self._inner: AIOKafkaProducer | None = None
        self._stopped = False
        self._kills: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect. Raises BrokerUnavailableError, or BrokerError when the broker refuses."""
        async with self._limited("producer start"):
            await self._connected()

    async def send(self, records: Sequence[Outgoing]) -> list[bool]:
        """Write `records` and wait for their acknowledgements, within the request time limit."""
        if self._stopped or not records:
            return [False] * len(records)
        answers: dict[int, asyncio.Future[object]] = {}
        healthy = False
        try:
            async with self._limited("send"):
                inner = await self._connected()
                found = await self._found(inner, {record.topic for record in records})
                wrong = {topic for topic, count in found.items() if self._is_wrong(topic, count)}
                await self._enqueue(inner, records, found.keys() - wrong, answers)
                await asyncio.wait(answers.values()) if answers else None
            # One that knows a wrong number goes too: the next one asks anew.
            healthy = not wrong and all(_is_harmless(answer) for answer in answers.values())
        except BrokerError as error:
            log.warning(
                "Records could not be sent", extra={"action": "send_failed", "error": str(error)}
            )
        finally:
            if not healthy:
                self._abandon()
        stored = [i in answers and _is_acknowledged(answers[i]) for i in range(len(records))]
        return acknowledged_in_order(records, stored)

    async def stop(self) -> None:
        """Send what is on its way and close; after the time limit, just close."""
        self._stopped = True
        inner, self._inner = self._inner, None
        if inner is not None:
            seconds = self._settings.request_timeout_seconds
            if not await ended_well(inner.stop(), seconds=seconds):
                log.warning("A producer was closed by force", extra={"action": "producer_killed"})
                await self._kill(inner)
        if self._kills:
            await asyncio.wait(self._kills)

    def _limited(self, what: str) -> Any:
        return broker_call(what, seconds=self._settings.request_timeout_seconds)

    async def _connected(self) -> AIOKafkaProducer:
        """The producer in use, or a new one."""
        if self._inner is None:
            compression = self._settings.compression
            inner = AIOKafkaProducer(
                **connection_options(self._settings, self._client_id),
                acks="all",
                enable_idempotence=self._settings.idempotence,
                compression_type=None if compression == "none" else compression,
                request_timeout_ms=round(self._settings.request_timeout_seconds * 1000),
            )
            try:
                await inner.start()
            except BaseException:
                self._kill_beside(inner)
                raise
            self._inner = inner
        return self._inner

    async def _enqueue(
        self,
        inner: AIOKafkaProducer,
        records: Sequence[Outgoing],
        usable: AbstractSet[str],
        answers: dict[int, asyncio.Future[object]],
    ) -> None:
        """Hand over `records`, but none behind a refused one of its key; `answers` by index."""
        refused: set[tuple[str, str]] = set()
        for index, record in enumerate(records):
            if record.topic not in usable or (record.topic, record.key) in refused:
                continue
            try:
                answers[index] = await inner.send(
                    self._settings.topic_prefix + record.topic,
                    key=record.key.encode(),
                    value=record.value,
                    headers=_as_pairs(record.headers),
                )
            except _RECORD_FAULTS as error:
                refused.add((record.topic, record.key))
                log.error(
                    "A record was refused",
                    extra={"action": "record_refused", "error": str(in_our_words("send", error))},
                )

    async def _found(self, inner: AIOKafkaProducer, topics: AbstractSet[str]) -> dict[str, int]:
        """How many partitions the topics have that exist.

        Asked for before anything is handed over, or one missing topic would use up everybody's time.
        """
        counts = await asyncio.gather(*(self._count(inner, topic) for topic in topics))
        return {topic: n for topic, n in zip(topics, counts, strict=True) if n is not None}

    async def _count(self, inner: AIOKafkaProducer, topic: str) -> int | None:
        try:
            async with asyncio.timeout(self._settings.request_timeout_seconds / 2):
                return len(await inner.partitions_for(self._settings.topic_prefix + topic))
        except (TimeoutError, *_RECORD_FAULTS):
            log.error("A topic is missing", extra={"action": "topic_missing", "topic": topic})
            return None

    def _is_wrong(self, topic: str, count: int) -> bool:
        """Whether keys would go to other partitions than they must."""
        wanted = self._partitions.get(self._settings.topic_prefix + topic, count)
        if wanted != count:
            log.error(
                "%s has %d partitions instead of %d: its records are held back",
                topic,
                count,
                wanted,
                extra={"action": "wrong_partitions", "topic": topic},
            )
        return wanted != count

    def _abandon(self) -> None:
        """Drop the producer in use, so that nothing it still holds is sent later."""
        if self._inner is not None:
            self._kill_beside(self._inner)
            self._inner = None

    def _kill_beside(self, inner: AIOKafkaProducer) -> None:
        task = asyncio.create_task(self._kill(inner))
        self._kills.add(task)
        task.add_done_callback(self._kills.discard)

    async def _kill(self, inner: AIOKafkaProducer) -> None:
        """End the sending task and the connections. Its own stop() would wait for the broker, and,
        cancelled, leave the sending task alive to deliver old records later: hence the private names.
        """
        inner._closed = True  # noqa: SLF001
        sending = inner._sender.sender_task  # noqa: SLF001
        try:
            async with self._limited("producer kill"):
                if sending is not None:
                    sending.cancel()
                await inner.client.close()
                if sending is not None:
                    await asyncio.wait([sending])
                    await inner.client.close()
        except BrokerUnavailableError:
            log.warning("A dead producer could not be closed", extra={"action": "producer_leaked"})


def _as_pairs(headers: Mapping[str, str]) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in headers.items()]


def _is_acknowledged(answer: asyncio.Future[object]) -> bool:
    return answer.done() and not answer.cancelled() and answer.exception() is None


def _is_harmless(answer: asyncio.Future[object]) -> bool:
    """Acknowledged, or refused for the record's own fault."""
    return _is_acknowledged(answer) or isinstance(answer.exception(), _RECORD_FAULTS)
