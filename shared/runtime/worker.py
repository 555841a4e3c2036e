"""The loop of every background worker: dispatcher, timers, deliverer, analyst and relay."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final

from shared.observability.metrics import RuntimeMetrics

from .errors import is_transient

log = logging.getLogger(__name__)

#: Seconds before the first and before every later retry of a failing step.
FIRST_RETRY_SECONDS: Final = 0.1
LONGEST_RETRY_SECONDS: Final = 10.0


#: One piece of a worker's work, and how many seconds it sleeps when there was none.
Step = Callable[[], Awaitable[bool]]
Idle = float | Callable[[], float]


class Worker:
    """Runs `step` again and again; sleeps when it had nothing to do, until woken or `idle_seconds`.

    `idle_seconds` is asked each time when it is not always the same.
    `step` returns True when it did something and should run again at once. It is one transaction, or
    a few, and safe to run by several processes at a time. A step that fails is logged, counted by
    `failing` and tried again after a growing pause: a row that cannot be worked on makes its worker
    visible, not its process restart for ever.
    """

    def __init__(
        self,
        name: str,
        step: Step,
        *,
        idle_seconds: Idle,
        metrics: RuntimeMetrics | None = None,
    ) -> None:
        self.name = name
        self.failing: str | None = None
        self._step = step
        self._idle_seconds = idle_seconds
        self._metrics = metrics
        self._woken = asyncio.Event()
        self._stopping = False
        self._failures = 0
        if metrics is not None:
            metrics.worker_failures.labels(worker=name)  # from 0, or nobody sees the first one rise

    def wake(self) -> None:
        """There may be work: run the next step now."""
        self._woken.set()

    @property
    def woken(self) -> bool:
        """Whether somebody has called `wake` since the last step began: a world at rest has none."""
        return self._woken.is_set()

    def stop(self) -> None:
        """Let `run` return once the step in hand has ended."""
        self._stopping = True
        self._woken.set()

    async def run_once(self) -> bool:
        """One step, measured. True when it did something. Raises what the step raises."""
        self._woken.clear()
        began = time.perf_counter()
        try:
            return await self._step()
        finally:
            if self._metrics is not None:
                seconds = time.perf_counter() - began
                self._metrics.worker_seconds.labels(worker=self.name).observe(seconds)

    async def run(self) -> None:
        """Steps until `stop`."""
        while not self._stopping:
            try:
                busy = await self.run_once()
            except Exception as error:
                await self._sleep(self._pause_after(error))
                continue
            self._recovered()
            if not busy and not self._stopping:
                idle = self._idle_seconds
                await self._sleep(idle() if callable(idle) else idle)

    def _pause_after(self, error: Exception) -> float:
        """Log the failure when it begins or changes; how long to wait before the next try."""
        told = f"worker {self.name}: {type(error).__name__}"
        if told != self.failing:
            log.warning(
                "A step of worker %s failed and is tried again: %s",
                self.name,
                error,
                extra={"action": "worker_step_failed", "reason": type(error).__name__},
                exc_info=None if is_transient(error) else error,
            )
        self.failing = told
        self._failures += 1
        if self._metrics is not None:
            self._metrics.worker_failures.labels(worker=self.name).inc()
        longest = min(FIRST_RETRY_SECONDS * 2 ** min(self._failures, 16), LONGEST_RETRY_SECONDS)
        return random.uniform(longest / 2, longest)  # noqa: S311 -- jitter, not a secret

    def _recovered(self) -> None:
        if self.failing:
            log.info("Worker %s works again", self.name, extra={"action": "worker_recovered"})
        self.failing = None
        self._failures = 0

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
