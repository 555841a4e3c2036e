"""What every service does now and then: look at its database, count what it owes, keep its days in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from shared.clock import Clock
from shared.db import dead_letters, engine, idempotency, inbox, migrate, outbox
from shared.db.dead_letters import Reason
from shared.db.trouble import sqlstate
from shared.observability.metrics import RuntimeMetrics

from .errors import is_transient
from .retention import Kept
from .watermark import Watermark

#: How long an applied event is remembered: the longest retention of a topic (90 days) and the longest
#: kept window of an outbox, with some days to spare. `tests/contract/test_topics.py` holds it to that.
INBOX_KEEP: Final = timedelta(days=100)

#: How long the answer to an HTTP command is remembered for its repeats.
ANSWERS_KEEP: Final = timedelta(hours=24)

#: How many days a released dead letter is kept, unless told otherwise.
LETTERS_DAYS: Final = 30

#: What PostgreSQL says when the role in a session's settings does not exist.
NO_SUCH_ROLE: Final = "22023"

HOUR_SECONDS: Final = 3600.0
DAY_SECONDS: Final = 86400.0


async def prepare(database: AsyncEngine, service: str) -> list[str]:
    """What must be so before a service works: session settings, and no migration pending.

    Returns the pending revisions. Raises SessionSettingsError, or what a database says that cannot be
    reached. Adds the outbox's coming days.
    """
    try:
        pending = await migrate.pending_on(database, service)
    except sqlalchemy.exc.DBAPIError as error:
        if sqlstate(error) != NO_SUCH_ROLE:
            raise
        return [str(error.orig)]
    if not pending:
        await engine.check(database, service=service)
        async with database.begin() as tx:
            await outbox.add_days(tx)
    return pending


async def database_problem(database: AsyncEngine) -> str | None:
    """Why the database is of no use now, if it is not."""
    try:
        async with database.connect() as connection:
            await connection.exec_driver_sql("SELECT 1")
    except Exception as error:
        if not is_transient(error):
            raise
        return f"database: {type(error).__name__}"
    return None


class Housekeeper:
    """A worker's step: gauges every time, the outbox's days every hour, what is too old every day."""

    def __init__(
        self,
        *,
        database: AsyncEngine,
        clock: Clock,
        metrics: RuntimeMetrics,
        watermark: Watermark,
        keep_days: int,
        letters_days: int = LETTERS_DAYS,
        kept: Iterable[Kept] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._watermark = watermark
        self._keep_days = keep_days
        self._kept = [
            Kept("inbox", inbox.prune, INBOX_KEEP),
            Kept("answers", idempotency.prune, ANSWERS_KEEP),
            Kept("dead_letters", dead_letters.prune, timedelta(days=letters_days)),
            *kept,
        ]
        for one in self._kept:
            metrics.forgotten.labels(what=one.what)
        self._monotonic = monotonic
        self._days_added = monotonic()
        self._cleaned = monotonic() - DAY_SECONDS

    async def step(self) -> bool:
        """Do what is due. Always False: there is nothing to hurry for."""
        await self._measure()
        now = self._monotonic()
        if now - self._days_added >= HOUR_SECONDS:
            async with self._database.begin() as tx:
                await outbox.add_days(tx)
            self._days_added = now
        if now - self._cleaned >= DAY_SECONDS:
            await self._clean()
            self._cleaned = now
        return False

    async def _measure(self) -> None:
        async with self._database.begin() as tx:
            owed, oldest = await outbox.owed(tx)
            letters = await dead_letters.counts(tx)
        now = self._clock.now()
        self._metrics.outbox_pending.one.set(owed)
        self._metrics.outbox_oldest.one.set((now - oldest).total_seconds() if oldest else 0)
        stalled = letters.get(Reason.STALLED, 0)
        self._metrics.dead_letters.labels(state="stalled").set(stalled)
        self._metrics.dead_letters.labels(state="parked").set(sum(letters.values()) - stalled)
        pool = self._database.pool
        if isinstance(pool, QueuePool):
            self._metrics.db_pool_in_use.one.set(pool.checkedout())
            self._metrics.db_pool_size.one.set(pool.size())
        self._metrics.watermark_age.one.set(self._watermark.age_seconds())

    async def _clean(self) -> None:
        """Drop what nobody can ask for again, each in a transaction of its own."""
        async with self._database.begin() as tx:
            await outbox.drop_days(tx, keep_days=self._keep_days)
        for kept in self._kept:
            await self._forget(kept)

    async def _forget(self, kept: Kept) -> None:
        """A batch a transaction, so that nobody waits long behind one."""
        before, forgotten = self._clock.now() - kept.for_, 1
        while forgotten:
            async with self._database.begin() as tx:
                forgotten = await kept.prune(tx, before=before)
            self._metrics.forgotten.labels(what=kept.what).inc(forgotten)
