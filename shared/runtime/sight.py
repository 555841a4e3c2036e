"""Shows as metrics what a service answers at `/readyz`, so that nobody need ask every replica by HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.observability.metrics import RuntimeMetrics

from .housekeeping import database_problem


class Sight:
    """A worker's step: looks whether the database answers and whether the service is ready."""

    def __init__(
        self,
        database: AsyncEngine,
        readiness: Callable[[], Awaitable[list[str]]],
        metrics: RuntimeMetrics,
    ) -> None:
        """`readiness` says why the service is not ready; it is empty when it is."""
        self._database = database
        self._readiness = readiness
        self._metrics = metrics

    async def step(self) -> bool:
        """Look once; not ready until that is known. Always False: there is nothing to hurry for."""
        up = ready = False
        try:
            up = await database_problem(self._database) is None
            ready = not await self._readiness()
        finally:
            self._metrics.database_up.one.set(up)
            self._metrics.ready.one.set(ready)
        return False
