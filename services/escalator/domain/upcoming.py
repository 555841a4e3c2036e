"""What will happen to a ticket if nobody does anything: every instant that is known today, by name.

The earliest one is that of `decide.next_due`; here stands what it is (semantics K2, L4, T3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.contracts import EscalationAdvanced, EscalationRaised
from shared.contracts.vocabulary import Metric
from shared.policy import WorkflowPolicy

from . import ladder, sla, triggers, waiting
from .case import Case, is_held, kept_until
from .escalation import Standing
from .items import Noted, Said
from .paging import When
from .sla import Clock
from .steps import BREACH, Step, StepKind


class Coming(StrEnum):
    """What kind of thing will happen."""

    WARNING = "warning"
    BREACH = "breach"
    REMINDER = "reminder"
    UNACKNOWLEDGED = "unacknowledged"
    LAPSES = "acknowledgement_lapses"
    REVIEWED = "courtesy_lapses"
    REMINDED = "customer_reminded"
    SOLVED = "solved_for_silence"
    LET_GO = "facts_let_go"


@dataclass(frozen=True, slots=True)
class Upcoming:
    """One thing that will happen at `at`. `metric`, `cycle`, `threshold`: of a clock. `level` has the
    ticket now and `to_level` will, the same one if it is paged again; `reason` is that of the ladder;
    `by` has answered, and holds the ladder back until then.
    """

    at: datetime
    kind: Coming
    metric: Metric | None = None
    cycle: int | None = None
    threshold: int | None = None
    level: str | None = None
    to_level: str | None = None
    reason: str | None = None
    by: str | None = None


def upcoming(case: Case, policy: WorkflowPolicy) -> tuple[Upcoming, ...]:
    """Everything that will happen, in order. What stands while a clock is paused is not among it."""
    known = [
        *_held(case, policy),
        *_of_clocks(case, policy),
        *_of_ladder(case, policy),
        *_of_waiting(case, policy),
    ]
    if (until := kept_until(case)) is not None:
        known.append(Upcoming(until, Coming.LET_GO))
    return tuple(sorted(known, key=lambda one: one.at))


def _of_waiting(case: Case, policy: WorkflowPolicy) -> Iterator[Upcoming]:
    for due in waiting.to_come(case, policy):
        yield Upcoming(due.at, Coming.SOLVED if due.last else Coming.REMINDED)


def _held(case: Case, policy: WorkflowPolicy) -> Iterator[Upcoming]:
    """What is due already, and waits until it is certain; a breach for its grace, too (semantics T6)."""
    for step in case.pending:
        if is_held(step, case.as_of, policy) and step.kind is StepKind.CANCELLED:
            yield Upcoming(step.at, Coming.REVIEWED, step.metric, step.cycle)
        elif is_held(step, case.as_of, policy):
            wait = policy.sla.grace if step.kind is StepKind.BREACHED else timedelta(0)
            yield _of_step(case, step, step.at + wait, policy)


def _of_clocks(case: Case, policy: WorkflowPolicy) -> Iterator[Upcoming]:
    for clock in case.timeline.unfinished:
        if clock.soft and (ends := sla.next_due(clock, policy.calendars)):
            yield Upcoming(ends, Coming.REVIEWED, clock.metric, clock.cycle)
        for percent in clock.thresholds:
            at = sla.due(clock, percent, policy.calendars)
            if percent > clock.crossed and at is not None:
                yield _of_step(case, _step(clock, percent, at), at, policy)


def _step(clock: Clock, percent: int, at: datetime) -> Step:
    """What the clock will say at `at`."""
    kind = StepKind.BREACHED if percent == BREACH else StepKind.WARNING
    used = clock.budget * percent / 100
    return Step(
        kind=kind,
        metric=clock.metric,
        cycle=clock.cycle,
        at=at,
        consumed=used,
        budget=clock.budget,
        threshold=percent,
        level=clock.level,
    )


def _of_step(case: Case, step: Step, at: datetime, policy: WorkflowPolicy) -> Upcoming:
    kind = Coming.BREACH
    if step.kind is not StepKind.BREACHED:
        kind = Coming.WARNING if step.threshold < BREACH else Coming.REMINDER
    return Upcoming(
        at=at,
        kind=kind,
        metric=step.metric,
        cycle=step.cycle,
        threshold=step.threshold,
        level=case.level,
        to_level=_raises_to(case, step, policy),
    )


def _raises_to(case: Case, step: Step, policy: WorkflowPolicy) -> str | None:
    """The level to which the ladder would answer that step as things stand, if it would."""
    shown = triggers.by_level if step.metric.of_level else triggers.by_step
    firings = shown(case, step, policy)
    said = ladder.answer(case, firings, When(step.at, step.at), policy)
    return next((level for level, _ in _moves(said)), None)


def _moves(said: Sequence[Said | Noted]) -> Iterator[tuple[str, str]]:
    """The levels that the ladder goes to, and why."""
    for one in said:
        match one:
            case Said(payload=EscalationRaised() as raised):
                yield raised.level, raised.reason
            case Said(payload=EscalationAdvanced() as moved):
                yield moved.to_level, moved.reason


def _of_ladder(case: Case, policy: WorkflowPolicy) -> Iterator[Upcoming]:
    escalation = case.open_escalation
    if escalation is None or (at := escalation.due_at) is None:
        return
    unanswered = escalation.status is Standing.OPEN
    for level, reason in _moves(ladder.fall_due(case, at, at, policy)):
        yield Upcoming(
            at=at,
            kind=Coming.UNACKNOWLEDGED if unanswered else Coming.LAPSES,
            level=escalation.level,
            to_level=level,
            reason=reason,
            by=None if unanswered else escalation.acknowledged_by,
        )
