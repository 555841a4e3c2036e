"""One SLA clock: what it has consumed, when its thresholds fall due, how it ends (semantics K, Z, P).

Every change gives the new clock and the steps by which its history grew. Instants of deadline and
thresholds are computed, never stored as truth (K2).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from shared.calendar import ALWAYS, Calendar
from shared.contracts.vocabulary import (
    CancelReason,
    Metric,
    PauseReason,
    RepriceCause,
)

from .steps import BREACH, REPEATABLE, Step, StepKind
from .terms import Terms

Calendars = Mapping[str, Calendar]

_NOTHING = timedelta(0)
_MILLISECOND = timedelta(milliseconds=1)


class Outcome(StrEnum):
    """How a clock ended."""

    MET = "met"
    CLOSED_LATE = "closed_late"
    CANCELLED = "cancelled"


class Segment(msgspec.Struct, frozen=True, array_like=True):
    """A stretch in which the clock ran."""

    start: datetime
    end: datetime


class Clock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run of one metric. `consumed` is the open time used before `running_since` (or in all,
    while it stands); `crossed` the highest threshold reached or counted as reached; `restored` how often
    a merge that had cancelled it was undone; `level` whose people a level clock binds. A `soft` one
    promises nothing: at the end of its budget it is cancelled (R2).
    """

    metric: Metric
    cycle: int
    level: str | None = None
    soft: bool = False
    started_at: datetime
    policy_id: str
    digest: str
    calendar: str
    budget: timedelta
    thresholds: tuple[int, ...]
    pausing: tuple[PauseReason, ...] = ()
    consumed: timedelta = _NOTHING
    running_since: datetime | None = None
    segments: tuple[Segment, ...] = ()
    crossed: int = 0
    epoch: int = 0
    restored: int = 0
    breached_at: datetime | None = None
    outcome: Outcome | None = None
    ended_at: datetime | None = None

    @property
    def finished(self) -> bool:
        """Will it never change again (semantics K7), late facts apart?"""
        return self.outcome is not None

    @property
    def state(self) -> str:
        """The state's name in semantics K1; of a soft clock, that of R2."""
        if self.outcome is Outcome.CLOSED_LATE:
            return "breached_met"
        if self.outcome is not None:
            return self.outcome
        if self.soft:
            return "to_review"
        running = "paused" if self.running_since is None else "running"
        return f"breached_{running}" if self.breached_at else running


Change = tuple[Clock, list[Step]]


def calendar_of(clock: Clock, calendars: Calendars) -> Calendar:
    """The clock's calendar; round the clock when the workflow has none of that name any more."""
    return calendars.get(clock.calendar, ALWAYS)


def consumed_by(clock: Clock, at: datetime, calendars: Calendars) -> timedelta:
    """The open time used until `at`."""
    if clock.running_since is None:
        return clock.consumed
    return clock.consumed + calendar_of(clock, calendars).between(clock.running_since, at)


