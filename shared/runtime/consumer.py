"""The batch loop: poll, handle in one transaction, commit the offsets, tell the watermark.

Offsets are committed after the database, always explicitly, and a refused commit is harmless: the inbox
answers for what comes again (ADR 0003, 0004).
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.failpoints import failpoint
from shared.kafka.client import Consumer, Kafka
from shared.kafka.records import Record, TopicPartition
from shared.observability.metrics import RuntimeMetrics
from shared.observability.spans import OFF, Tracer
from shared.settings import ServiceSettings

from .batch import Handler
from .decoding import Entry, Received, read_all
from .errors import DeadLetterLimit, HaltedError, is_transient
from .handling import Applier, BatchHandling, Handled
from .lag import lags, measure, silent_seconds
from .releaser import Releaser
from .starting import pause
from .watermark import Watermark
from .writer import Wakeable

log = logging.getLogger(__name__)

#: Seconds a poll waits for records.
POLL_SECONDS: Final = 0.5

#: Seconds after an empty poll: a broker that answers at once must not keep the loop spinning.
EMPTY_PAUSE_SECONDS: Final = 0.01

#: Seconds before the first and before every later retry.
FIRST_RETRY_SECONDS: Final = 0.05
LONGEST_RETRY_SECONDS: Final = 5.0

#: Seconds for which a rebalance waits for the batch in hand. Correctness does not depend on it.
REVOKE_SECONDS: Final = 5.0

#: Share of the poll interval after which a batch is given up and read again.
POLL_INTERVAL_SHARE: Final = 0.8

#: Seconds without an answer on an owned partition after which the broker counts as away.
AWAY_SECONDS: Final = 30.0


class BatchConsumer:
    """One member of the service's consumer group. Knows no topic, table or event type by name.

    `problem` says why the consumer does not do its work now, for readiness; None while it does.
    """

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        kafka: Kafka,
        clock: Clock,
        service: str,
        topics: Sequence[str],
        handler: Handler,
        wakes: Iterable[Wakeable],
        watermark: Watermark,
        settings: ServiceSettings,
        metrics: RuntimeMetrics,
        tracer: Tracer = OFF,
    ) -> None:
        applier = Applier(handler, source=f"/{service}", tracer=tracer)
        self._handling = BatchHandling(
            engine,
            clock,
            applier,
            limit=DeadLetterLimit(settings.dead_letters),
            metrics=metrics,
        )
        self._releaser = Releaser(engine, clock, applier, topics=topics)
        self._kafka = kafka
        self._clock = clock
        self._group = f"tierline.{service}"
        self._topics = tuple(topics)
        self._wakes = list(wakes)
        self._watermark = watermark
        self._max_records = settings.consumer.max_records
        self._give_up_seconds = settings.kafka.max_poll_interval_ms / 1000 * POLL_INTERVAL_SHARE
        self._metrics = metrics
        for topic in topics:
            metrics.sequence_gaps.labels(topic=topic)  # from 0, or nobody sees the first one rise
        self._consumer: Consumer | None = None
        self._trouble: str | None = "consumer: not connected yet"
        self._halted: str | None = None
        self._batches = 0
        self._stopping = asyncio.Event()
        self._at_rest = asyncio.Event()
        self._at_rest.set()

    @property
    def problem(self) -> str | None:
        """Why events are not handled now, if so."""
        return self._halted or self._trouble or self._away()

    def committed_batches(self) -> int:
        """How many batches were handled and committed: what the progress watchdog watches."""
        return self._batches

    def lag(self) -> int:
        """Records known to wait on the owned partitions; 0 while that has a reason we know and show."""
        if self._consumer is None or self._halted or self._trouble:
            return 0
        return sum(lags(self._consumer).values())

    def stop(self) -> None:
        """Let `run` return once the batch in hand is committed."""
        self._stopping.set()

    async def run(self) -> None:
        """Connect, handle batches, connect again, until `stop`. A halted consumer waits for that."""
        failures = 0
        while not self._stopping.is_set():
            try:
                await self._connect()
                while not self._stopping.is_set():
                    if not await self.run_once():
                        await pause(self._stopping, EMPTY_PAUSE_SECONDS)
                    failures = 0
            except HaltedError as error:
                self._halt(error)
                await self._stopping.wait()
            except Exception as error:
                if not is_transient(error):
                    raise
                self._say(f"consumer: {type(error).__name__}", error)
                failures += 1
                await self.close()
                await pause(self._stopping, _pause_before(failures))
        await self.close()

    async def run_once(self, *, timeout_seconds: float = POLL_SECONDS) -> int:
        """One poll and, if it gave records, one batch. Returns how many records it dealt with.

        Raises HaltedError with nothing committed, and errors that are neither transient nor blamed on an
        event.
        """
        consumer = self._consumer or await self._connect()
        records = await consumer.poll(
            timeout_seconds=timeout_seconds, max_records=self._max_records
        )
        self._at_rest.clear()
        try:
            return await self._deal_with(consumer, records)
        finally:
            self._at_rest.set()

    async def close(self) -> None:
        """Leave the group."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            self._watermark.forget(consumer.assignment())
            await consumer.stop()

    async def _deal_with(self, consumer: Consumer, records: Sequence[Record]) -> int:
        handled: Handled | None = None
        entries = read_all(records)
        if entries:
            handled = await self._handle(consumer, entries)
            if handled is None:
                return 0
            failpoint("consumer.after_db_commit")
            self._wake()
            await consumer.commit(_next_offsets(records))
            self._batches += 1
        if await self._releaser.release_some(hurry=handled is not None and handled.waiting):
            self._wake()
        self._watermark.observe(consumer, _recorded(entries))
        measure(consumer, self._metrics)
        return len(records)

    async def _handle(self, consumer: Consumer, entries: Sequence[Entry]) -> Handled | None:
        """The batch, again and again while only its surroundings fail.

        None when it is given up: its partitions are read again from where it began.
        """
        began = time.monotonic()
        failures = 0
        while True:
            attempt = time.perf_counter()
            try:
                handled = await self._handling.handle(entries)
            except Exception as error:
                self._measure_batch("retried" if is_transient(error) else "failed", attempt)
                if not is_transient(error):
                    _rewind(consumer, entries)
                    raise
                failures += 1
                self._say(f"consumer: batch fails ({type(error).__name__})", error)
                late = time.monotonic() - began >= self._give_up_seconds
                if late or self._stopping.is_set():
                    _rewind(consumer, entries)
                    return None
                await pause(self._stopping, _pause_before(failures))
            else:
                self._measure_batch("committed", attempt)
                self._say(None)
                return handled

    async def _connect(self) -> Consumer:
        consumer = self._kafka.consumer(self._group, self._topics, on_revoked=self._revoked)
        try:
            await consumer.start()
        except BaseException:
            await consumer.stop()
            raise
        self._consumer = consumer
        self._say(None)
        return consumer

    async def _revoked(self, partitions: frozenset[TopicPartition]) -> None:
        """Partitions go elsewhere: let the batch in hand be committed first, if that is soon.

        An event and never a lock, because this runs inside `poll`.
        """
        self._metrics.rebalances.one.inc()
        try:
            async with asyncio.timeout(REVOKE_SECONDS):
                await self._at_rest.wait()
        except TimeoutError:
            log.warning(
                "A rebalance did not wait for the batch in hand",
                extra={"action": "revoked_in_batch"},
            )
        self._watermark.forget(partitions)
        self._metrics.consumer_lag.clear()

    def _halt(self, error: HaltedError) -> None:
        self._halted = f"consumer: halted, {error}"
        self._metrics.consumer_halted.one.set(1)
        log.critical(
            "The consumer halted: %s. Mend the cause and start again, or raise "
            "TIERLINE_DEAD_LETTERS__MAX_IN_A_ROW to park them all",
            error,
            extra={"action": "consumer_halted"},
        )

    def _say(self, trouble: str | None, error: Exception | None = None) -> None:
        """Remember trouble for readiness, and log it when it begins, changes or ends."""
        if trouble and trouble != self._trouble:
            log.warning("%s: %s", trouble, error, extra={"action": "consumer_trouble"})
        elif self._trouble and not trouble:
            log.info("The consumer works", extra={"action": "consumer_works"})
        self._trouble = trouble

    def _away(self) -> str | None:
        if self._consumer is None:
            return None
        seconds = silent_seconds(self._consumer, self._clock.now())
        return f"consumer: no answer for {seconds:.0f} s" if seconds > AWAY_SECONDS else None

    def _wake(self) -> None:
        for sleeper in self._wakes:
            sleeper.wake()

    def _measure_batch(self, outcome: str, began: float) -> None:
        seconds = time.perf_counter() - began
        self._metrics.batch_seconds.labels(outcome=outcome).observe(seconds)


def _next_offsets(records: Iterable[Record]) -> dict[TopicPartition, int]:
    return {record.topic_partition: record.offset + 1 for record in records}


def _recorded(entries: Iterable[Entry]) -> list[tuple[TopicPartition, datetime]]:
    return [
        (entry.record.topic_partition, entry.event.recorded_time)
        for entry in entries
        if isinstance(entry, Received)
    ]


def _rewind(consumer: Consumer, entries: Sequence[Entry]) -> None:
    """Read the batch's partitions again from where it began."""
    for entry in reversed(entries):
        consumer.seek(entry.record.topic_partition, entry.record.offset)


def _pause_before(failures: int) -> float:
    longest = min(FIRST_RETRY_SECONDS * 2 ** min(failures, 16), LONGEST_RETRY_SECONDS)
    return random.uniform(longest / 2, longest)  # noqa: S311 -- jitter, not a secret
