"""The answer to *why*: a ticket's clocks with every segment, pause, price and threshold, and what comes next.

Durations are in seconds, instants in UTC.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.escalator.domain import sla
from services.escalator.domain.case import Case
from services.escalator.domain.upcoming import Coming, Upcoming
from services.escalator.domain.why import ClockWhy, explain
from shared.contracts.vocabulary import Metric, PauseReason, Priority
from shared.policy import WorkflowPolicy

from .clocks_example import CLOCKS
from .history_view import (
    PauseView,
    RefusedPauseView,
    RepricingView,
    SegmentView,
    ThresholdView,
)


class CalendarVersionView(BaseModel):
    """A version of the calendar; `number` is that of the workflow it came with (semantics C4)."""

    number: int
    effective_from: datetime


class ClockView(BaseModel):
    """One clock: what was promised, how much of it is used, when it ends, and how all that came about.

    `risk_percent` is what is used of the target, not capped, missing once the clock has ended (semantics
    K9). `calendar_versions` are those on the clock's way, none for a calendar without. `carried_seconds` is the
    time used that it began with. `level`: whose people a level clock binds.
    """

    metric: Metric
    cycle: int
    level: str | None
    customer_facing: bool
    state: str
    policy_id: str
    workflow_digest: str
    calendar: str
    calendar_zone: str
    calendar_versions: list[CalendarVersionView]
    epoch: int
    target_seconds: float
    consumed_seconds: float
    carried_seconds: float
    used_percent: float
    risk_percent: float | None
    started_at: datetime
    ended_at: datetime | None
    deadline: datetime | None
    next_due_at: datetime | None
    formula: str
    pauses_for: list[PauseReason]
    segments: list[SegmentView]
    pauses: list[PauseView]
    refused_pauses: list[RefusedPauseView]
    repricings: list[RepricingView]
    thresholds: list[ThresholdView]

    @classmethod
    def of(cls, one: ClockWhy, policy: WorkflowPolicy) -> ClockView:
        """The view of `one`."""
        clock = one.clock
        return cls(
            metric=clock.metric,
            cycle=clock.cycle,
            level=clock.level,
            customer_facing=not clock.metric.of_level,
            state=clock.state,
            policy_id=clock.policy_id,
            workflow_digest=clock.digest,
            calendar=clock.calendar,
            calendar_zone=one.zone,
            calendar_versions=[
                CalendarVersionView(number=each.number, effective_from=each.effective_from)
                for each in one.versions
            ],
            epoch=clock.epoch,
            target_seconds=clock.budget.total_seconds(),
            consumed_seconds=one.used.total_seconds(),
            carried_seconds=one.carried.total_seconds(),
            used_percent=round(one.used / clock.budget * 100, 1),
            risk_percent=_percent(one.risk),
            started_at=clock.started_at,
            ended_at=clock.ended_at,
            deadline=sla.deadline(clock, policy.calendars),
            next_due_at=sla.next_due(clock, policy.calendars),
            formula=one.formula,
            pauses_for=list(clock.pausing),
            segments=[SegmentView.of(each) for each in one.ran],
            pauses=[PauseView.of(each) for each in one.stood],
            refused_pauses=[RefusedPauseView.of(each) for each in one.refused],
            repricings=[RepricingView.of(each) for each in one.repricings],
            thresholds=[ThresholdView.of(each) for each in one.thresholds],
        )


class UpcomingView(BaseModel):
    """Something that will happen at `at` if nothing else does.

    A clock reaches a `threshold` (`warning`, `breach`, `reminder`); `level` has not acknowledged
    (`unacknowledged`), or its acknowledgement runs out (`acknowledgement_lapses`); a mere thanks need no more
    be looked at (`courtesy_lapses`); a customer who does not write is reminded (`customer_reminded`), and at last
    the ticket is solved (`solved_for_silence`); the facts of a closed ticket are let go (`facts_let_go`). `to_level` has the ticket then, or is paged again; `reason` is
    what the ladder says of that (`unacknowledged`, `repeated`, `exhausted` and so on); `by` has answered.
    """

    at: datetime
    kind: Coming
    metric: Metric | None
    cycle: int | None
    threshold: int | None
    level: str | None
    to_level: str | None
    reason: str | None
    by: str | None = None

    @classmethod
    def of(cls, one: Upcoming) -> UpcomingView:
        """The view of `one`."""
        return cls(
            at=one.at,
            kind=one.kind,
            metric=one.metric,
            cycle=one.cycle,
            threshold=one.threshold,
            level=one.level,
            to_level=one.to_level,
            reason=one.reason,
            by=one.by,
        )


class ClocksView(BaseModel):
    """Where a ticket stands and why: its clocks, its level, its pauses, and what comes next, in order.

    `pause_refused`: it waits for the customer, but nobody has asked them anything (semantics Z2).
    `risk_percent` is the largest over the unfinished clocks that promise something to the customer (K9).
    `facts_let_go_at`: what happened before that instant is not known any more, only what came of it (T3).
    """

    model_config = ConfigDict(json_schema_extra={"examples": [CLOCKS]})

    ticket_id: UUID
    status: str
    priority: Priority
    tier: str
    level: str
    waiting_for: list[str]
    pause_refused: bool
    risk_percent: float | None
    next_due_at: datetime | None
    as_of: datetime
    workflow_digest: str
    facts_let_go_at: datetime | None
    clocks: list[ClockView]
    upcoming: list[UpcomingView]

    @classmethod
    def of(cls, case: Case, now: datetime, policy: WorkflowPolicy) -> ClocksView:
        """The view of `case` at `now`; thresholds the timer has not come to yet count as passed."""
        why = explain(case, now, policy)
        timeline = why.timeline
        return cls(
            ticket_id=case.ticket_id,
            status=timeline.status,
            priority=timeline.priority,
            tier=timeline.tier,
            level=case.level,
            waiting_for=sorted(timeline.waiting),
            pause_refused=timeline.waiting - timeline.real_reasons != frozenset(),
            risk_percent=_percent(why.risk),
            next_due_at=next((one.at for one in why.upcoming), None),
            as_of=now,
            workflow_digest=policy.digest,
            facts_let_go_at=why.let_go,
            clocks=[ClockView.of(one, policy) for one in why.clocks],
            upcoming=[UpcomingView.of(one) for one in why.upcoming],
        )


def _percent(risk: float | None) -> float | None:
    return None if risk is None else round(risk, 1)
