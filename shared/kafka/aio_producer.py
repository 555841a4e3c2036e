"""The producer that speaks to a real broker: bounded calls, and never an older copy behind a newer one.

aiokafka goes on trying to send what it was given; after a failure nobody could say what will still
arrive. So a producer that failed is killed, and the next `send` builds another (reliability 2.3).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
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

    def __init__(self, settings: KafkaSettings, *, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
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
                await self._enqueue(await self._connected(), records, answers)
                await asyncio.wait(answers.values()) if answers else None
            healthy = all(_is_harmless(answer) for answer in answers.values())
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
        answers: dict[int, asyncio.Future[object]],
    ) -> None:
        """Hand over `records`, but none behind a refused one of its key; `answers` by index."""
        topics = {record.topic for record in records}
        exists = dict(
            zip(
                topics, await asyncio.gather(*(self._exists(inner, t) for t in topics)), strict=True
            )
        )
        refused: set[tuple[str, str]] = set()
        for index, record in enumerate(records):
            if not exists[record.topic] or (record.topic, record.key) in refused:
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

    async def _exists(self, inner: AIOKafkaProducer, topic: str) -> bool:
        """Asked for before anything is handed over, or one missing topic would use up everybody's time."""
        try:
            async with asyncio.timeout(self._settings.request_timeout_seconds / 2):
                await inner.partitions_for(self._settings.topic_prefix + topic)
        except (TimeoutError, *_RECORD_FAULTS):
            log.error("A topic is missing", extra={"action": "topic_missing", "topic": topic})
            return False
        return True

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
