"""The gauge over the backlog: tickets that nobody has settled, by status, priority and age."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import product
from typing import Final

from services.intake.domain.transitions import SETTLED
from services.intake.metrics import IntakeMetrics
from services.intake.tables import UNSETTLED
from shared.clock import Clock
from shared.contracts.vocabulary import Priority, Status
from shared.db.engine import Transaction, fetch

#: Classes of age: the name, and what is younger belongs to it.
AGES: Final = (
    ("under_1h", timedelta(hours=1)),
    ("1h_to_4h", timedelta(hours=4)),
    ("4h_to_1d", timedelta(days=1)),
    ("1d_to_3d", timedelta(days=3)),
    ("3d_to_7d", timedelta(days=7)),
)
OLDEST: Final = "over_7d"

#: Tickets that are not settled, by the class of their age: a number from 0. One index has all of it.
OPEN: Final = f"""
SELECT status, priority, width_bucket($1::timestamptz - opened_at, $2::interval[]), count(*) FROM ticket
WHERE {UNSETTLED} GROUP BY 1, 2, 3
"""

_UNSETTLED: Final = [status for status in Status if status not in SETTLED]
_NAMES: Final = [name for name, _ in AGES] + [OLDEST]


class Gauges:
    """Counts what is open now."""

    def __init__(self, metrics: IntakeMetrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock

    async def read(self, tx: Transaction) -> None:
        """Set it from the table."""
        now: datetime = self._clock.now()
        rows = await fetch(tx, OPEN, (now, [limit for _, limit in AGES]))
        counts = Counter(
            {(status, priority, _NAMES[n]): count for status, priority, n, count in rows}
        )
        for status, priority, age in product(_UNSETTLED, Priority, _NAMES):
            series = self._metrics.tickets_open.labels(status=status, priority=priority, age=age)
            series.set(counts[status, priority, age])
