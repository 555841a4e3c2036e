"""Lets people in for only so long at every turn of the event loop, so that a crowd starves nobody.

Without it a turn takes as long as everybody who has sent something needs, and what is in hand, which waits
for the database a dozen times, waits for a dozen such turns: the more are turned away, the fewer are served.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

#: The part of a turn that is given to those who come, by the length of the last one.
SHARE: Final = 0.5

#: Seconds of a turn that they have at least, and at most.
LEAST_SECONDS: Final = 0.005
MOST_SECONDS: Final = 0.1

#: Takes what somebody has sent.
Take: TypeAlias = Callable[[bytes], None]


class Turnstile:
    """One for all connections of a server. Who does not get through at once gets through in order."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._began: float | None = None
        self._given = LEAST_SECONDS
        self._queue: deque[tuple[Take, bytes]] = deque()

    def enter(self, take: Take, data: bytes) -> None:
        """Have `take` take `data`: now, or as soon as it is its turn."""
        if self._began is None:
            self._begin()
        if self._queue or self._is_over():
            self._queue.append((take, data))
        else:
            take(data)

    def _begin(self) -> None:
        self._began = self._now()
        asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        """Another turn of the loop: those who wait come before those who come."""
        self._given = min(max(self._passed() * SHARE, LEAST_SECONDS), MOST_SECONDS)
        self._began = None
        if self._queue:
            self._begin()
        while self._queue and not self._is_over():
            take, data = self._queue.popleft()
            take(data)

    def _is_over(self) -> bool:
        return self._passed() >= self._given

    def _passed(self) -> float:
        """Seconds of this turn."""
        return 0.0 if self._began is None else self._now() - self._began
