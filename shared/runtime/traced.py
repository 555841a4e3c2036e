"""The spans of one transaction: told once it is committed.

What was heard in it and failed is told as failed, for it was tried; what was said in vain is not told, for
it has not happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import time_ns
from types import TracebackType
from typing import Final, Self
from uuid import UUID

import msgspec

from shared.contracts import AGENTS, PAYLOADS, Event, FollowUp, type_of
from shared.db.outbox import OutboxRow
from shared.observability.spans import (
    EVENT,
    NONE,
    OFF,
    TICKET,
    Attributes,
    Kind,
    Span,
    Tracer,
    origin,
)

from .decoding import Received

_NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """What a worker's transaction is called in a trace. `by_time`: time brings it about, not an event, so it
    may come long after its cause (`spans.origin`).
    """

    name: str
    by_time: bool = False


class Traced:
    """Collects the spans of one transaction; enter it before the transaction begins."""

    def __init__(self, tracer: Tracer = OFF) -> None:
        self._tracer = tracer
        self._began = time_ns() if tracer.is_on else 0
        self._heard: list[Span] = []
        self._said: list[Span] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        del error, traceback
        for span in self._heard:
            span.end(error=kind.__name__ if kind else None)
        for span in self._said if kind is None else ():
            span.end()

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the transaction that may be undone alone."""
        heard, said = len(self._heard), len(self._said)
        try:
            yield
        except Exception as error:
            for span in self._heard[heard:]:
                span.end(error=type(error).__name__)
            del self._heard[heard:], self._said[said:]
            raise

    def heard(self, items: Sequence[Received]) -> tuple[Event, ...]:
        """The events of `items`, each with the span of its being handled as what follows from it carries."""
        if not self._tracer.is_on:
            return tuple(item.event for item in items)
        return tuple(self._process(item, len(items)) for item in items)

    def stepped(self, step: Step | None, said: Sequence[FollowUp]) -> list[FollowUp]:
        """`said` by a worker: under a span of its step, one for each cause and ticket."""
        if step is None or not self._tracer.is_on:
            return list(said)
        spans: dict[tuple[str, str], str] = {}
        return [self._under(step, one, spans) for one in said]

    def said(self, events: list[Event]) -> list[Event]:
        """`events` about to be written, each with a span of its own, from which its readers go on."""
        return [self._create(event) for event in events] if self._tracer.is_on else events

    def did(self, name: str, parent: str | None, attributes: Attributes = NONE) -> str | None:
        """A span of something done in the transaction; returns what follows from it should carry."""
        if parent is None or self._tracer.skips(parent):
            return parent
        return self._add(self._tracer.start(name, Kind.INTERNAL, parent, attributes))

    def _process(self, item: Received, count: int) -> Event:
        event, record = item.event, item.record
        if event.traceparent is None or self._tracer.skips(event.traceparent):
            return event
        span = self._tracer.start(
            f"process {type_of(event.payload).name}",
            Kind.CONSUMER,
            event.traceparent,
            {
                **_about(event.topic, event.subject, event.id),
                "messaging.operation.type": "process",
                "messaging.batch.message_count": count,
                "messaging.destination.partition.id": str(record.partition),
                "messaging.kafka.offset": record.offset,
            },
            began=self._began,
        )
        self._heard.append(span)
        return msgspec.structs.replace(event, traceparent=span.traceparent)

    def _under(self, step: Step, said: FollowUp, spans: dict[tuple[str, str], str]) -> FollowUp:
        cause, parent = said.cause, said.cause.traceparent
        if parent is None or self._tracer.skips(parent):
            return said
        is_ticket = type_of(said.payload).topic != AGENTS
        subject = said.payload.subject if is_ticket else ""
        name = (parent, subject)
        if name not in spans:
            about = {TICKET: subject} if is_ticket else {}
            age = _age(subject, self._began) if step.by_time else timedelta()
            parent, links = origin(parent, age)
            spans[name] = self._add(
                self._tracer.start(
                    step.name, Kind.INTERNAL, parent, about, links=links, began=self._began
                )
            )
            # what a desk becomes by it belongs to the same step
            spans.setdefault((name[0], ""), spans[name])
        cause = msgspec.structs.replace(cause, traceparent=spans[name])
        return msgspec.structs.replace(said, cause=cause)

    def _create(self, event: Event) -> Event:
        if event.traceparent is None or self._tracer.skips(event.traceparent):
            return event
        described = type_of(event.payload)
        about = _about(described.topic, event.subject, event.id)
        created = self._tracer.start(
            f"create {described.name}",
            Kind.PRODUCER,
            event.traceparent,
            {**about, "messaging.operation.type": "create"},
        )
        return msgspec.structs.replace(event, traceparent=self._add(created))

    def _add(self, span: Span) -> str:
        self._said.append(span)
        return span.traceparent


def published(tracer: Tracer, rows: Sequence[OutboxRow], began: int) -> None:
    """Tell of rows that the broker has acknowledged, and that were sent to it at `began` (ns since 1970)."""
    for row in rows if tracer.is_on else ():
        parent = row.headers.get("traceparent")
        if parent is None or tracer.skips(parent):
            continue
        about = _about(row.topic, row.key, row.event_id)
        tracer.start(
            f"publish {_name(row.headers.get('ce_type', ''))}",
            Kind.CLIENT,
            parent,
            {**about, "messaging.operation.type": "send"},
            began=began,
        ).end()


def _name(event_type: str) -> str:
    described = PAYLOADS.get(event_type)
    return described.name if described else "event"


def _about(topic: str, subject: str, event_id: UUID) -> dict[str, str | int]:
    """What an event is, without whom it is about where that is a person."""
    about: dict[str, str | int] = {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        EVENT: str(event_id),
    }
    return about if topic == AGENTS else {**about, TICKET: subject}


def _age(ticket_id: str, now_ns: int) -> timedelta:
    """How long ago a ticket was opened, by its id; for ever where that does not tell."""
    try:
        found = UUID(ticket_id)
    except ValueError:
        return timedelta.max
    if found.version != 7:
        return timedelta.max
    return timedelta(milliseconds=now_ns // _NS_PER_MS - (found.int >> 80))
