"""The router's batch loop and what it is measured against, each on the same topic and tables.

`router`: the batch loop with its rules, and the dispatcher with its matching. `constant`: the same, but the
rules always say the same and the matching goes round the desks. `batch handler`: a FastStream handler with
`batch=True` around the router's own transaction. `message handler`: a FastStream handler a message, whose
SQLAlchemy session writes the same rows and events. Every side works in the process that calls it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from itertools import cycle
from typing import Any, Final
from uuid import UUID

from aiokafka import ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.router.config import RouterSettings
from services.router.dispatcher import Dispatcher, Matcher
from services.router.domain.matching import Match, Matching, match
from services.router.domain.roster import Agent
from services.router.domain.work import WorkItem
from services.router.handlers import handle
from services.router.metrics import RouterMetrics
from services.router.store import work
from shared.clock import SystemClock
from shared.contracts import TICKETS, FollowUp, TicketOpened, follow_ups_to_events
from shared.contracts.vocabulary import AssignReason
from shared.db import inbox, outbox, stream
from shared.db.engine import Transaction
from shared.kafka.aio import AioKafka
from shared.kafka.records import Record
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.policy import WorkflowPolicy
from shared.runtime.batch import Batch, Handler
from shared.runtime.consumer import BatchConsumer
from shared.runtime.decoding import Received, read_all
from shared.runtime.errors import DeadLetterLimit
from shared.runtime.handling import Applier, BatchHandling
from shared.runtime.watermark import Watermark
from shared.runtime.worker import Worker
from shared.runtime.writer import Writer
from shared.settings import DeadLetterSettings, KafkaSettings
from tests.load.router_assigners import assign_one
from tests.load.router_desks import NobodyToWake

#: Records a batch, of the batch loop and of the batch handler alike.
RECORDS: Final = 500

#: How long each side lets the broker gather records.
FETCH_WAIT_MS: Final = 10
_MILLISECONDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every side works with; `begun` is called as the first records are there."""

    engine: AsyncEngine
    kafka: KafkaSettings
    policy: WorkflowPolicy
    begun: Callable[[], None]

    @property
    def writer(self) -> Writer:
        """For the dispatcher's steps."""
        return Writer(self.engine, SystemClock(), source="/router", relay=NobodyToWake())


class _SamePlace(WorkflowPolicy):
    """A workflow that looks at nothing: every ticket goes to the queue without a skill."""

    __slots__ = ()

    @classmethod
    def of(cls, policy: WorkflowPolicy) -> WorkflowPolicy:
        """`policy` without its rules."""
        known = {one.name: getattr(policy, one.name) for one in fields(policy)}
        same = replace(policy.routing, first_match=lambda _: -1, all_matches=lambda _: ())
        return cls(**{**known, "routing": same})

    def opening_facts(self, opened: TicketOpened, at: datetime) -> dict[str, object]:
        """Nothing."""
        del opened, at
        return {}


def round_the_desks(
    waiting: Iterable[WorkItem], roster: Sequence[Agent], *, limit: int, **_: Any
) -> Matching:
    """Every ticket to the next desk, whoever sits there."""
    items = [*waiting][:limit]
    return Matching(
        tuple(
            Match(item, agent.agent_id, agent.team, AssignReason.SKILL_MATCH, 1.0, 0.0, len(roster))
            for item, agent in zip(items, cycle(roster), strict=False)
        ),
        {},
    )


@asynccontextmanager
async def router(around: Surroundings) -> AsyncIterator[None]:
    """The product."""
    async with _batch_loop(around, around.policy, match):
        yield


@asynccontextmanager
async def constant(around: Surroundings) -> AsyncIterator[None]:
    """The same loop and SQL without rules and matching."""
    async with _batch_loop(around, _SamePlace.of(around.policy), round_the_desks):
        yield


