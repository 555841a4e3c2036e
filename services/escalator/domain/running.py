"""Which of a ticket's promises run and which are overdue, as numbers that SQL can count (semantics K1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shared.contracts.vocabulary import Metric

from .timeline import Timeline

#: A bit a metric. Rows keep them: a bit is never given to another metric.
_BITS: Final = {
    Metric.FIRST_RESPONSE: 1,
    Metric.NEXT_RESPONSE: 2,
    Metric.RESOLUTION: 4,
    Metric.PERIODIC_UPDATE: 8,
    Metric.LEVEL_ACCEPT: 16,
    Metric.LEVEL_WORK: 32,
}


def running(timeline: Timeline) -> int:
    """The metrics whose time counts and whose deadline has not passed."""
    return _mask(clock.metric for clock in timeline.clocks if clock.state == "running")


def overdue(timeline: Timeline) -> int:
    """The metrics whose deadline has passed and that nobody has kept yet; waiting ones are not among them."""
    return _mask(clock.metric for clock in timeline.clocks if clock.state == "breached_running")


def metrics_of(mask: int) -> tuple[Metric, ...]:
    """The metrics that `running` or `overdue` told of."""
    return tuple(metric for metric, bit in _BITS.items() if mask & bit)


def _mask(metrics: Iterable[Metric]) -> int:
    return sum(_BITS[metric] for metric in set(metrics))
