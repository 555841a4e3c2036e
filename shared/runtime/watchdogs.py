"""Watchdogs: a process that does not get on ends itself, so that its supervisor starts a new one.

One of the two places that read the real clocks. `exit` is injected: production passes `os._exit`.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Final

from shared.kafka.client import BrokerError
from shared.observability.metrics import RuntimeMetrics

log = logging.getLogger(__name__)

#: Ends the process with a status, at once.
Exit = Callable[[int], object]

STALLED_STATUS: Final = 70
BLOCKED_STATUS: Final = 71

#: Seconds after which a loop that does not tick has its stack logged.
SLOW_LOOP_SECONDS: Final = 1.0
TICK_SECONDS: Final = 0.25


class ProgressWatchdog:
    """Ends the process when events wait and none has been committed for `stall_seconds`.

    The answer to consumers that stop receiving (aiokafka issue 1037). A consumer that knows why it does
    not get on must stay up and be seen, so its `lag` says 0; and so must one whose broker is away, so
    the `broker` is asked before anything ends.
    """

    def __init__(
        self,
        *,
        lag: Callable[[], int],
        committed: Callable[[], int],
        stall_seconds: float,
        broker: Callable[[], Awaitable[None]],
        exit: Exit,  # noqa: A002 -- it stands for os._exit
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lag = lag
        self._committed = committed
        self._stall_seconds = stall_seconds
        self._broker = broker
        self._exit = exit
        self._monotonic = monotonic
        self._seen = committed()
        self._since = monotonic()

    async def check(self) -> None:
        """Look once. Cheap while all is well; to be called every second or so."""
        now, committed = self._monotonic(), self._committed()
        if committed != self._seen or self._lag() <= 0:
            self._seen, self._since = committed, now
        elif now - self._since >= self._stall_seconds:
            if not await self._broker_answers():
                self._since = self._monotonic()
                return
            log.critical(
                "%s records wait and none was handled for %.0f s: the process ends",
                self._lag(),
                now - self._since,
                extra={"action": "consumer_stalled", "count": self._lag()},
            )
            self._exit(STALLED_STATUS)

    async def run(self) -> None:
        """Look every second, for ever."""
        while True:
            await asyncio.sleep(1.0)
            await self.check()

    async def _broker_answers(self) -> bool:
        try:
            await self._broker()
        except BrokerError:
            return False
        return True


class EventLoopWatchdog:
    """A thread that notices an event loop which does not tick.

    The stack of a loop blocked for a second is logged; one that is blocked for `limit_seconds` ends the
    process: Kafka's heartbeats run on the same loop, and a blocked member has lost its partitions. A
    process that gets no processor is not blocked: the thread, too, must have run meanwhile.
    """

    def __init__(
        self,
        *,
        limit_seconds: float,
        exit: Exit,  # noqa: A002 -- it stands for os._exit
        metrics: RuntimeMetrics | None = None,
        slow_seconds: float = SLOW_LOOP_SECONDS,
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        self._limit_seconds = limit_seconds
        self._slow_seconds = slow_seconds
        self._tick_seconds = tick_seconds
        self._exit = exit
        self._metrics = metrics
        self._ticked = time.monotonic()
        self._loop_thread = threading.get_ident()
        self._ended = threading.Event()

    async def run(self) -> None:
        """Tick, watched by the thread, until cancelled."""
        self._loop_thread = threading.get_ident()
        self._ticked = time.monotonic()
        watcher = threading.Thread(target=self._watch, name="event-loop-watchdog", daemon=True)
        watcher.start()
        try:
            while True:
                await asyncio.sleep(self._tick_seconds)
                self._tick()
        finally:
            self._ended.set()

    def _tick(self) -> None:
        now = time.monotonic()
        if self._metrics is not None:
            late = max(0.0, now - self._ticked - self._tick_seconds)
            self._metrics.event_loop_lag.one.observe(late)
        self._ticked = now

    def _watch(self) -> None:
        told_about = watched = 0.0
        looks = 0
        while not self._ended.wait(self._tick_seconds):
            ticked = self._ticked
            looks = looks + 1 if ticked == watched else 0
            watched = ticked
            blocked = time.monotonic() - ticked - self._tick_seconds
            if (
                blocked >= self._limit_seconds
                and looks * self._tick_seconds >= self._limit_seconds / 2
            ):
                log.critical(
                    "The event loop was blocked for %.1f s: the process ends",
                    blocked,
                    extra={"action": "event_loop_blocked", "seconds": round(blocked, 1)},
                )
                self._exit(BLOCKED_STATUS)
                return
            if blocked >= self._slow_seconds and looks and told_about != ticked:
                told_about = ticked
                log.warning(
                    "The event loop was blocked for %.1f s in:\n%s",
                    blocked,
                    self._stack(),
                    extra={"action": "event_loop_slow", "seconds": round(blocked, 1)},
                )

    def _stack(self) -> str:
        frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001 -- made for this
        return "".join(traceback.format_stack(frame)) if frame else "(the loop's thread has ended)"
