"""The one background worker of the escalator: tells the cases that are due that time has passed.

There are no timer rows. A case's row says when it will have something to say; what it says then is
decided by the same core as everything else, as of the watermark (semantics T5, ruling 1).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from services.escalator import store
from services.escalator.domain.items import TimePassed
from services.escalator.ledger import Ledger
from services.escalator.metrics import EscalatorMetrics
from services.escalator.store import Stored
from shared.contracts import FollowUp
from shared.db.engine import Transaction
from shared.policy import WorkflowPolicy
from shared.runtime.traced import Step
from shared.runtime.watermark import Reading
from shared.runtime.writer import Writer

log = logging.getLogger(__name__)

STEP: Final = Step("timer fired", by_time=True)

#: Cases of one transaction at most: a share for each of its partitions.
LIMIT: Final = 240

#: Transactions at a time, each with partitions of its own.
GROUPS: Final = 2

#: Ticket topics have twelve partitions, for good (ADR 0015).
PARTITIONS: Final = frozenset(range(12))

#: How long a case that cannot be worked on is left alone, so that it does not hold up the others.
PUT_OFF: Final = timedelta(minutes=1)


class Hearing(Protocol):
    """Knows how far the log has been heard (`shared/runtime/watermark.py`)."""

    def reading(self) -> Reading:
        """What may be fired now."""
        ...


class Timers:
    """Fires what is due, a batch of cases at a time, each case by one replica only."""

    def __init__(
        self,
        writer: Writer,
        watermark: Hearing,
        policy: WorkflowPolicy,
        metrics: EscalatorMetrics,
    ) -> None:
        self._writer = writer
        self._watermark = watermark
        self._policy = policy
        self._metrics = metrics

    async def step(self) -> bool:
        """One look at the clock; True when cases were due and there may be more."""
        return await self._by_stream() or await self._by_clock()

    async def _by_stream(self) -> bool:
        """What the log has been heard up to."""
        reading = self._watermark.reading()
        if reading.as_of is None or not reading.owned:
            return False
        passed = TimePassed(as_of=reading.as_of)
        return await self._fire(reading.owned, reading.as_of, passed)

    async def _by_clock(self) -> bool:
        """What the log has held back for too long, whoever owns it (ruling 1)."""
        reading = self._watermark.reading()
        limit = reading.due_by_clock(self._policy.sla.hold_limit)
        if limit is None:
            return False
        passed = TimePassed(as_of=None, provisional_before=limit)
        return await self._fire(PARTITIONS, limit, passed)

    async def _fire(self, partitions: frozenset[int], until: datetime, passed: TimePassed) -> bool:
        """One transaction for each group of partitions: while one waits for PostgreSQL, another decides."""
        groups = [frozenset(p for p in partitions if p % GROUPS == n) for n in range(GROUPS)]
        firing = [self._fire_group(group, until, passed) for group in groups if group]
        fired = await asyncio.gather(*firing, return_exceptions=True)
        for one in fired:
            if isinstance(one, BaseException):
                raise one
        return any(fired)

    async def _fire_group(
        self, partitions: frozenset[int], until: datetime, passed: TimePassed
    ) -> int:
        async def work(tx: Transaction, now: datetime) -> tuple[int, Sequence[FollowUp]]:
            due = await store.lock_due(tx, partitions, until, limit=LIMIT)
            return await self._tell(tx, due, passed, now)

        return await self._writer.write(work, step=STEP)

    async def _tell(
        self, tx: Transaction, due: dict[UUID, Stored], passed: TimePassed, now: datetime
    ) -> tuple[int, list[FollowUp]]:
        """Tell each case; one that cannot bear it is put off, and everybody hears of it."""
        ledger = Ledger(due, policy=self._policy, metrics=self._metrics, now=now)
        failed = []
        for ticket_id in due:
            try:
                ledger.hear(ticket_id, passed)
            except Exception as error:
                failed.append(ticket_id)
                self._metrics.timer_failures.one.inc()
                log.error(
                    "A due case could not be worked on and is put off for a minute",
                    exc_info=error,
                    extra={"action": "timer_failed", "ticket_id": str(ticket_id)},
                )
        said = await ledger.save(tx)
        await store.put_off(tx, failed, now + PUT_OFF)
        return len(due), said
