"""One transaction for what does not come from Kafka: HTTP commands and the steps of workers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.contracts import FollowUp, follow_ups_to_events
from shared.db import outbox
from shared.db.engine import Transaction
from shared.failpoints import failpoint
from shared.observability.spans import OFF, Tracer

from .errors import was_rolled_back
from .traced import Step, Traced

T = TypeVar("T")

#: Does the work inside the transaction, with the one `now`, and returns an answer and what follows.
Work: TypeAlias = Callable[[Transaction, datetime], Awaitable[tuple[T, Sequence[FollowUp]]]]

#: How often work is done again that PostgreSQL undid for the sake of another transaction.
ATTEMPTS = 3


class Wakeable(Protocol):
    """Something that sleeps until there is work."""

    def wake(self) -> None:
        """There may be work."""
        ...


class Writer:
    """Runs work in one transaction, writes what follows to the outbox, commits, wakes the relay."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        *,
        source: str,
        relay: Wakeable,
        tracer: Tracer = OFF,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._source = source
        self._relay = relay
        self._tracer = tracer

    async def write(self, work: Work[T], *, step: Step | None = None) -> T:
        """Do `work` in one transaction and return its answer once it is committed. `step` is what it is called
        in traces, where it is a worker's.

        Work that PostgreSQL rolled back to break a deadlock is done again, so it must leave nothing
        behind but rows. Any other error is the caller's, and nothing was written.
        """
        for attempts_left in reversed(range(ATTEMPTS)):
            try:
                answer = await self._once(work, step)
            except Exception as error:
                if not attempts_left or not was_rolled_back(error):
                    raise
            else:
                failpoint("writer.after_commit")
                self._relay.wake()
                return answer
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, work: Work[T], step: Step | None) -> T:
        now = self._clock.now()
        with Traced(self._tracer) as traced:
            async with self._engine.begin() as tx:
                answer, said = await work(tx, now)
                if said:
                    told = traced.stepped(step, said)
                    events = follow_ups_to_events(told, source=self._source, now=now)
                    await outbox.add(tx, traced.said(events))
        return answer
