"""Holds time-driven work while the machine's clock and PostgreSQL's do not agree (semantics T7).

One of the two places that read the real clocks: it measures them, it never tells anybody the time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.observability.metrics import RuntimeMetrics

log = logging.getLogger(__name__)

#: Seconds by which two clocks may differ, and by which one may jump forward between two readings.
TOLERANCE_SECONDS: Final = 5.0

#: Seconds by which a clock may step back: what NTP slews, and what a reading itself takes.
BACKWARD_SECONDS: Final = 0.5

_DATABASE_CLOCK: Final = "SELECT clock_timestamp()"


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Three clocks at one moment: wall and database as instants, monotonic in seconds."""

    wall: datetime
    database: datetime
    monotonic: float


def disagreement(before: ClockReading | None, now: ClockReading) -> str | None:
    """Why time cannot be trusted at this reading; None when it can. Pure."""
    offset = (now.wall - now.database).total_seconds()
    if abs(offset) > TOLERANCE_SECONDS:
        return f"the clock is {offset:+.1f} s off PostgreSQL's"
    if before is None:
        return None
    passed = now.monotonic - before.monotonic
    for name, moved in (
        ("the clock", (now.wall - before.wall).total_seconds()),
        ("PostgreSQL's clock", (now.database - before.database).total_seconds()),
    ):
        step = moved - passed
        if step > TOLERANCE_SECONDS or step < -BACKWARD_SECONDS:
            return f"{name} stepped by {step:+.1f} s"
    return None


class ClockGuard:
    """Compares the clocks at every `step` and is `held` from a disagreement to the next good reading."""

    def __init__(
        self, read: Callable[[], Awaitable[ClockReading]], *, metrics: RuntimeMetrics | None = None
    ) -> None:
        self._read = read
        self._metrics = metrics
        self._last: ClockReading | None = None
        self.held: str | None = None

    def is_held(self) -> bool:
        """Whether nothing may be fired by time now."""
        return self.held is not None

    async def step(self) -> bool:
        """Take one reading. A worker's step: always False, so that it rests in between."""
        reading = await self._read()
        verdict = disagreement(self._last, reading)
        self._last = reading
        if verdict and not self.held:
            log.error(
                "The clock guard closed: %s",
                verdict,
                extra={"action": "clock_held", "reason": verdict},
            )
        if self.held and not verdict:
            log.warning("The clock guard opened again", extra={"action": "clock_released"})
        self.held = verdict
        if self._metrics is not None:
            offset = (reading.wall - reading.database).total_seconds()
            self._metrics.clock_offset.one.set(offset)
            self._metrics.clock_held.one.set(1 if verdict else 0)
        return False


def reader(engine: AsyncEngine) -> Callable[[], Awaitable[ClockReading]]:
    """Reads the machine's clocks and PostgreSQL's; half the way there and back is allowed for."""

    async def read() -> ClockReading:
        async with engine.connect() as connection:
            began, wall = time.monotonic(), datetime.now(UTC)
            database: datetime = (await connection.exec_driver_sql(_DATABASE_CLOCK)).scalar_one()
            ended = time.monotonic()
            half = (datetime.now(UTC) - wall) / 2
        return ClockReading(wall=wall + half, database=database, monotonic=(began + ended) / 2)

    return read
