"""One batch, one transaction: claim, sort, handle, number and write what follows, park, commit.

The number of statements does not depend on the size of the batch; only finding a bad record costs work a
record (`isolation.py`).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.contracts import follow_ups_to_events
from shared.db import dead_letters, inbox, outbox, stream
from shared.db.dead_letters import Letter, Reason
from shared.db.engine import Transaction
from shared.observability.metrics import RuntimeMetrics
from shared.observability.spans import OFF, Tracer
from shared.observability.tracing import trace_id

from .batch import Batch, Handler
from .decoding import Entry, Received
from .errors import DeadLetterLimit, HaltedError, is_transient
from .isolation import isolate
from .sorting import Parked, Sorted, sort
from .traced import Traced

log = logging.getLogger(__name__)

#: Reasons that are the record's own fault, and count against the limit.
BAD: Final = frozenset({Reason.UNDECODABLE, Reason.POISON})

#: Reasons of letters that only wait for others.
WAITING: Final = frozenset({Reason.GAP, Reason.STALLED})

#: Applies what it can of the items in the transaction: who was applied, and who was parked instead.
Apply: TypeAlias = Callable[
    [Transaction, Sequence[Received], datetime, Traced],
    Awaitable[tuple[list[Received], list[Parked]]],
]


@dataclass(frozen=True, slots=True)
class Handled:
    """What has become of a batch."""

    applied: Sequence[Received]
    parked: Sequence[Parked]
    repeats: int

    @property
    def waiting(self) -> bool:
        """Something was parked that may follow at once: it could be what a gap was waiting for."""
        return any(parked.reason in WAITING for parked in self.parked)


class Applier:
    """Gives events to the service's handler and writes what follows, inside a transaction."""

    def __init__(self, handler: Handler, *, source: str, tracer: Tracer = OFF) -> None:
        self.source = source
        self._handler = handler
        self._tracer = tracer

    def traced(self) -> Traced:
        """The spans of a transaction that is about to begin."""
        return Traced(self._tracer)

    async def apply(
        self, tx: Transaction, items: Sequence[Received], now: datetime, traced: Traced
    ) -> None:
        """Handle `items` as one batch. Raises what the handler raises."""
        with traced.part():
            batch = Batch(
                events=traced.heard(items),
                now=now,
                partitions={item.key: item.record.partition for item in items},
                traced=traced,
            )
            said = await self._handler(tx, batch)
            if said:
                events = follow_ups_to_events(list(said), source=self.source, now=now)
                await outbox.add(tx, traced.said(events))


