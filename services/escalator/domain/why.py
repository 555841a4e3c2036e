"""Why a ticket's clocks stand where they stand, and what comes next: everything, as values.

Derived again from what is kept, so that it cannot say anything but what happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.calendar import Calendar
from shared.calendar_history import CalendarHistory, CalendarVersion
from shared.policy import WorkflowPolicy

from .case import KEPT_AFTER_CLOSING, Case
from .chronicle import Moment, moments
from .formula import formula
from .milestones import Repriced, Threshold, repricings, thresholds
from .sla import Clock, calendar_of, consumed_by, deadline
from .stretches import Ran, Refused, Stood, ran, refusals, refused_of, stood
from .timeline import Phase, Timeline
from .upcoming import Upcoming, upcoming


@dataclass(frozen=True, slots=True)
class ClockWhy:
    """A clock with all that made it what it is. `versions` of its calendar count between its start and its
    end or deadline; none are known of a calendar that was never changed. `risk`: None once it has ended.
    """

    clock: Clock
    zone: str
    versions: tuple[CalendarVersion, ...]
    used: timedelta
    risk: float | None
    carried: timedelta
    ran: tuple[Ran, ...]
    stood: tuple[Stood, ...]
    refused: tuple[Refused, ...]
    repricings: tuple[Repriced, ...]
    thresholds: tuple[Threshold, ...]
    formula: str


@dataclass(frozen=True, slots=True)
class Why:
    """A ticket with all of its clocks. `risk` is that of the customer-facing ones (semantics K9); `let_go`
    is the instant at which the facts were given up, so that reasons before it are not known any more.
    """

    timeline: Timeline
    clocks: tuple[ClockWhy, ...]
    risk: float | None
    upcoming: tuple[Upcoming, ...]
    let_go: datetime | None


def explain(case: Case, now: datetime, policy: WorkflowPolicy) -> Why:
    """Why everything is as it is at `now`; thresholds the timer has not come to yet count as passed."""
    told = moments(case, now, policy)
    timeline = told[-1].after
    refused = refusals(told)
    clocks = tuple(_clock(clock, told, refused, now, policy) for clock in timeline.clocks)
    return Why(
        timeline=timeline,
        clocks=clocks,
        risk=risk_of(clocks),
        upcoming=upcoming(case, policy),
        let_go=let_go(case),
    )


def let_go(case: Case) -> datetime | None:
    """When the facts that the present ones go on from were given up (semantics T3)."""
    if case.base.phase is Phase.UNOPENED or case.base.closed_at is None:
        return None
    return case.base.closed_at + KEPT_AFTER_CLOSING


def risk_of(clocks: Iterable[ClockWhy]) -> float | None:
    """The breach risk of the ticket, in percent: the largest over the unfinished clocks that promise
    something to a customer, not capped; None without one (semantics K9).
    """
    risks = (one.risk for one in clocks if not one.clock.metric.of_level)
    return max((risk for risk in risks if risk is not None), default=None)


def risk(clock: Clock, now: datetime, policy: WorkflowPolicy) -> float | None:
    """The breach risk of a clock in percent: what is used of its budget. It stands still with the clock,
    and goes beyond 100 when overdue; None once the clock has ended (semantics K9), or if it is soft (R2).
    """
    if clock.finished or clock.soft:
        return None
    return consumed_by(clock, now, policy.calendars) / clock.budget * 100


def _clock(
    clock: Clock,
    told: list[Moment],
    refused: list[Refused],
    now: datetime,
    policy: WorkflowPolicy,
) -> ClockWhy:
    calendar = calendar_of(clock, policy.calendars)
    stretches = ran(told, clock, now, policy.calendars)
    return ClockWhy(
        clock=clock,
        zone=calendar.zone,
        versions=_versions(clock, calendar, now, policy),
        used=consumed_by(clock, now, policy.calendars),
        risk=risk(clock, now, policy),
        carried=stretches[0].before if stretches else clock.consumed,
        ran=tuple(one for one in stretches if one.start != one.end),
        stood=tuple(stood(told, stretches, clock)),
        refused=tuple(refused_of(clock, refused)),
        repricings=tuple(repricings(told, clock, policy.calendars)),
        thresholds=tuple(thresholds(told, clock, policy.calendars)),
        formula=formula(clock, now, policy.calendars),
    )


def _versions(
    clock: Clock, calendar: Calendar, now: datetime, policy: WorkflowPolicy
) -> tuple[CalendarVersion, ...]:
    """The version it began with, and those that came, or will come, on its way (semantics C4)."""
    if not isinstance(calendar, CalendarHistory):
        return ()
    until = clock.ended_at or deadline(clock, policy.calendars) or now
    first = calendar.in_force(clock.started_at)
    began = clock.started_at
    later = (one for one in calendar.versions if began < one.effective_from <= max(until, now))
    return (first, *(one for one in later if one is not first))
