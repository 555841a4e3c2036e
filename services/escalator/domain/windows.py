"""How long people have to acknowledge, and how long an acknowledgement holds (semantics L4, L5)."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.policy import WorkflowPolicy

from . import sla
from .case import Case

_MILLISECOND = timedelta(milliseconds=1)


def left_of_nearest(case: Case, now: datetime, policy: WorkflowPolicy) -> timedelta | None:
    """What is left of the unbreached clock that ends first; None when every one has breached."""
    unbreached = [clock for clock in case.timeline.unfinished if not clock.breached_at]
    left = []
    for clock in unbreached:
        ends = sla.deadline(clock, policy.calendars)
        left.append(clock.budget - clock.consumed if ends is None else ends - now)
    return max(min(left), timedelta(0)) if left else None


def acknowledge_by(
    case: Case, level: str, now: datetime, policy: WorkflowPolicy, *, repeat: int = 0
) -> datetime | None:
    """Until when `level` may acknowledge what it is told `now`; None when nobody there need.

    The `repeat`-th page of the last level doubles the gap so often, up to a limit.
    """
    rules = policy.escalation
    configured = rules.acknowledge_within(level)
    if configured is None:
        return None
    left = left_of_nearest(case, now, policy)
    window = configured
    if left is not None:
        window = max(min(configured, _share(left, rules.window_share)), rules.window_floor)
    if repeat:
        window = min(window * 2**repeat, rules.repeat_limit)
    return now + window


def holds_until(case: Case, at: datetime, policy: WorkflowPolicy) -> datetime:
    """Until when an acknowledgement or a progress fact of `at` holds."""
    holds = policy.escalation.holds
    left = left_of_nearest(case, at, policy)
    if left is None:
        return at + holds.limit
    return at + max(min(holds.limit, _share(left, holds.share)), holds.floor)


def _share(left: timedelta, share: float) -> timedelta:
    return left * share // _MILLISECOND * _MILLISECOND
