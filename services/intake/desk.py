"""Where every request is stored: the batcher between the HTTP edge and the one transaction of a group."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from shared.runtime.isolation import told
from shared.runtime.writer import Writer

from .batcher import Batcher
from .domain.delivery import Answer, Delivery
from .domain.triage import IntakePolicy
from .handlers import accept, park
from .metrics import IntakeMetrics

log = logging.getLogger(__name__)


class Desk:
    """Takes deliveries, stores them in groups, counts what was committed."""

    def __init__(
        self, writer: Writer, policy: IntakePolicy, metrics: IntakeMetrics, *, lanes: int
    ) -> None:
        self._writer = writer
        self._policy = policy
        self._metrics = metrics
        self._batcher = Batcher(
            self._store, self._park, lanes=lanes, on_group=metrics.group_requests.one.observe
        )

    @property
    def is_crowded(self) -> bool:
        """Whether so many requests wait that work of lower rank should wait, too."""
        return self._batcher.is_crowded

    @property
    def is_full(self) -> bool:
        """Whether who comes now would wait too long for an answer."""
        return self._batcher.is_full

    async def take(self, deliveries: Sequence[Delivery]) -> list[Answer]:
        """Store what one call told and say what became of each. Raises UnavailableError."""
        answers = await self._batcher.submit(deliveries)
        for delivery, answer in zip(deliveries, answers, strict=True):
            self._metrics.answered(delivery.source, answer)
        return answers

    async def _store(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        accepted = await self._writer.write(
            lambda tx, now: accept(tx, deliveries, now, policy=self._policy)
        )
        self._metrics.opened(accepted.opened)
        self._metrics.turned(accepted.turns)
        for source in accepted.skewed:
            self._metrics.clock_skew.labels(source=source).inc()
        return accepted.answers

    async def _park(self, delivery: Delivery, error: Exception) -> Answer:
        log.error(
            "A delivery of %s could not be stored and was parked",
            delivery.source,
            extra={"action": "delivery_parked", "delivery_id": str(delivery.delivery_id)},
            exc_info=error,
        )
        return await self._writer.write(lambda tx, now: park(tx, delivery, told(error), now))
