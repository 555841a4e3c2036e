"""The order in which waiting tickets are served (semantics G2).

Priority class, the rank the workflow gives the queue, slack, age, id. Slack is counted for all at the
same `now`, so its order is that of the instants at which work has to begin: deadline minus effort.
Ageing lifts a ticket one class for every first-response budget it has waited; that moment is known in
advance, too (`next_climb`), so that the stored line is renewed only when it changes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from shared.contracts.vocabulary import Complexity, Metric
from shared.policy import WorkflowPolicy

from .work import WorkItem, WorkStatus

#: When a ticket without a running clock has to be begun.
NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Position(NamedTuple):
    """A ticket's place in the line; the smallest is served first."""

    priority_class: int
    rank: int
    begin_by: datetime
    opened_at: datetime
    ticket_id: UUID


def position(item: WorkItem, policy: WorkflowPolicy, now: datetime) -> Position:
    """Where the waiting ticket stands at `now`."""
    assert item.place is not None
    assert item.opened_at is not None
    return Position(
        priority_class(item, policy, now),
        item.place.rank,
        begin_by(item, policy),
        item.opened_at,
        item.ticket_id,
    )


def priority_class(item: WorkItem, policy: WorkflowPolicy, now: datetime) -> int:
    """0 for critical. One better once boosted (G12), and one for each budget waited, never below 0."""
    if item.opened is None:
        return 0
    lifted = item.opened.priority.rank - int(item.boosted)
    return max(0, lifted - _climbs(item, policy, now))


def begin_by(item: WorkItem, policy: WorkflowPolicy) -> datetime:
    """When work has to begin for the most pressing deadline to be kept; NEVER without a running clock."""
    if item.opened is None:
        return NEVER
    effort, complexity = policy.routing.assigning.effort, item.opened.complexity
    return min(
        (
            at - (effort.resolution[Complexity(complexity)] if _solves(metric) else effort.response)
            for metric, at in item.deadlines.items()
        ),
        default=NEVER,
    )


def slack(item: WorkItem, policy: WorkflowPolicy, now: datetime) -> timedelta | None:
    """How long the ticket can still wait; negative when it is too late already, None without clocks."""
    begin = begin_by(item, policy)
    return None if begin is NEVER else begin - now


def next_climb(item: WorkItem, policy: WorkflowPolicy, now: datetime) -> datetime | None:
    """When waiting lifts the ticket by a class again; None at the top or when it does not wait."""
    if item.status is not WorkStatus.WAITING or item.waiting_since is None:
        return None
    if priority_class(item, policy, now) == 0:
        return None
    return item.waiting_since + (_climbs(item, policy, now) + 1) * _budget(item, policy)


def _climbs(item: WorkItem, policy: WorkflowPolicy, now: datetime) -> int:
    if item.waiting_since is None:
        return 0
    return max(0, (now - item.waiting_since) // _budget(item, policy))


def _budget(item: WorkItem, policy: WorkflowPolicy) -> timedelta:
    assert item.opened is not None
    return policy.sla.targets(item.opened.priority, item.opened.customer.tier).first_response


def _solves(metric: str) -> bool:
    return metric == Metric.RESOLUTION.value
