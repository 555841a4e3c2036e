"""Holds time-driven work while the machine's clock and PostgreSQL's do not agree (semantics T7).

It looks at the clock by which the service decides, and measures it against PostgreSQL's and against the
monotonic one; it never tells anybody the time.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
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
    return stepped("the clock", now.wall - before.wall, passed) or stepped(
        "PostgreSQL's clock", now.database - before.database, passed
    )


def stepped(name: str, moved: timedelta, passed: float) -> str | None:
    """Why a clock that moved so far in `passed` seconds cannot be trusted; None when it can. Pure."""
    step = moved.total_seconds() - passed
    if -BACKWARD_SECONDS <= step <= TOLERANCE_SECONDS:
        return None
    return f"{name} stepped by {step:+.1f} s"


class ClockGuard:
    """Compares the clocks at every `step` and is `held` from a disagreement to the next good reading."""

    def __init__(
        self,
        read: Callable[[], Awaitable[ClockReading]],
        *,
        clock: Clock | None = None,
        metrics: RuntimeMetrics | None = None,
    ) -> None:
        """`clock`: looked at between two readings as well, whenever somebody asks."""
        self._read = read
        self._clock = clock
        self._metrics = metrics
        self._last: ClockReading | None = None
        self.held: str | None = None

    def is_held(self) -> bool:
        """Whether nothing may be fired by time now.

        A second between two readings is long enough to fire two hours of deadlines. So a clock that has
        stepped since the last reading, by the monotonic one, closes the guard at once; and before the
        first reading nothing is known.
        """
        if self.held is None and self._clock is not None:
            if self._last is None:
                return True
            moved = self._clock.now() - self._last.wall
            passed = self._clock.monotonic() - self._last.monotonic
            self._turn(stepped("the clock", moved, passed))
        return self.held is not None

    async def step(self) -> bool:
        """Take one reading. A worker's step: always False, so that it rests in between."""
        reading = await self._read()
        verdict = disagreement(self._last, reading)
        self._last = reading
        self._turn(verdict)
        if self._metrics is not None:
            offset = (reading.wall - reading.database).total_seconds()
            self._metrics.clock_offset.one.set(offset)
            self._metrics.clock_held.one.set(1 if verdict else 0)
        return False

    def _turn(self, verdict: str | None) -> None:
        """Close or open, and say so."""
        if verdict and not self.held:
            log.error(
                "The clock guard closed: %s",
                verdict,
                extra={"action": "clock_held", "reason": verdict},
            )
        if self.held and not verdict:
            log.warning("The clock guard opened again", extra={"action": "clock_released"})
        self.held = verdict


def reader(engine: AsyncEngine, clock: Clock) -> Callable[[], Awaitable[ClockReading]]:
    """Reads our clock, the monotonic one and PostgreSQL's; half the way there and back is allowed for."""

    async def read() -> ClockReading:
        async with engine.connect() as connection:
            began, wall = clock.monotonic(), clock.now()
            database: datetime = (await connection.exec_driver_sql(_DATABASE_CLOCK)).scalar_one()
            ended = clock.monotonic()
            half = timedelta(seconds=(ended - began) / 2)
        return ClockReading(wall=wall + half, database=database, monotonic=(began + ended) / 2)

    return read