def due(clock: Clock, percent: int, calendars: Calendars) -> datetime | None:
    """When `percent` of the budget is used (semantics K2); None while the clock stands."""
    if clock.running_since is None:
        return None
    wanted = -(-clock.budget * percent // 100 // _MILLISECOND) * _MILLISECOND
    return calendar_of(clock, calendars).add(clock.running_since, wanted - clock.consumed)


def deadline(clock: Clock, calendars: Calendars) -> datetime | None:
    """The deadline: the one that was missed, or the one the clock runs towards."""
    return clock.breached_at or due(clock, BREACH, calendars)


def next_due(clock: Clock, calendars: Calendars) -> datetime | None:
    """When the next threshold falls due; None when none will as things stand."""
    if clock.finished or clock.running_since is None:
        return None
    if clock.soft:
        return due(clock, BREACH, calendars)
    percent = next((p for p in clock.thresholds if p > clock.crossed), None)
    return None if percent is None else due(clock, percent, calendars)


def start(
    metric: Metric,
    cycle: int,
    at: datetime,
    *,
    budget: timedelta,
    terms: Terms,
    calendars: Calendars,
    carried: timedelta = _NOTHING,
    level: str | None = None,
    soft: bool = False,
) -> Change:
    """Begin a cycle at `at`; thresholds within `carried` count as announced (semantics R1)."""
    reached = [p for p in terms.thresholds if p < BREACH and carried * 100 >= budget * p]
    clock = Clock(
        metric=metric,
        cycle=cycle,
        level=level,
        soft=soft,
        started_at=at,
        policy_id=terms.policy_id,
        digest=terms.digest,
        calendar=terms.calendar_of(metric),
        budget=budget,
        thresholds=terms.thresholds,
        pausing=terms.pausing.get(metric, ()),
        consumed=carried,
        running_since=at,
        crossed=max(reached, default=0) if carried else 0,
    )
    begun = step_of(clock, StepKind.STARTED, at, calendars, terms=terms)
    return clock, [begun]


def pass_time(clock: Clock, until: datetime, calendars: Calendars, *, inclusive: bool) -> Change:
    """Cross every threshold due before `until` (or at it, when `inclusive`), each at its own instant."""
    steps: list[Step] = []
    while (at := next_due(clock, calendars)) is not None:
        if at > until or (at == until and not inclusive):
            break
        clock, step = _come_to(clock, at, calendars)
        steps.append(replace(step, by_time=True))
    return clock, steps


def _come_to(clock: Clock, at: datetime, calendars: Calendars) -> tuple[Clock, Step]:
    """What falls due for the clock at `at`: its next threshold; a soft one lapses."""
    if clock.soft:
        clock, [lapsed] = cancel(clock, at, CancelReason.COURTESY, calendars)
        return clock, lapsed
    percent = next(p for p in clock.thresholds if p > clock.crossed)
    return cross(clock, percent, at, calendars)


def cross(clock: Clock, percent: int, at: datetime, calendars: Calendars) -> tuple[Clock, Step]:
    """`clock` past a threshold, and the step that says so."""
    limit = deadline(clock, calendars)
    clock = replace(
        clock, crossed=percent, breached_at=at if percent == BREACH else clock.breached_at
    )
    kind = StepKind.BREACHED if percent == BREACH else StepKind.WARNING
    step = step_of(clock, kind, at, calendars, threshold=percent)
    return clock, replace(step, deadline=limit)


def pause(clock: Clock, at: datetime, calendars: Calendars) -> Change:
    """Stand still from `at` on, exact to the millisecond (semantics Z4)."""
    clock = stopped(clock, at, calendars)
    return clock, [step_of(clock, StepKind.PAUSED, at, calendars)]


def resume(clock: Clock, at: datetime, calendars: Calendars) -> Change:
    """Run again from `at` on."""
    clock = replace(clock, running_since=at)
    return clock, [step_of(clock, StepKind.RESUMED, at, calendars)]


def stop(clock: Clock, at: datetime, calendars: Calendars) -> Change:
    """What it measured has happened: met, or late when the deadline has passed (semantics T4, K1)."""
    clock = stopped(clock, at, calendars)
    outcome = Outcome.CLOSED_LATE if clock.breached_at else Outcome.MET
    clock = replace(clock, outcome=outcome, ended_at=at)
    return clock, [step_of(clock, StepKind(f"sla.{outcome}"), at, calendars)]


def cancel(clock: Clock, at: datetime, reason: CancelReason, calendars: Calendars) -> Change:
    """It counts for nothing from now on."""
    clock = stopped(clock, at, calendars)
    clock = replace(clock, outcome=Outcome.CANCELLED, ended_at=at)
    return clock, [step_of(clock, StepKind.CANCELLED, at, calendars, reason=reason)]


def restore(clock: Clock, at: datetime, calendars: Calendars) -> Change:
    """`clock` as it was before a merge cancelled it; it has run on, or stood, ever since (semantics M4)."""
    if clock.finished:
        return clock, []
    clock = replace(clock, restored=clock.restored + 1)
    kind = StepKind.RESUMED if clock.running_since else StepKind.PAUSED
    return clock, [step_of(clock, kind, at, calendars)]


def stopped(clock: Clock, at: datetime, calendars: Calendars) -> Clock:
    """`clock` with its running segment closed at `at`."""
    if clock.running_since is None:
        return clock
    return replace(
        clock,
        consumed=consumed_by(clock, at, calendars),
        running_since=None,
        segments=(*clock.segments, Segment(clock.running_since, at)),
    )


def step_of(
    clock: Clock,
    kind: StepKind,
    at: datetime,
    calendars: Calendars,
    *,
    threshold: int = 0,
    repriced_by: RepriceCause | None = None,
    reason: CancelReason | None = None,
    terms: Terms | None = None,
) -> Step:
    """What happens to `clock` at `at`, with its figures of that instant."""
    return Step(
        kind=kind,
        metric=clock.metric,
        cycle=clock.cycle,
        at=at,
        consumed=consumed_by(clock, at, calendars),
        budget=clock.budget,
        threshold=threshold,
        deadline=deadline(clock, calendars),
        epoch=clock.epoch,
        repriced_by=repriced_by,
        reason=reason,
        level=clock.level,
        soft=clock.soft,
        terms=terms,
        turn=_turn(clock, kind, at),
    )


def _turn(clock: Clock, kind: StepKind, at: datetime) -> int:
    if kind is StepKind.CANCELLED:
        return clock.restored
    if kind not in REPEATABLE:
        return 0
    if kind is StepKind.REPRICED:
        return clock.epoch
    return sum(segment.end == at for segment in clock.segments)
