"""What every kept fact did to a ticket's clocks, one after the other: the fold once more, watched.

Nothing of it is stored. An explanation that is derived again from the facts cannot differ from what the
clocks really did (semantics T2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.vocabulary import Metric
from shared.policy import WorkflowPolicy

from . import fold
from .case import Case
from .facts import What
from .sla import Clock
from .steps import Step
from .timeline import Timeline

#: What tells the clocks of one ticket apart (semantics K1).
ClockName = tuple[Metric, int]


@dataclass(frozen=True, slots=True)
class Moment:
    """A fact, or the time since the last one (`what` None), and the timeline `before` and `after` it."""

    at: datetime
    what: What | None
    before: Timeline
    after: Timeline
    steps: tuple[Step, ...]

    def steps_of(self, name: ClockName) -> list[Step]:
        """How this moment made that clock's history grow."""
        return [step for step in self.steps if (step.metric, step.cycle) == name]

    @property
    def word(self) -> str | None:
        """The fact in a word: `wrote`, `resolved`; None when only time has passed."""
        return None if self.what is None else str(self.what.__struct_config__.tag)


def moments(case: Case, until: datetime, policy: WorkflowPolicy) -> list[Moment]:
    """The kept facts in order, then the time that has passed until `until`."""
    timeline = case.base
    told = list[Moment]()
    for fact in sorted(case.facts, key=lambda fact: fact.order):
        after, steps = fold.apply(timeline, fact, policy)
        at = max(fact.at, after.opened_at or fact.at)
        told.append(Moment(at, fact.what, timeline, after, tuple(steps)))
        timeline = after
    after, steps = fold.pass_time(timeline, until, policy)
    return [*told, Moment(until, None, timeline, after, tuple(steps))]


def find(timeline: Timeline, name: ClockName) -> Clock | None:
    """The clock of that name, if it has begun."""
    return next((clock for clock in timeline.clocks if name_of(clock) == name), None)


def name_of(clock: Clock) -> ClockName:
    """By what it is told apart from the ticket's other clocks."""
    return clock.metric, clock.cycle
