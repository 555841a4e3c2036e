"""The gauges over the line and the desks, read from the tables every few seconds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.router.metrics import RouterMetrics
from services.router.store import views
from shared.db.engine import Transaction
from shared.policy import WorkflowPolicy

#: How often they are read anew.
EVERY: Final = timedelta(seconds=5)


class Gauges:
    """Sets the depth and the oldest of every queue, and how full the teams are."""

    def __init__(self, policy: WorkflowPolicy, metrics: RouterMetrics) -> None:
        self._policy = policy
        self._metrics = metrics
        self._read_at: datetime | None = None

    async def read(self, tx: Transaction, now: datetime) -> None:
        """Set them, unless that was done a moment ago."""
        if self._read_at is not None and now - self._read_at < EVERY:
            return
        self._read_at = now
        depths = {depth.queue: depth for depth in await views.depths(tx)}
        for queue in depths.keys() | self._policy.routing.queues.keys():
            depth = depths.get(queue)
            oldest = (now - depth.oldest).total_seconds() if depth else 0.0
            self._metrics.queue_depth.labels(queue=queue).set(depth.waiting if depth else 0)
            self._metrics.queue_oldest.labels(queue=queue).set(max(0.0, oldest))
        self._metrics.agent_utilisation.clear()
        for team, share in (await views.utilisation(tx)).items():
            self._metrics.agent_utilisation.labels(team=team).set(share)
