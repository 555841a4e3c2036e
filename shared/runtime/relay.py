"""From the outbox to Kafka: one active relay a service, oldest first, marked only when acknowledged.

Whatever is not clearly acknowledged stays unpublished and is sent again with the same id; readers drop
the repeat (reliability 2.3).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.db import outbox
from shared.db.engine import Transaction
from shared.db.outbox import OutboxRow
from shared.failpoints import failpoint
from shared.kafka.client import BrokerUnavailableError, Kafka, Producer
from shared.kafka.records import Outgoing
from shared.observability.metrics import RuntimeMetrics
from shared.observability.spans import OFF, Tracer

from .traced import published
from .worker import Worker

log = logging.getLogger(__name__)

#: Rows a step.
LIMIT: Final = 500

#: Seconds between looks into the outbox when nobody wakes the relay.
IDLE_SECONDS: Final = 1.0

#: Seconds until a relay asks again that found another replica's at work: that one may not have seen our rows.
DENIED_SECONDS: Final = 0.1


class Relay:
    """Publishes what the service has said. `wake` it after every commit."""

    def __init__(
        self,
        engine: AsyncEngine,
        kafka: Kafka,
        clock: Clock,
        *,
        metrics: RuntimeMetrics,
        volatile: bool = False,
        tracer: Tracer = OFF,
    ) -> None:
        self.worker = Worker("relay", self._work, idle_seconds=IDLE_SECONDS, metrics=metrics)
        self._engine = engine
        self._kafka = kafka
        self._clock = clock
        self._metrics = metrics
        for reason in ("partial", "nothing"):  # from 0, or nobody sees the first one rise
            metrics.relay_failures.labels(reason=reason)
        self._tracer = tracer
        self._producer: Producer | None = None
        self._rebuild_first = volatile
        self._is_done = False

    def wake(self) -> None:
        """Something was committed."""
        self._is_done = False
        self.worker.wake()

    async def run(self) -> None:
        """Publish until `worker.stop`."""
        await self.worker.run()

    async def _work(self) -> bool:
        """A step, but for the look that would find nothing, right after all was sent that was committed."""
        if self._is_done:
            self._is_done = False
            return False
        return await self.step()

    async def stop(self) -> None:
        """Let go of the broker. What is still unpublished waits in the outbox."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def step(self) -> bool:
        """Publish the next rows; True when there were rows and the broker took some of them.

        Awaits the broker inside its transaction, for less than the session may idle in one. Raises
        BrokerUnavailableError when the broker took nothing.
        """
        producer = await self._connected()
        async with self._engine.begin() as tx:
            if not await outbox.take_relay_lock(tx):
                asyncio.get_running_loop().call_later(DENIED_SECONDS, self.wake)
                return False
            if self._rebuild_first:
                await outbox.request_rebuild(tx)
            due = await outbox.turn(tx, LIMIT)
            if isinstance(due, outbox.Rebuild):
                busy = await self._rebuild(tx, producer, due)
            else:
                busy = await self._publish(tx, producer, due)
        self._rebuild_first = False
        return busy

    async def _connected(self) -> Producer:
        if self._producer is None:
            producer = self._kafka.producer()
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def _publish(
        self, tx: Transaction, producer: Producer, rows: Sequence[OutboxRow]
    ) -> bool:
        if not rows:
            return False
        began = time.time_ns()
        done = await self._send(producer, rows)
        failpoint("relay.after_ack")
        published(self._tracer, done, began)
        await outbox.mark_published(tx, done, self._clock.now())
        self._is_done = len(done) == len(rows) < LIMIT and not self.worker.woken
        return bool(done)

    async def _rebuild(
        self, tx: Transaction, producer: Producer, under_way: outbox.Rebuild
    ) -> bool:
        """Send kept rows again; the place reached moves only over rows that are acknowledged."""
        rows = await outbox.kept(tx, under_way, LIMIT)
        if not rows:
            await outbox.move_rebuild(tx, None)
            log.info("The kept window was sent again", extra={"action": "topics_rebuilt"})
            return True
        done = await self._send(producer, rows)
        await outbox.mark_published(tx, done, self._clock.now())
        acknowledged = {row.seq for row in done}
        after = under_way.after
        for row in rows:
            if row.seq not in acknowledged:
                break
            after = row.seq
        await outbox.move_rebuild(tx, after)
        return after > under_way.after

    async def _send(self, producer: Producer, rows: Sequence[OutboxRow]) -> list[OutboxRow]:
        """The rows that the broker has, in order. Raises BrokerUnavailableError if it has none."""
        began = time.perf_counter()
        outgoing = [Outgoing(r.topic, r.key, r.value, r.headers) for r in rows]
        acknowledged = await producer.send(outgoing)
        self._metrics.relay_seconds.one.observe(time.perf_counter() - began)
        done = [row for row, stored in zip(rows, acknowledged, strict=True) if stored]
        for topic, count in Counter(row.topic for row in done).items():
            self._metrics.relay_published.labels(topic=topic).inc(count)
        if len(done) < len(rows):
            self._metrics.relay_failures.labels(reason="partial" if done else "nothing").inc()
        if not done:
            raise BrokerUnavailableError(f"none of {len(rows)} events was acknowledged")
        return done
