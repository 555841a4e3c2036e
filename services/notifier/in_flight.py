"""Attempts under way at the same time, and the wait between two looks at what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class InFlight(Generic[T]):
    """Attempts under way, and in `ended` what came of those that have ended: whoever records it takes it out.

    An attempt that hangs must not hold up what comes due meanwhile: `wake` ends the wait for it.
    """

    def __init__(self) -> None:
        self.ended: list[T] = []
        self._running: set[asyncio.Task[T]] = set()
        self._woken = asyncio.Event()

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._running)

    def begin(self, attempts: Iterable[Coroutine[Any, Any, T]]) -> None:
        """Let them run."""
        self._running |= {asyncio.create_task(attempt) for attempt in attempts}

    def wake(self) -> None:
        """Something may have come due: end the present wait, or the next one."""
        self._woken.set()

    async def wait(self, seconds: float) -> None:
        """Until one of those under way has ended, or somebody wakes, or so long. Raises what one raised."""
        waking = asyncio.create_task(self._woken.wait())
        try:
            awaited = {*self._running, waking}
            await asyncio.wait(awaited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()
        self._woken.clear()
        self._collect()

    async def finish(self, seconds: float) -> None:
        """Give them so long to end, and cancel the others. Raises what one raised."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=seconds)
            self._running -= late
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._collect()

    def _collect(self) -> None:
        done = {task for task in self._running if task.done()}
        self._running -= done
        failures = [error for task in done if (error := task.exception())]
        self.ended += [task.result() for task in done if not task.exception()]
        if failures:
            raise failures[0]
