"""A running promise gets another target (semantics P1 `carry`, P2, M2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from shared.calendar import ALWAYS
from shared.contracts.vocabulary import JumpCause, RepriceCause

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
from .terms import Terms


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
    calendar = terms.calendar_of(clock.metric)
    same = (clock.budget, clock.calendar) == (budget, calendar)
    if same or clock.breached_at:
        return clock, []
    return adopt(
        clock,
        at,
        budget=budget,
        consumed=consumed_by(clock, at, calendars),
        calendar=calendar,
        policy_id=terms.policy_id,
        digest=terms.digest,
        cause=cause,
        jump=JumpCause.REPRICED,
        calendars=calendars,
    )


def adopt(
    clock: Clock,
    at: datetime,
    *,
    budget: timedelta,
    consumed: timedelta,
    calendar: str,
    policy_id: str,
    digest: str,
    cause: RepriceCause,
    jump: JumpCause,
    calendars: Calendars,
    silently: bool = False,
) -> Change:
    """Go on at `at` towards `budget` with `consumed` of it used. `silently`: only what that jumps over
    is said.
    """
    moved = replace(
        stopped(clock, at, calendars),
        budget=budget,
        consumed=consumed,
        calendar=calendar,
        policy_id=policy_id,
        digest=digest,
        epoch=clock.epoch + (not silently),
        running_since=at if clock.running_since else None,
    )
    told = step_of(moved, StepKind.REPRICED, at, calendars, repriced_by=cause)
    limit = calendars.get(calendar, ALWAYS).add(at, budget - consumed)
    moved, crossed = _jump(moved, consumed, at, jump, calendars)
    if silently:
        return moved, crossed
    return moved, [replace(told, previous_budget=clock.budget, deadline=limit), *crossed]


def _jump(
    clock: Clock, consumed: timedelta, at: datetime, cause: JumpCause, calendars: Calendars
) -> Change:
    """Announce only the highest threshold that the new target jumped over, at this instant (P2)."""
    reached = [
        p for p in clock.thresholds if clock.crossed < p and consumed * 100 >= clock.budget * p
    ]
    jumped = [p for p in reached if p <= BREACH]
    if not jumped:
        return clock, []
    clock, step = cross(clock, jumped[-1], at, calendars)
    clock = replace(clock, crossed=reached[-1])
    limit = at if jumped[-1] == BREACH else deadline(clock, calendars)
    remaining = calendar_of(clock, calendars).add(at, clock.budget - consumed)
    step = replace(step, jump=cause, skipped=tuple(jumped[:-1]))
    return clock, [replace(step, deadline=limit or remaining)]
