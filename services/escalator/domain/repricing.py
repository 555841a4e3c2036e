"""A running promise gets another target (semantics P1 `carry`, P2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from shared.calendar import ALWAYS
from shared.contracts.vocabulary import JumpCause, RepriceCause

from .facts import Terms
from .sla import (
    Calendars,
    Change,
    Clock,
    calendar_of,
    consumed_by,
    cross,
    deadline,
    step_of,
    stopped,
)
from .steps import BREACH, StepKind


def reprice(
    clock: Clock,
    at: datetime,
    *,
    budget: timedelta,
    terms: Terms,
    cause: RepriceCause,
    calendars: Calendars,
) -> Change:
    """Give a running promise another target; what is consumed stays (semantics P1 `carry`, P2).

    A clock that has breached keeps the promise it broke (P3).
    """
    same = (clock.budget, clock.calendar) == (budget, terms.calendar)
    if same or clock.breached_at:
        return clock, []
    consumed = consumed_by(clock, at, calendars)
    moved = replace(
        clock if clock.running_since is None else stopped(clock, at, calendars),
        budget=budget,
        calendar=terms.calendar,
        policy_id=terms.policy_id,
        digest=terms.digest,
        epoch=clock.epoch + 1,
        running_since=at if clock.running_since else None,
    )
    told = step_of(moved, StepKind.REPRICED, at, calendars, repriced_by=cause)
    limit = calendars.get(terms.calendar, ALWAYS).add(at, budget - consumed)
    moved, crossed = _jump(moved, consumed, at, calendars)
    return moved, [replace(told, previous_budget=clock.budget, deadline=limit), *crossed]


def _jump(clock: Clock, consumed: timedelta, at: datetime, calendars: Calendars) -> Change:
    """Announce only the highest threshold that the new target jumped over, at this instant (P2)."""
    jumped = [
        p
        for p in clock.thresholds
        if clock.crossed < p <= BREACH and consumed * 100 >= clock.budget * p
    ]
    if not jumped:
        return clock, []
    clock, step = cross(clock, jumped[-1], at, calendars)
    limit = at if jumped[-1] == BREACH else deadline(clock, calendars)
    remaining = calendar_of(clock, calendars).add(at, clock.budget - consumed)
    step = replace(step, jump=JumpCause.REPRICED, skipped=tuple(jumped[:-1]))
    return clock, [replace(step, deadline=limit or remaining)]
