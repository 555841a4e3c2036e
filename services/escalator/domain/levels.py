"""A level's own clocks: how long its people have to accept a ticket, and to answer or solve it (X2, X3).

What the workflow gives them is a wish. Together with a promise to the customer they get no more than a
share of what that promise has left, so that a ladder always has time for its next level.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from shared.calendar import ALWAYS, Calendar
from shared.contracts.vocabulary import CancelReason, Metric
from shared.policy import WorkflowPolicy

from . import sla
from .facts import Accepted, Entered
from .sla import Calendars, Clock
from .steps import BREACH, Step
from .terms import Terms
from .timeline import Grown, Phase, Timeline, each, settle

_MILLISECOND: Final = timedelta(milliseconds=1)
_RESPONSES: Final = (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE)


class Aim(msgspec.Struct, frozen=True):
    """What a level clock runs towards."""

    budget: timedelta
    consumed: timedelta
    calendar: str


def entered(level: str, policy: WorkflowPolicy, *, initially: bool = False) -> Entered:
    """What the workflow gives the people of `level` now (semantics X7); nothing of its own to a level it
    does not know any more (F3).
    """
    rules = policy.escalation
    known = next((one for one in policy.levels if one.name == level), None)
    return Entered(
        level=level,
        initially=initially,
        accept=known.respond_within if known else None,
        work=rules.timeout(level),
        waits_for_reply=rules.waits_for_reply(level),
        share=rules.window_share,
        floor=rules.window_floor,
        calendar=known.calendar if known else None,
    )


def enter(timeline: Timeline, what: Entered, at: datetime, policy: WorkflowPolicy) -> Grown:
    """The ticket leaves the level it was at, and its time at this one begins or goes on (X2, X3)."""
    timeline, left = _leave(timeline, at, policy.calendars)
    timeline = replace(timeline, entered=what, accepted=False)
    timeline, begun = begin(timeline, at, policy.calendars)
    return timeline, left + begun


def begin(timeline: Timeline, at: datetime, calendars: Calendars) -> Grown:
    """Start the clocks of the level the ticket is at."""
    what = timeline.entered
    if timeline.phase is not Phase.OPEN or timeline.terms is None or what is None:
        return timeline, []
    steps: list[Step] = []
    for metric in (Metric.LEVEL_ACCEPT, Metric.LEVEL_WORK):
        aim = _aim(timeline, metric, at, calendars)
        if aim is not None:
            timeline, begun = _start(timeline, metric, aim, at, calendars)
            steps += begun
    timeline, settled = settle(timeline, at, calendars)
    return timeline, steps + settled


def accept(timeline: Timeline, what: Accepted, at: datetime, policy: WorkflowPolicy) -> Grown:
    """Somebody of the level works on it. That it is answered in time is from now on watched by the
    customer's clock alone: a reply is waited for as long as the workflow says.
    """
    if not _is_theirs(timeline, what.level, policy) or timeline.accepted:
        return timeline, []
    timeline = replace(timeline, accepted=True)
    timeline, steps = _stop(timeline, (Metric.LEVEL_ACCEPT,), at, policy.calendars)
    if timeline.entered and timeline.entered.waits_for_reply:
        timeline, _ = aim_anew(timeline, at, policy.calendars)
    return timeline, steps


def reply(timeline: Timeline, level: str | None, at: datetime, policy: WorkflowPolicy) -> Grown:
    """The customer was answered: by the level's people, as far as anybody knows who wrote."""
    what = timeline.entered
    if what is None or not _is_theirs(timeline, level or what.level, policy):
        return timeline, []
    waits = (Metric.LEVEL_WORK,) if what.waits_for_reply else ()
    timeline = replace(timeline, accepted=True)
    return _stop(timeline, (Metric.LEVEL_ACCEPT, *waits), at, policy.calendars)


def aim_anew(timeline: Timeline, at: datetime, calendars: Calendars) -> Grown:
    """What the level serves has another deadline: so have its own clocks, from `at` on (semantics X2)."""

    def move(clock: Clock) -> tuple[Clock, list[Step]]:
        if clock.finished or not clock.metric.of_level or clock.breached_at:
            return clock, []
        aim = _aim(timeline, clock.metric, at, calendars)
        stood = clock.running_since is None
        clock = sla.stopped(clock, at, calendars)
        assert aim is not None
        moved = replace(
            clock,
            budget=aim.budget,
            consumed=aim.consumed,
            calendar=aim.calendar,
            epoch=clock.epoch + 1,
            running_since=None if stood else at,
        )
        return moved, []

    return each(timeline, move)


def solved(timeline: Timeline) -> tuple[Metric, ...]:
    """The level clocks that solving the ticket ends in time; the others count for nothing then."""
    what = timeline.entered
    return () if what is None or what.waits_for_reply else (Metric.LEVEL_WORK,)


