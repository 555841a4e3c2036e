"""How a ticket ends, and how it comes back: solved, closed, merged; reopened, or on its own again (K12, R1, M4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from shared.contracts.vocabulary import CancelReason, Metric
from shared.policy import WorkflowPolicy

from . import courtesy, levels, sla
from .facts import Closed, Merged, Reopened, Resolved
from .talking import expect
from .timeline import BeforeMerge, Grown, Phase, Timeline, cancel, each, start, stop

_MILLISECOND = timedelta(milliseconds=1)


def end(
    timeline: Timeline,
    what: Resolved | Closed | Reopened | Merged,
    at: datetime,
    policy: WorkflowPolicy,
) -> Grown:
    """The ticket is over, or is not after all."""
    match what:
        case Resolved():
            return _solve(timeline, Phase.RESOLVED, at, policy)
        case Closed():
            return _solve(timeline, Phase.CLOSED, at, policy)
        case Reopened():
            return _reopen(timeline, at, policy)
    before = BeforeMerge(phase=timeline.phase, closed_at=timeline.closed_at, clocks=timeline.clocks)
    merged = replace(timeline, phase=Phase.MERGED, closed_at=at, before_merge=before)
    return cancel(merged, at, CancelReason.MERGED, policy.calendars)


def unmerge(timeline: Timeline, at: datetime, policy: WorkflowPolicy) -> Grown:
    """Everything is as it was, and the clocks have run on (semantics M4): their deadlines are the old
    ones, and what fell due meanwhile falls due at its own instant, as soon as time passes.
    """
    before = timeline.before_merge
    if timeline.phase is not Phase.MERGED or before is None:
        return timeline, []
    timeline = replace(
        timeline,
        phase=before.phase,
        closed_at=before.closed_at,
        clocks=before.clocks,
        before_merge=None,
    )
    return each(timeline, lambda clock: sla.restore(clock, at, policy.calendars))


def _solve(timeline: Timeline, phase: Phase, at: datetime, policy: WorkflowPolicy) -> Grown:
    """Stop what solving answers; a first response nobody gave is cancelled, not met (semantics K12)."""
    closed_at = at if phase is Phase.CLOSED else None
    if timeline.phase is not Phase.OPEN:
        ended = phase if timeline.phase is Phase.RESOLVED else timeline.phase
        return replace(timeline, phase=ended, closed_at=timeline.closed_at or closed_at), []
    timeline = replace(
        timeline,
        phase=phase,
        resolved_at=at,
        closed_at=closed_at,
        waiting=frozenset(),
        unanswered=None,
    )
    promised = (Metric.NEXT_RESPONSE, Metric.PERIODIC_UPDATE, Metric.RESOLUTION)
    stopped = (*promised, *levels.solved(timeline))
    timeline, steps = stop(timeline, at, stopped, policy.calendars)
    timeline, cancelled = cancel(timeline, at, CancelReason.RESOLVED, policy.calendars)
    return timeline, cancelled + steps


def _reopen(timeline: Timeline, at: datetime, policy: WorkflowPolicy) -> Grown:
    """A new resolution cycle; within the window it takes the time used along (semantics R1)."""
    terms, solved = timeline.terms, timeline.resolved_at
    if timeline.phase not in (Phase.RESOLVED, Phase.CLOSED) or terms is None or solved is None:
        return timeline, []
    timeline = replace(timeline, phase=Phase.OPEN, resolved_at=None, closed_at=None)
    timeline, owed = courtesy.harden(timeline, at, policy)
    carried = timedelta(0)
    if at <= solved + terms.reopen_window:
        used = [c.consumed for c in timeline.clocks if c.metric is Metric.RESOLUTION]
        least = -(-terms.resolution * terms.reopen_floor // _MILLISECOND) * _MILLISECOND
        left = max(terms.resolution - used[-1], least) if used else terms.resolution
        carried = terms.resolution - left
    timeline, steps = start(timeline, Metric.RESOLUTION, at, policy.calendars, carried=carried)
    if timeline.unanswered is not None:
        timeline, more = expect(timeline, at, policy)
        steps += more
    timeline, of_level = levels.begin(replace(timeline, accepted=False), at, policy.calendars)
    return timeline, owed + steps + of_level
