"""Undoing a pause or resumption that was announced and never was (semantics T3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from .sla import Calendars, Clock, calendar_of, deadline
from .steps import Step, StepKind


def undone(clock: Clock, kind: StepKind, at: datetime, number: int, calendars: Calendars) -> Step:
    """The step that undoes an announced pause or resumption of `at` which never was."""
    opposite = StepKind.RESUMED if kind is StepKind.PAUSED else StepKind.PAUSED
    calendar = calendar_of(clock, calendars)
    ran = (calendar.between(s.start, min(s.end, at)) for s in clock.segments)
    now = calendar.between(clock.running_since, at) if clock.running_since else timedelta(0)
    return Step(
        kind=opposite,
        metric=clock.metric,
        cycle=clock.cycle,
        at=at,
        consumed=sum(ran, now),
        budget=clock.budget,
        deadline=deadline(clock, calendars),
        correction=number,
    )