def _leave(timeline: Timeline, at: datetime, calendars: Calendars) -> Grown:
    """Waiting for the solution ends well when the ticket goes on; what nobody did is cancelled."""
    timeline, steps = _stop(timeline, solved(timeline), at, calendars)

    def end(clock: Clock) -> tuple[Clock, list[Step]]:
        if clock.finished or not clock.metric.of_level:
            return clock, []
        return sla.cancel(clock, at, CancelReason.RECLASSIFIED, calendars)

    timeline, cancelled = each(timeline, end)
    return timeline, steps + cancelled


def _stop(
    timeline: Timeline, metrics: Iterable[Metric], at: datetime, calendars: Calendars
) -> Grown:
    wanted = set(metrics)

    def end(clock: Clock) -> tuple[Clock, list[Step]]:
        if clock.finished or clock.metric not in wanted:
            return clock, []
        return sla.stop(clock, at, calendars)

    return each(timeline, end)


def _start(
    timeline: Timeline, metric: Metric, aim: Aim, at: datetime, calendars: Calendars
) -> Grown:
    what, terms = timeline.entered, timeline.terms
    assert what is not None
    assert terms is not None
    clock, steps = sla.start(
        metric,
        1 + sum(clock.metric is metric for clock in timeline.clocks),
        at,
        budget=aim.budget,
        terms=_terms(terms, what, aim),
        calendars=calendars,
        carried=aim.consumed,
        level=what.level,
    )
    return replace(timeline, clocks=(*timeline.clocks, clock)), steps


def _terms(terms: Terms, what: Entered, aim: Aim) -> Terms:
    """A level clock warns nobody: it ends in time, or the ladder goes on."""
    return replace(terms, policy_id=what.level, calendar=aim.calendar, thresholds=(BREACH,))


def _is_theirs(timeline: Timeline, level: str, policy: WorkflowPolicy) -> bool:
    """Is an agent of `level` one of those the ticket waits for, or above them?"""
    what, rank = timeline.entered, policy.escalation.rank
    known = {name for one in policy.levels for name in (one.name, *one.aliases)}
    if what is None or level not in known or what.level not in known:
        return False
    return rank(level) >= rank(what.level)


def _aim(timeline: Timeline, metric: Metric, at: datetime, calendars: Calendars) -> Aim | None:
    """The earlier of what the level may take, and its share of what the promise has left (X2). Its own
    time counts in its team's calendar, or in that of the promise (C5).
    """
    what, terms = timeline.entered, timeline.terms
    assert what is not None
    assert terms is not None
    wish = what.accept if metric is Metric.LEVEL_ACCEPT else what.work
    if wish is None:
        return None
    promise = _reference(timeline, metric)
    calendar = what.calendar or (
        promise.calendar if promise else terms.calendar_of(Metric.RESOLUTION)
    )
    used = _used(timeline, metric, at, calendars.get(calendar, ALWAYS))
    own = Aim(max(wish, used + what.floor), used, calendar)
    if promise is None:
        return own
    left = promise.budget - sla.consumed_by(promise, at, calendars)
    share = left * what.share // _MILLISECOND * _MILLISECOND
    bound = Aim(max(share, what.floor), timedelta(0), promise.calendar)
    return min(own, bound, key=lambda aim: _ends(aim, at, calendars))


def _ends(aim: Aim, at: datetime, calendars: Calendars) -> datetime:
    return calendars.get(aim.calendar, ALWAYS).add(at, aim.budget - aim.consumed)


def _reference(timeline: Timeline, metric: Metric) -> Clock | None:
    """The promise the clock serves; a breached one is none (semantics X2). Once somebody has accepted,
    an answer is awaited under no promise but the customer's own.
    """
    what = timeline.entered
    assert what is not None
    whole = [clock for clock in timeline.unfinished if not clock.breached_at]
    resolution = next((c for c in whole if c.metric is Metric.RESOLUTION), None)
    if metric is Metric.LEVEL_WORK and not what.waits_for_reply:
        return resolution
    if metric is Metric.LEVEL_WORK and timeline.accepted:
        return None
    return next((c for c in whole if c.metric in _RESPONSES), resolution)


def _used(timeline: Timeline, metric: Metric, at: datetime, calendar: Calendar) -> timedelta:
    """What the level has used of its own time since the ticket was opened, or opened again (X3)."""
    what = timeline.entered
    assert what is not None
    began = max(
        (c.started_at for c in timeline.clocks if c.metric is Metric.RESOLUTION), default=at
    )
    stretches = [
        (segment.start, segment.end)
        for clock in timeline.clocks
        if clock.metric is metric and clock.level == what.level and clock.started_at >= began
        for segment in (
            *clock.segments,
            *([sla.Segment(clock.running_since, at)] if clock.running_since else []),
        )
    ]
    return sum((calendar.between(start, end) for start, end in stretches), timedelta(0))
