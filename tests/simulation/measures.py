"""What the course of a desk says about who gave out the tickets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import mean, quantiles

from shared.calendar import Calendar
from shared.contracts.vocabulary import Metric

from .desk import Model, Outcome

FIRST_RESPONSE = Metric.FIRST_RESPONSE.value
RESOLUTION = Metric.RESOLUTION.value


@dataclass(frozen=True, slots=True)
class Quality:
    """Of one run: shares of the tickets that were late, waits for a first response in minutes of opening
    hours, how unevenly the work fell (0: evenly), and how much of the people it took.
    """

    tickets: int
    late_response: float
    late_resolution: float
    late: float
    critical_late: float
    mean_wait: float
    p95_wait: float
    gini: float
    utilisation: float


def quality(
    outcomes: Iterable[Outcome],
    *,
    since: datetime,
    weeks: int,
    agents: Sequence[str],
    model: Model,
    hours: Calendar,
) -> Quality:
    """Judge the tickets that came from `since` on, which is `weeks` weeks before the last came."""
    judged = [one for one in outcomes if _opened(one) >= since]
    waits = [hours.between(_opened(one), one.started_at) / timedelta(minutes=1) for one in judged]
    critical = [one for one in judged if _is_critical(one)]
    work = dict.fromkeys(agents, timedelta())
    for one in judged:
        work[one.agent_id] += model.effort(one.case.item.weight, one.case.handling)
    return Quality(
        tickets=len(judged),
        late_response=mean(map(_late_response, judged)),
        late_resolution=mean(map(_late_resolution, judged)),
        late=mean(map(_late, judged)),
        critical_late=mean(map(_late, critical)),
        mean_wait=mean(waits),
        p95_wait=quantiles(waits, n=20)[-1],
        gini=gini([spent / timedelta(hours=1) for spent in work.values()]),
        utilisation=sum(work.values(), timedelta()) / model.capacity(len(agents), weeks),
    )


def gini(values: Iterable[float]) -> float:
    """The Gini coefficient: 0 when all have the same, towards 1 when one has everything."""
    ranked = sorted(values)
    count, total = len(ranked), sum(ranked)
    if not total:
        return 0.0
    return sum((2 * rank - count - 1) * one for rank, one in enumerate(ranked, 1)) / (count * total)


def ratio(ours: float, theirs: float, tickets: int) -> float:
    """Our share over theirs; who was never late counts as once, so that there always is one."""
    return ours / max(theirs, 1 / tickets)


def _opened(one: Outcome) -> datetime:
    assert one.case.item.opened_at is not None
    return one.case.item.opened_at


def _is_critical(one: Outcome) -> bool:
    opened = one.case.item.opened
    return opened is not None and opened.priority.rank == 0


def _late_response(one: Outcome) -> bool:
    return one.started_at > one.case.item.deadlines[FIRST_RESPONSE]


def _late_resolution(one: Outcome) -> bool:
    return one.ended_at > one.case.item.deadlines[RESOLUTION]


def _late(one: Outcome) -> bool:
    return _late_response(one) or _late_resolution(one)
