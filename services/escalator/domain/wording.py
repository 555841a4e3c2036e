"""A step of a clock's history as the event that tells of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from shared.contracts import (
    ClockPayload,
    SlaBreached,
    SlaCancelled,
    SlaClosedLate,
    SlaMet,
    SlaPaused,
    SlaRepriced,
    SlaResumed,
    SlaStarted,
    SlaWarning,
)

from .steps import Step, StepKind

_NOTHING = timedelta(0)


def seconds(duration: timedelta) -> int:
    """Whole seconds, rounded down, never negative (semantics T8)."""
    return max(duration, _NOTHING) // timedelta(seconds=1)


def lateness_ms(nominal: datetime, now: datetime) -> int:
    """How much later than its instant something is written (semantics T10)."""
    return max(now - nominal, _NOTHING) // timedelta(milliseconds=1)


def payload_of(step: Step, ticket_id: UUID, *, now: datetime, provisional: bool) -> ClockPayload:
    """The event's data. `provisional` matters to a breach only (ruling 1)."""
    match step.kind:
        case StepKind.STARTED:
            return _started(step, ticket_id)
        case StepKind.WARNING:
            return _warning(step, ticket_id, now)
        case StepKind.BREACHED:
            return _breached(step, ticket_id, now, provisional=provisional)
        case StepKind.REPRICED:
            return _repriced(step, ticket_id)
    return _stood_or_ended(step, ticket_id)


def _stood_or_ended(step: Step, ticket_id: UUID) -> ClockPayload:
    metric, cycle, used = step.metric, step.cycle, seconds(step.consumed)
    if step.kind in (StepKind.PAUSED, StepKind.RESUMED):
        stood = SlaPaused if step.kind is StepKind.PAUSED else SlaResumed
        return stood(
            ticket_id=ticket_id,
            metric=metric,
            cycle=cycle,
            consumed_seconds=used,
            deadline=step.deadline,
        )
    if step.kind is StepKind.CANCELLED:
        assert step.reason is not None
        return SlaCancelled(ticket_id=ticket_id, metric=metric, cycle=cycle, reason=step.reason)
    if step.kind is StepKind.MET:
        return SlaMet(
            ticket_id=ticket_id,
            metric=metric,
            cycle=cycle,
            consumed_seconds=used,
            target_seconds=seconds(step.budget),
        )
    assert step.deadline is not None
    return SlaClosedLate(
        ticket_id=ticket_id,
        metric=metric,
        cycle=cycle,
        deadline=step.deadline,
        consumed_seconds=used,
        target_seconds=seconds(step.budget),
        overdue_seconds=seconds(step.consumed - step.budget),
    )


def _started(step: Step, ticket_id: UUID) -> SlaStarted:
    terms = step.terms
    assert terms is not None
    assert step.deadline is not None
    return SlaStarted(
        ticket_id=ticket_id,
        metric=step.metric,
        cycle=step.cycle,
        policy_id=terms.policy_id,
        workflow_digest=terms.digest,
        priority=terms.priority,
        tier=terms.tier,
        target_seconds=seconds(step.budget),
        calendar=terms.calendar_of(step.metric),
        deadline=step.deadline,
        level=step.level,
        soft=step.soft or None,
    )


def _warning(step: Step, ticket_id: UUID, now: datetime) -> SlaWarning:
    assert step.deadline is not None
    return SlaWarning(
        ticket_id=ticket_id,
        metric=step.metric,
        cycle=step.cycle,
        threshold_percent=step.threshold,
        deadline=step.deadline,
        remaining_seconds=seconds(step.budget - step.consumed),
        lateness_ms=lateness_ms(step.at, now) if step.by_time else None,
        cause=step.jump,
    )


def _breached(step: Step, ticket_id: UUID, now: datetime, *, provisional: bool) -> SlaBreached:
    assert step.deadline is not None
    assert step.priority is not None
    return SlaBreached(
        ticket_id=ticket_id,
        metric=step.metric,
        cycle=step.cycle,
        deadline=step.deadline,
        priority=step.priority,
        tier=step.tier or "",
        lateness_ms=lateness_ms(step.at, now) if step.by_time else None,
        cause=step.jump,
        provisional=provisional or None,
        level=step.level,
    )


def _repriced(step: Step, ticket_id: UUID) -> SlaRepriced:
    assert step.deadline is not None
    assert step.previous_budget is not None
    assert step.repriced_by is not None
    return SlaRepriced(
        ticket_id=ticket_id,
        metric=step.metric,
        cycle=step.cycle,
        epoch=step.epoch,
        previous_target_seconds=seconds(step.previous_budget),
        target_seconds=seconds(step.budget),
        consumed_seconds=seconds(step.consumed),
        deadline=step.deadline,
        cause=step.repriced_by,
    )
