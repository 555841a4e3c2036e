"""The gauges over promises and escalations, counted in the tables: three statements, each from an index alone
or from the few rows that are open.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import Gauge

from services.escalator.domain.escalation import Standing
from services.escalator.domain.running import metrics_of
from services.escalator.metrics import EscalatorMetrics
from shared.contracts.vocabulary import Metric, Priority
from shared.db.engine import Transaction, fetch
from shared.observability.metrics import Series
from shared.policy import WorkflowPolicy

#: Promises that run. A clock that runs falls due, so the index of what is due has them all.
RUNNING: Final = """
SELECT running, priority, count(*) FROM sla_case
WHERE next_due_at IS NOT NULL AND running <> 0 GROUP BY running, priority
"""

#: Promises that are overdue.
OVERDUE: Final = """
SELECT overdue, priority, count(*) FROM sla_case WHERE overdue <> 0 GROUP BY overdue, priority
"""

#: Escalations that are not over.
_OPEN: Final = """
SELECT level, status, count(*) FROM escalation WHERE status = ANY ($1::text[]) GROUP BY level, status
"""

_STANDINGS: Final = (Standing.OPEN, Standing.ACKNOWLEDGED)


class Gauges:
    """Counts what is open now."""

    def __init__(self, policy: WorkflowPolicy, metrics: EscalatorMetrics) -> None:
        self._policy = policy
        self._metrics = metrics

    async def read(self, tx: Transaction) -> None:
        """Set them from the tables."""
        await _clocks(tx, RUNNING, self._metrics.clocks_running)
        await _clocks(tx, OVERDUE, self._metrics.clocks_overdue)
        found = {
            (level, status): count for level, status, count in await fetch(tx, _OPEN, (_STANDINGS,))
        }
        levels = {level.name for level in self._policy.levels} | {level for level, _ in found}
        for level in levels:
            for status in _STANDINGS:
                series = self._metrics.escalations_open.labels(level=level, status=status)
                series.set(found.get((level, status), 0))


async def _clocks(tx: Transaction, statement: str, gauge: Series[Gauge]) -> None:
    """Set a gauge of clocks; a ticket may have several."""
    counts = dict.fromkeys(((m, p) for m in Metric for p in Priority), 0)
    for mask, priority, count in await fetch(tx, statement):
        for metric in metrics_of(mask):
            counts[metric, Priority(priority)] += count
    for (metric, priority), count in counts.items():
        gauge.labels(metric=metric, priority=priority).set(count)