class BatchHandling:
    """Applies batches of records, each in one transaction."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        applier: Applier,
        *,
        limit: DeadLetterLimit,
        metrics: RuntimeMetrics,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._applier = applier
        self._limit = limit
        self._metrics = metrics

    async def handle(self, entries: Sequence[Entry]) -> Handled:
        """Apply what can be applied, park what cannot, commit.

        Raises transient errors and HaltedError; nothing is committed then.
        """
        try:
            handled = await self._attempt(entries, self._apply_all)
        except HaltedError:
            raise
        except Exception as error:
            if is_transient(error):
                raise
            log.warning(
                "A batch failed and is taken apart: %s",
                error,
                extra={"action": "batch_isolated", "count": len(entries)},
            )
            handled = await self._attempt(entries, self._apply_isolating)
        self._tell(handled)
        return handled

    async def _attempt(self, entries: Sequence[Entry], apply: Apply) -> Handled:
        now = self._clock.now()
        with self._applier.traced() as traced:
            async with self._engine.begin() as tx:
                fresh = await _claim(tx, entries)
                found = await _sort(tx, fresh, self._applier.source)
                applied, culprits = await apply(tx, found.apply, now, traced)
                parked = _in_order(fresh, [*found.parked, *culprits])
                await stream.advance(tx, last_of(applied))
                await dead_letters.park(tx, [_letter(one) for one in parked], now)
                verdicts = _verdicts(fresh, applied, parked)
                self._limit.check(verdicts, now)
        self._limit.count(verdicts, now)
        self._count_sequences(found)
        return Handled(applied, parked, len(entries) - len(fresh))

    async def _apply_all(
        self, tx: Transaction, items: Sequence[Received], now: datetime, traced: Traced
    ) -> tuple[list[Received], list[Parked]]:
        if items:
            await self._applier.apply(tx, items, now, traced)
        return list(items), []

    async def _apply_isolating(
        self, tx: Transaction, items: Sequence[Received], now: datetime, traced: Traced
    ) -> tuple[list[Received], list[Parked]]:
        async def attempt(part: Sequence[Received]) -> Sequence[Received]:
            await self._applier.apply(tx, part, now, traced)
            return part

        found = await isolate(tx, items, attempt, key=lambda item: item.key)
        bad = [Parked(c.item, Reason.POISON, c.error) for c in found.culprits]
        behind = [Parked(item, Reason.STALLED, "behind a parked event") for item in found.behind]
        return [item for part in found.results for item in part], bad + behind

    def _count_sequences(self, found: Sorted) -> None:
        for entry in found.truncated:
            self._metrics.sequence_truncated.labels(topic=entry.record.topic).inc()
        for parked in found.parked:
            if parked.reason is Reason.GAP:
                self._metrics.sequence_gaps.labels(topic=parked.entry.record.topic).inc()
            elif parked.reason is Reason.LATE:
                self._metrics.sequence_late.labels(topic=parked.entry.record.topic).inc()

    def _tell(self, handled: Handled) -> None:
        for event_type, count in Counter(entry.type for entry in handled.applied).items():
            self._metrics.events_consumed.labels(type=event_type).inc(count)
        self._metrics.inbox_duplicates.one.inc(handled.repeats)
        self._metrics.batch_events.one.observe(len(handled.applied) + len(handled.parked))
        for parked in handled.parked:
            log.warning(
                "An event was parked (%s)",
                parked.reason,
                extra={
                    "action": "event_parked",
                    "ticket_id": parked.entry.key,
                    "event_id": parked.entry.id,
                    "trace_id": _trace_of(parked.entry),
                    "topic": parked.entry.record.topic,
                    "reason": parked.reason,
                },
            )


def last_of(applied: Iterable[Received]) -> dict[stream.Stream, int]:
    """How far applying `applied` has brought their streams."""
    reached: dict[stream.Stream, int] = {}
    for entry in applied:
        reached[entry.stream] = max(entry.event.sequence, reached.get(entry.stream, 0))
    return reached


async def _claim(tx: Transaction, entries: Sequence[Entry]) -> list[Entry]:
    """The entries nobody has handled before, each id once, in the order of the records."""
    claimed = await inbox.claim(tx, [(entry.id, entry.type) for entry in entries])
    fresh = []
    for entry in entries:
        if entry.id in claimed:
            claimed.discard(entry.id)
            fresh.append(entry)
    return fresh


async def _sort(tx: Transaction, fresh: Sequence[Entry], own: str) -> Sorted:
    """Two statements. The stream rows stay locked, so nobody else sorts the same keys meanwhile."""
    last = await stream.applied(tx, {e.stream for e in fresh if isinstance(e, Received)})
    stalled = await dead_letters.stalled(tx, {e.key for e in fresh if e.key is not None})
    return sort(fresh, last=last, stalled=stalled, own=own)


def _in_order(fresh: Sequence[Entry], parked: Sequence[Parked]) -> list[Parked]:
    """`parked` in the order of the records: the order in which they will be released."""
    by_id = {one.entry.id: one for one in parked}
    return [by_id[entry.id] for entry in fresh if entry.id in by_id]


def _letter(parked: Parked) -> Letter:
    record = parked.entry.record
    return Letter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=parked.entry.key,
        event_id=parked.entry.id,
        sequence=parked.entry.event.sequence if isinstance(parked.entry, Received) else None,
        raw=record.value,
        reason=parked.reason,
        error=parked.error,
    )


def _trace_of(entry: Entry) -> str:
    known = trace_id(entry.event.traceparent) if isinstance(entry, Received) else None
    return known or "none"


def _verdicts(
    fresh: Sequence[Entry], applied: Sequence[Received], parked: Sequence[Parked]
) -> list[bool]:
    """True for applied, False for bad, in the order of the records; who merely waits says nothing."""
    good = {entry.id for entry in applied}
    bad = {one.entry.id for one in parked if one.reason in BAD}
    return [entry.id in good for entry in fresh if entry.id in good or entry.id in bad]
