"""Bodies of requests and answers. Durations are in seconds; unknown fields are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.escalator.domain import fold, sla
from services.escalator.domain.case import Case
from services.escalator.domain.decide import next_due
from services.escalator.domain.sla import Clock
from services.escalator.handoff_models import HandoffBody
from services.escalator.store import EscalationRow
from shared.contracts.vocabulary import Metric, Priority
from shared.policy import WorkflowPolicy

#: A name that programs use.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@-]{1,64}$")]

#: A reason that people read: up to a few lines.
Reason = Annotated[str, StringConstraints(pattern=r"^[^\x00]{1,500}$", strip_whitespace=True)]

Status = Literal["open", "acknowledged", "resolved"]


class Body(BaseModel):
    """What a caller sends."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RequestBody(Body):
    """Raise a ticket: `reason` is one of the workflow's manual reasons; a level replaces its target.

    What was tried and the next steps are said in `handoff`, unless they are in the document already.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "outside_knowledge",
                    "handoff": {
                        "tried": ["Reset the session keys: no change."],
                        "next_steps": ["Look at the identity provider's log."],
                    },
                }
            ]
        }
    )

    reason: Name
    to_level: Name | None = None
    handoff: HandoffBody | None = None


class ResolutionBody(Body):
    """End an escalation: why."""

    reason: Reason


class EscalationView(BaseModel):
    """An escalation as it is."""

    escalation_id: UUID
    ticket_id: UUID
    status: str
    level: str
    reason: str
    raised_at: datetime
    acknowledge_by: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    outcome: str | None

    @classmethod
    def of(cls, row: EscalationRow) -> EscalationView:
        """The view of `row`."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class EscalationsView(BaseModel):
    """A page of escalations, oldest first; `next` is the cursor of the following page."""

    escalations: list[EscalationView]
    next: str | None


class SegmentView(BaseModel):
    """A stretch in which the clock ran; `end` is missing while it runs."""

    start: datetime
    end: datetime | None


class ClockView(BaseModel):
    """One clock: what was promised, how much of it is used, and when it ends."""

    metric: Metric
    cycle: int
    state: str
    policy_id: str
    workflow_digest: str
    calendar: str
    target_seconds: float
    consumed_seconds: float
    used_percent: float
    started_at: datetime
    ended_at: datetime | None
    deadline: datetime | None
    next_due_at: datetime | None
    segments: list[SegmentView]

    @classmethod
    def of(cls, clock: Clock, now: datetime, policy: WorkflowPolicy) -> ClockView:
        """The view of `clock` at `now`."""
        consumed = sla.consumed_by(clock, now, policy.calendars)
        segments = [SegmentView(start=s.start, end=s.end) for s in clock.segments]
        if clock.running_since is not None:
            segments.append(SegmentView(start=clock.running_since, end=None))
        return cls(
            metric=clock.metric,
            cycle=clock.cycle,
            state=clock.state,
            policy_id=clock.policy_id,
            workflow_digest=clock.digest,
            calendar=clock.calendar,
            target_seconds=clock.budget.total_seconds(),
            consumed_seconds=consumed.total_seconds(),
            used_percent=round(consumed / clock.budget * 100, 1),
            started_at=clock.started_at,
            ended_at=clock.ended_at,
            deadline=sla.deadline(clock, policy.calendars),
            next_due_at=sla.next_due(clock, policy.calendars),
            segments=segments,
        )


class ClocksView(BaseModel):
    """Where a ticket stands: its clocks, its level, its pauses, and when something falls due.

    `pause_refused`: it waits for the customer, but nobody has asked them anything (semantics Z2).
    """

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
    clocks: list[ClockView]

    @classmethod
    def of(cls, case: Case, now: datetime, policy: WorkflowPolicy) -> ClocksView:
        """The view of `case` at `now`; thresholds the timer has not come to yet count as passed."""
        timeline, _ = fold.pass_time(case.timeline, now, policy)
        clocks = [ClockView.of(clock, now, policy) for clock in timeline.clocks]
        counting = [clock.used_percent for clock in clocks if clock.ended_at is None]
        return cls(
            ticket_id=case.ticket_id,
            status=timeline.status,
            priority=timeline.priority,
            tier=timeline.tier,
            level=case.level,
            waiting_for=sorted(timeline.waiting),
            pause_refused=timeline.waiting - timeline.real_reasons != frozenset(),
            risk_percent=max(counting, default=None),
            next_due_at=next_due(case, policy),
            as_of=now,
            clocks=clocks,
        )
