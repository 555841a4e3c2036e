"""Reads gauges from the tables now and then: a worker of its own that may never cost much, nor stop anything."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.engine import Transaction

log = logging.getLogger(__name__)

#: Seconds between two readings, at least: about as often as Prometheus asks.
EVERY_SECONDS: Final = 10.0

#: A reading that took long is followed by a rest of so many times as long.
REST: Final = 20


class GaugeReader:
    """Calls `read` in a transaction that writes nothing, at most a twentieth of the time.

    One that fails is logged, the gauges keep what they showed, and the service stays ready: figures are
    no reason to refuse work.
    """

    def __init__(self, engine: AsyncEngine, read: Callable[[Transaction], Awaitable[None]]) -> None:
        self._engine = engine
        self._read = read
        self._seconds = 0.0

    def idle_seconds(self) -> float:
        """How long to rest now."""
        return max(EVERY_SECONDS, REST * self._seconds)

    async def step(self) -> bool:
        """Read once; never has more to do at once."""
        began = time.perf_counter()
        try:
            async with self._engine.connect() as tx:
                await self._read(tx)
        except Exception as error:
            log.warning(
                "Gauges could not be read and stay as they were: %s",
                error,
                extra={"action": "gauges_not_read", "reason": type(error).__name__},
            )
        finally:
            self._seconds = time.perf_counter() - began
        return False
