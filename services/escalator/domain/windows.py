"""How long people have to acknowledge, and how long an acknowledgement holds (semantics L4, L5).

Both go by the ladder as it was when the escalation was raised (L3).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.policy import WorkflowPolicy

from . import sla
from .case import Case
from .rungs import Ladder, ladder_of

_MILLISECOND = timedelta(milliseconds=1)


def ladder_for(case: Case, policy: WorkflowPolicy) -> Ladder:
    """The ladder the open escalation was raised with; without one, that of the workflow in force."""
    escalation = case.open_escalation
    return (escalation.ladder if escalation else None) or ladder_of(policy)


def left_of_nearest(case: Case, now: datetime, policy: WorkflowPolicy) -> timedelta | None:
    """What is left of the unbreached promise to the customer that ends first; None when every one has
    been broken.
    """
    unbreached = [
        clock
        for clock in case.timeline.unfinished
        if not clock.breached_at and not clock.metric.of_level
    ]
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
    ladder = ladder_for(case, policy)
    window = ladder.window(level)
    if window is None:
        return None
    left = left_of_nearest(case, now, policy)
    if left is not None:
        window = max(min(window, _share(left, ladder.window_share)), ladder.window_floor)
    if repeat:
        window = min(window * 2**repeat, ladder.repeat_limit)
    return now + window


def holds_until(case: Case, at: datetime, policy: WorkflowPolicy) -> datetime:
    """Until when an acknowledgement or a progress fact of `at` holds."""
    ladder = ladder_for(case, policy)
    left = left_of_nearest(case, at, policy)
    if left is None:
        return at + ladder.hold_limit
    return at + max(min(ladder.hold_limit, _share(left, ladder.hold_share)), ladder.hold_floor)


def _share(left: timedelta, share: float) -> timedelta:
    return left * share // _MILLISECOND * _MILLISECOND
