"""Now and then: gauges, and forgetting what is too old to ask for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from shared.clock import Clock
from shared.contracts import FollowUp
from shared.db.engine import Transaction
from shared.runtime.writer import Writer

from .metrics import SubscriptionMetrics
from .settings import SubscriptionSettings
from .store import chores, events, secrets

#: Rows forgotten in one transaction.
_AT_ONCE: Final = 1000
_CLEAN_EVERY: Final = timedelta(hours=1)


class Tidier:
    """A worker's step. Events go after `keep_days`, the log after `log_days`, ended secrets at once."""

    def __init__(
        self,
        *,
        writer: Writer,
        clock: Clock,
        settings: SubscriptionSettings,
        metrics: SubscriptionMetrics,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._settings = settings
        self._metrics = metrics
        self._cleaned: datetime | None = None

    async def step(self) -> bool:
        """Count, and clean when it is time. Always False: there is nothing to hurry for."""

        async def count(tx: Transaction, _: datetime) -> tuple[tuple[int, int], list[FollowUp]]:
            return await chores.counts(tx), []

        pending, disabled = await self._writer.write(count)
        self._metrics.pending.one.set(pending)
        self._metrics.disabled.one.set(disabled)
        now = self._clock.now()
        if self._cleaned is None or now - self._cleaned >= _CLEAN_EVERY:
            await self._clean(now)
            self._cleaned = now
        return False

    async def _clean(self, now: datetime) -> None:
        kept = now - timedelta(days=self._settings.keep_days)
        logged = now - timedelta(days=self._settings.log_days)

        async def forget_secrets(tx: Transaction, at: datetime) -> tuple[None, list[FollowUp]]:
            await secrets.prune(tx, at)
            return None, []

        await self._writer.write(forget_secrets)
        await self._all(lambda tx: events.prune(tx, before=kept, limit=_AT_ONCE))
        await self._all(lambda tx: chores.prune(tx, before=logged, limit=_AT_ONCE))

    async def _all(self, forget: Callable[[Transaction], Awaitable[int]]) -> None:
        async def some(tx: Transaction, _: datetime) -> tuple[int, list[FollowUp]]:
            return await forget(tx), []

        while await self._writer.write(some) == _AT_ONCE:
            continue
