"""What happened to a clock's promise: new targets, and its thresholds one by one (semantics K11, P1, P2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .chronicle import Moment, find, name_of
from .sla import Calendars, Clock, deadline, due
from .steps import BREACH, Step, StepKind


@dataclass(frozen=True, slots=True)
class Repriced:
    """A new target. A deadline is None where the clock stood."""

    at: datetime
    epoch: int
    cause: str
    old_budget: timedelta
    new_budget: timedelta
    old_deadline: datetime | None
    new_deadline: datetime | None
    policy_id: str
    digest: str
    calendar: str


class Passing(StrEnum):
    """How it stands with a threshold."""

    REACHED = "reached"
    SKIPPED = "skipped"
    BROUGHT = "brought"
    DUE = "due"
    STANDS = "stands"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Threshold:
    """One threshold: `reached` at an instant (by a `jump`, if no time led there; without one when the
    facts are gone), `skipped` by such a jump, `brought` along by a reopened or merged cycle, `due`,
    `stands` while the clock does, or `never`.
    """

    percent: int
    passing: Passing
    at: datetime | None = None
    jump: str | None = None


def repricings(told: Sequence[Moment], last: Clock, calendars: Calendars) -> list[Repriced]:
    """The clock's new targets in order."""
    found = list[Repriced]()
    for moment in told:
        steps = moment.steps_of(name_of(last))
        found += [
            _repriced(step, moment, last, calendars)
            for step in steps
            if step.kind is StepKind.REPRICED
        ]
    return found


def _repriced(step: Step, moment: Moment, last: Clock, calendars: Calendars) -> Repriced:
    old, new = (find(timeline, name_of(last)) for timeline in (moment.before, moment.after))
    assert new is not None
    return Repriced(
        at=step.at,
        epoch=step.epoch,
        cause=str(step.repriced_by),
        old_budget=step.previous_budget or step.budget,
        new_budget=step.budget,
        old_deadline=deadline(old, calendars) if old else None,
        new_deadline=step.deadline if new.running_since else None,
        policy_id=new.policy_id,
        digest=new.digest,
        calendar=new.calendar,
    )


def thresholds(told: Sequence[Moment], last: Clock, calendars: Calendars) -> list[Threshold]:
    """Every threshold of the clock, in rising order."""
    steps = [
        step
        for moment in told
        for step in moment.steps_of(name_of(last))
        if step.kind in (StepKind.WARNING, StepKind.BREACHED)
    ]
    kept = find(told[0].before, name_of(last)) is None
    return [_threshold(percent, steps, last, calendars, kept=kept) for percent in last.thresholds]


def _threshold(
    percent: int, steps: Sequence[Step], last: Clock, calendars: Calendars, *, kept: bool
) -> Threshold:
    for step in steps:
        if percent == step.threshold or percent in step.skipped:
            passing = Passing.SKIPPED if percent in step.skipped else Passing.REACHED
            return Threshold(percent, passing, step.at, str(step.jump) if step.jump else None)
    if percent == BREACH and last.breached_at:
        return Threshold(percent, Passing.REACHED, last.breached_at)
    if percent <= last.crossed:
        return Threshold(percent, Passing.BROUGHT if kept else Passing.REACHED)
    if last.finished:
        return Threshold(percent, Passing.NEVER)
    at = due(last, percent, calendars)
    return Threshold(percent, Passing.STANDS if at is None else Passing.DUE, at)
