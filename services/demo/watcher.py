"""Reads every topic as any downstream system would, and keeps what a person wants to know."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from shared import contracts as c
from shared.kafka.client import Kafka


@dataclass(slots=True)
class Seen:
    """Everything that was on the topics, each event once by its id."""

    events: dict[UUID, c.Event] = field(default_factory=dict)
    repeats: int = 0
    undecodable: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    ever_assigned: set[str] = field(default_factory=set)
    holder: dict[str, str] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    assigned: asyncio.Queue[c.Event] = field(default_factory=asyncio.Queue)
    acknowledged: set[str] = field(default_factory=set)

    def take(self, document: bytes) -> None:
        """One record of a topic."""
        try:
            event = c.decode(document)
        except c.UndecodableError:
            self.undecodable += 1
            return
        if event.id in self.events:
            self.repeats += 1
            return
        self.events[event.id] = event
        if not (isinstance(event.payload, c.SlaBreached) and event.payload.metric.of_level):
            self.counts[c.type_of(event.payload).name] += 1
        self._follow(event)

    def _follow(self, event: c.Event) -> None:
        match event.payload:
            case c.TicketQueued():
                self.waiting.add(event.subject)
            case c.TicketAssigned() as assigned:
                self.waiting.discard(event.subject)
                self.ever_assigned.add(event.subject)
                self.holder[event.subject] = assigned.agent_id
                self.assigned.put_nowait(event)
            case c.TicketUnassigned():
                self.holder.pop(event.subject, None)
            case c.TicketResolved() | c.TicketClosed():
                self.waiting.discard(event.subject)
            case c.EscalationAcknowledged():
                self.acknowledged.add(event.subject)

    def board(self) -> Mapping[str, int]:
        """The columns of the demo's table."""
        of = self.counts
        return {
            "assigned": len(self.ever_assigned),
            "waiting": len(self.waiting),
            "warned": of["sla.warning"],
            "breached": of["sla.breached"],
            "escalated": of["escalation.raised"],
            "notified": of["notification.sent"],
            "acknowledged": of["escalation.acknowledged"],
        }


async def watch(kafka: Kafka, topics: list[str], seen: Seen) -> None:
    """Read `topics` from their beginning until cancelled."""
    consumer = kafka.consumer(f"tierline.demo.{uuid4().hex[:12]}", topics, on_revoked=_nothing)
    await consumer.start()
    try:
        while True:
            for record in await consumer.poll(timeout_seconds=0.1, max_records=1000):
                seen.take(record.value)
    finally:
        await consumer.stop()


async def _nothing(_revoked: Any) -> None:
    """A watcher commits nothing, so it has nothing to finish."""
