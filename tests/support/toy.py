"""A toy service over the real runtime: it writes down what it applies, and says one thing about each event.

What a fault may not do to it is easy to see: every event of a ticket once, in sequence, and one event said
about each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock, FakeClock
from shared.contracts import (
    ASSIGNMENTS,
    ESCALATIONS,
    TICKETS,
    EscalationResolved,
    Event,
    FollowUp,
    TicketAssigned,
    TicketMessageAdded,
    decode,
    encode,
    headers,
)
from shared.contracts.vocabulary import EscalationOutcome
from shared.db import outbox
from shared.db.engine import Transaction, create_migration_engine
from shared.ids import derived_id
from shared.kafka.memory import MemoryBroker
from shared.kafka.records import Record, TopicSpec
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.runtime.batch import Batch
from shared.runtime.consumer import BatchConsumer
from shared.runtime.relay import Relay
from shared.runtime.watermark import Watermark
from shared.settings import ServiceSettings
from tests.support.builders import TICKET, a, an_event
from tests.support.standard import SERVICE

#: What the toy has applied, in the order in which it did.
_TABLE = "CREATE TABLE router.toy (n bigserial PRIMARY KEY, topic text, key text, sequence bigint)"

_WRITE_DOWN = """
INSERT INTO toy (topic, key, sequence)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
"""
_READ = "SELECT topic, key, sequence FROM toy ORDER BY n"

PARTITIONS = 3


async def make_toy_table(url: str) -> None:
    """Add the toy's table to a database with the standard tables."""
    engine = create_migration_engine(url)
    async with engine.begin() as tx:
        await tx.exec_driver_sql(_TABLE)
    await engine.dispose()


def a_ticket(number: int) -> UUID:
    """The n-th ticket of a test."""
    return derived_id(TICKET, str(number))


def a_message(ticket: int, sequence: int) -> Event:
    """The n-th event on support.tickets about a ticket."""
    payload = a(
        TicketMessageAdded,
        ticket_id=a_ticket(ticket),
        message_id=derived_id(a_ticket(ticket), str(sequence)),
    )
    return an_event(payload, sequence=sequence)


def an_ending(ticket: int, sequence: int) -> Event:
    """The n-th event on support.escalations about a ticket."""
    payload = a(
        EscalationResolved,
        ticket_id=a_ticket(ticket),
        outcome=EscalationOutcome.CANCELLED,
        open_seconds=sequence,
    )
    return an_event(payload, sequence=sequence)


@dataclass
class Toy:
    """One process of the toy service, on a database and a broker it may share with others."""

    engine: AsyncEngine
    broker: MemoryBroker
    clock: FakeClock
    settings: ServiceSettings = field(default_factory=ServiceSettings)
    before: Callable[[Batch], None] = lambda _: None
    batches: list[Batch] = field(default_factory=list)

    def __post_init__(self) -> None:
        catalogue = Catalogue(SERVICE)
        self.registry: CollectorRegistry = catalogue.registry
        metrics = RuntimeMetrics(catalogue)
        self.watermark = Watermark(self.clock)
        self.relay = Relay(self.engine, self.broker, self.clock, metrics=metrics)
        self.consumer = BatchConsumer(
            engine=self.engine,
            kafka=self.broker,
            clock=self.clock,
            service=SERVICE,
            topics=[TICKETS, ESCALATIONS],
            handler=self.handle,
            wakes=[self.relay],
            watermark=self.watermark,
            settings=self.settings,
            metrics=metrics,
        )

    async def handle(self, tx: Transaction, batch: Batch) -> Sequence[FollowUp]:
        """Write every event down and say `ticket.assigned` about it."""
        self.batches.append(batch)
        self.before(batch)
        topics = [event.topic for event in batch.events]
        keys = [event.subject for event in batch.events]
        await tx.exec_driver_sql(
            _WRITE_DOWN, (topics, keys, [event.sequence for event in batch.events])
        )
        return [
            FollowUp(cause=event.cause, payload=a(TicketAssigned, ticket_id=UUID(event.subject)))
            for event in batch.events
        ]

    async def settle(self) -> None:
        """Run consumer and relay until neither finds anything."""
        moved = True
        while moved:
            moved = await self.consumer.run_once() > 0
            moved = await self.relay.step() or moved

    async def applied(self, ticket: int, topic: str = TICKETS) -> list[int]:
        """The sequences of a ticket in the order in which they were applied."""
        async with self.engine.begin() as tx:
            rows = (await tx.exec_driver_sql(_READ)).all()
        return [
            row.sequence for row in rows if (row.topic, row.key) == (topic, str(a_ticket(ticket)))
        ]

    async def unpublished(self) -> int:
        """How many events the relay still owes."""
        async with self.engine.begin() as tx:
            return (await outbox.owed(tx))[0]

    def metric(self, name: str, **labels: str) -> float:
        """A metric's value; 0 when it has none yet."""
        found = self.registry.get_sample_value(f"tierline_{name}", {"service": SERVICE, **labels})
        return found or 0.0


def publish(broker: MemoryBroker, *events: Event) -> list[Record]:
    """Put events onto their topics, as their producers' relays would."""
    return [
        broker.append(event.topic, event.subject, encode(event), headers=headers(event))
        for event in events
    ]


def said(broker: MemoryBroker) -> dict[str, list[Event]]:
    """What the toy has said on its topic, by ticket, the first of every repeat, in offset order."""
    by_ticket: dict[str, dict[UUID, Event]] = defaultdict(dict)
    for record in broker.records(ASSIGNMENTS):
        event = decode(record.value)
        by_ticket[event.subject].setdefault(event.id, event)
    return {subject: list(events.values()) for subject, events in by_ticket.items()}


async def a_broker(clock: Clock) -> MemoryBroker:
    """A broker with the toy's topics."""
    broker = MemoryBroker(clock)
    await create_topics(broker)
    return broker


async def create_topics(broker: MemoryBroker) -> None:
    """Create the toy's topics where they are missing."""
    await broker.create_topics(
        [TopicSpec(topic, PARTITIONS) for topic in (TICKETS, ESCALATIONS, ASSIGNMENTS)]
    )