@asynccontextmanager
async def batch_handler(around: Surroundings) -> AsyncIterator[None]:
    """FastStream, a batch a call: the router's own transaction, the offsets committed after it."""
    worker = _dispatcher(around, around.policy, match)
    metrics = RuntimeMetrics(Catalogue("router"))
    applier = Applier(_handler(around, around.policy), source="/router")
    limit = DeadLetterLimit(DeadLetterSettings())
    handling = BatchHandling(around.engine, SystemClock(), applier, limit=limit, metrics=metrics)
    broker = _broker(around)

    @broker.subscriber(
        TICKETS,
        group_id="tierline.faststream",
        batch=True,
        max_records=RECORDS,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.ACK,
        fetch_max_wait_ms=FETCH_WAIT_MS,
        decoder=_undecoded,
    )
    async def on_batch(_: Any, message: KafkaMessage) -> None:
        await handling.handle(read_all(map(_record, message.raw_message)))
        worker.wake()

    async with _running(worker), broker:
        await broker.start()
        yield


@asynccontextmanager
async def message_handler(around: Surroundings) -> AsyncIterator[None]:
    """FastStream, a message a call and a session each: queued and assigned in one transaction."""
    broker = _broker(around)
    handler = _handler(around, around.policy)

    @broker.subscriber(
        TICKETS,
        group_id="tierline.faststream",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.ACK,
        fetch_max_wait_ms=FETCH_WAIT_MS,
        decoder=_undecoded,
    )
    async def on_message(_: Any, message: KafkaMessage) -> None:
        [entry] = read_all([_record(message.raw_message)])
        assert isinstance(entry, Received)
        async with AsyncSession(around.engine) as session, session.begin():
            tx = await session.connection()
            now = SystemClock().now()
            if not await inbox.claim(tx, [(entry.id, entry.type)]):
                return
            await stream.applied(tx, [entry.stream])
            batch = Batch(events=(entry.event,), now=now, partitions={})
            await _say(tx, await handler(tx, batch), now)
            await stream.advance(tx, {entry.stream: entry.event.sequence})
            [item] = (await work.read(tx, [UUID(entry.key)])).values()
            _, said = await assign_one(tx, now, lane=item.lane, policy=around.policy)
            await _say(tx, said, now)

    async with broker:
        await broker.start()
        yield


SIDES: Final = {
    "router": router,
    "constant": constant,
    "batch handler": batch_handler,
    "message handler": message_handler,
}


@asynccontextmanager
async def _batch_loop(
    around: Surroundings, policy: WorkflowPolicy, matcher: Matcher
) -> AsyncIterator[None]:
    worker = _dispatcher(around, policy, matcher)
    clock = SystemClock()
    consumer = BatchConsumer(
        engine=around.engine,
        kafka=AioKafka(around.kafka, client_id="tierline-bench"),
        clock=clock,
        service="router",
        topics=[TICKETS],
        handler=_handler(around, policy),
        wakes=[worker],
        watermark=Watermark(clock),
        settings=RouterSettings(kafka=around.kafka),
        metrics=RuntimeMetrics(Catalogue("router")),
    )
    running = asyncio.create_task(consumer.run())
    try:
        async with _running(worker):
            yield
    finally:
        consumer.stop()
        await running


def _handler(around: Surroundings, policy: WorkflowPolicy) -> Handler:
    """The router's handler, which says when it is called first."""
    metrics = RouterMetrics(Catalogue("router"))

    async def heard(tx: Transaction, batch: Batch) -> Sequence[FollowUp]:
        around.begun()
        return await handle(tx, batch, policy=policy, metrics=metrics)

    return heard


def _dispatcher(around: Surroundings, policy: WorkflowPolicy, matcher: Matcher) -> Worker:
    metrics = RouterMetrics(Catalogue("router"))
    dispatcher = Dispatcher(around.writer, policy, metrics, matcher=matcher)
    return Worker("dispatcher", dispatcher.step, idle_seconds=1.0)


@asynccontextmanager
async def _running(worker: Worker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await task


def _broker(around: Surroundings) -> KafkaBroker:
    return KafkaBroker(around.kafka.bootstrap_servers, logger=None)


async def _undecoded(message: KafkaMessage) -> object:
    """The bytes as they are: what they mean is read by the handler."""
    return message.body


def _record(record: ConsumerRecord) -> Record:
    return Record(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key.decode() if record.key else None,
        value=record.value or b"",
        headers={name: value.decode() for name, value in record.headers},
        timestamp=datetime.fromtimestamp(record.timestamp / _MILLISECONDS, UTC),
    )


async def _say(tx: Transaction, said: Sequence[FollowUp], now: datetime) -> None:
    await outbox.add(tx, follow_ups_to_events(list(said), source="/router", now=now))
