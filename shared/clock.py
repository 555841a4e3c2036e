"""Time as an argument: the only module that reads the wall clock (semantics T5)."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where code that needs to know the time gets it from."""

    def now(self) -> datetime:
        """The present instant: aware, UTC, truncated to whole milliseconds (semantics T8)."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever go by, whatever is done to the clock; from no instant in particular."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once the clock has moved on by `seconds`."""
        ...


def whole_milliseconds(instant: datetime) -> datetime:
    """Truncate `instant` to milliseconds and bring it to UTC (semantics T8)."""
    return instant.astimezone(UTC).replace(microsecond=instant.microsecond // 1000 * 1000)


class SystemClock:
    """The machine's clock. Built in a composition root only."""

    def now(self) -> datetime:
        """The machine's time, UTC, in whole milliseconds."""
        return whole_milliseconds(datetime.now(UTC))

    def monotonic(self) -> float:
        """The machine's seconds since some beginning."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the event loop."""
        await asyncio.sleep(seconds)


class FakeClock:
    """A clock that moves only when told to, and wakes its sleepers in the order of their alarms."""

    def __init__(self, start: datetime) -> None:
        self._now = whole_milliseconds(start)
        self._sleepers: list[tuple[datetime, asyncio.Event]] = []

    def now(self) -> datetime:
        """The instant this clock was last moved to."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since 1970: whoever moves this clock lets time go by."""
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        """Wait until `advance` or `move_to` has passed the alarm."""
        alarm = asyncio.Event()
        self._sleepers.append((self._now + timedelta(seconds=seconds), alarm))
        await alarm.wait()

    async def advance(self, delta: timedelta) -> None:
        """Move the clock forward by `delta`."""
        await self.move_to(self._now + delta)

    async def move_to(self, instant: datetime) -> None:
        """Move the clock to `instant`, waking sleepers one by one at their own alarm times."""
        target = whole_milliseconds(instant)
        while due := sorted((s for s in self._sleepers if s[0] <= target), key=lambda s: s[0]):
            at, alarm = due[0]
            self._sleepers.remove(due[0])
            self._now = max(self._now, at)
            alarm.set()
            await asyncio.sleep(0)
        self._now = target
