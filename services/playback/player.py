"""Plays mapped rows: many tickets at once, each in order, at the table's own pace or faster."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from datetime import datetime

from .mapping import Mapped
from .sender import RefusedError, WebhookSender


async def play(
    mapped: Iterable[Mapped],
    sender: WebhookSender,
    *,
    speed: float | None,
    lanes: int,
    advanced: Callable[[int], None],
) -> None:
    """Send every row's commands; return when all are answered.

    `speed` is how many seconds of the table pass in one second (None: as fast as intake takes them).
    A ticket stays in one of `lanes`, so its commands arrive in order. `advanced(n)` hears of n rows
    that are done; what intake refuses is in the sender's tally.
    """
    queues: list[asyncio.Queue[Mapped | None]] = [asyncio.Queue(maxsize=8) for _ in range(lanes)]
    async with asyncio.TaskGroup() as group:
        for queue in queues:
            group.create_task(_lane(queue, sender, advanced))
        pace = _Pace(speed)
        for row in mapped:
            await pace.wait_for(row.at)
            await queues[hash(row.ticket) % lanes].put(row)
        for queue in queues:
            await queue.put(None)


async def _lane(
    queue: asyncio.Queue[Mapped | None], sender: WebhookSender, advanced: Callable[[int], None]
) -> None:
    while (row := await queue.get()) is not None:
        with contextlib.suppress(RefusedError):  # counted in the tally, with its reason
            await sender.send(row.commands)
        advanced(1)


class _Pace:
    """Holds rows back until their turn."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._first: datetime | None = None
        self._began = 0.0

    async def wait_for(self, at: datetime | None) -> None:
        if self._speed is None or at is None:
            return
        loop = asyncio.get_running_loop()
        if self._first is None:
            self._first, self._began = at, loop.time()
        due = self._began + (at - self._first).total_seconds() / self._speed
        await asyncio.sleep(max(0.0, due - loop.time()))
