"""The clocks of one ticket as a pure fold over its facts in the order of semantics T2.

`apply` hears one fact, `pass_time` lets time go by; both give the new timeline and the steps by which
the clocks' histories grew. Folding the same facts again gives the same steps (T2, H9).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from shared.contracts.vocabulary import CancelReason, Metric, PauseReason, Priority
from shared.policy import WorkflowPolicy

from . import absorbing, levels, sla
from .facts import (
    Absorbed,
    Accepted,
    Closed,
    Entered,
    Fact,
    Merged,
    Opened,
    Paused,
    Reclassified,
    Reopened,
    Resolved,
    Resumed,
    Unmerged,
    Wrote,
    contract_of,
)
from .pricing import reclassify
from .steps import Step, StepKind
from .terms import Terms, terms_of
from .timeline import BeforeMerge, Grown, Phase, Timeline, cancel, each, settle, start, stop

_RESPONSES = (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE)
_TOLD_OF_LEVELS = (StepKind.STARTED, StepKind.MET, StepKind.BREACHED, StepKind.CANCELLED)
_MILLISECOND = timedelta(milliseconds=1)
_NEW = Timeline()


def fold(facts: Iterable[Fact], policy: WorkflowPolicy, *, base: Timeline = _NEW) -> Grown:
    """The timeline of `facts` after `base`, whatever order they are given in, and all its steps."""
    timeline, steps = base, list[Step]()
    for fact in sorted(facts, key=lambda fact: fact.order):
        timeline, more = apply(timeline, fact, policy)
        steps += more
    return timeline, steps


def pass_time(
    timeline: Timeline, until: datetime, policy: WorkflowPolicy, *, inclusive: bool = True
) -> Grown:
    """Cross what falls due before `until`, or at it."""
    timeline, steps = each(
        timeline,
        lambda clock: sla.pass_time(clock, until, policy.calendars, inclusive=inclusive),
    )
    if steps:
        steps.sort(key=lambda step: (step.at, step.metric != Metric.FIRST_RESPONSE, step.threshold))
        timeline = replace(timeline, until=steps[-1].at)
    return timeline, _told(steps, timeline)


def next_due(timeline: Timeline, policy: WorkflowPolicy) -> datetime | None:
    """The earliest instant at which time will have something to say."""
    instants = (sla.next_due(clock, policy.calendars) for clock in timeline.unfinished)
    return min((at for at in instants if at is not None), default=None)


def needs_terms(timeline: Timeline, fact: Fact, policy: WorkflowPolicy) -> Terms | None:
    """The terms to keep with a fact that is heard now, or None when those in force still hold."""
    pair = _pair_after(timeline, fact, policy)
    kept = timeline.terms
    pricing = isinstance(fact.what, Opened | Reclassified | Reopened | Wrote | Absorbed)
    if pair is None or not pricing:
        return None
    if kept and (kept.priority, kept.tier, kept.digest) == (*pair, policy.digest):
        return None
    return terms_of(policy, *pair, contract_of(fact, timeline.terms))


def apply(timeline: Timeline, fact: Fact, policy: WorkflowPolicy) -> Grown:
    """Hear one fact, after all time before it has passed."""
    at = max(fact.at, timeline.opened_at) if timeline.opened_at else fact.at
    timeline, passed = pass_time(timeline, at, policy, inclusive=fact.follows_time)
    timeline, steps = _hear(timeline, fact, at, policy)
    return replace(timeline, last=fact.order), passed + _told(steps, timeline)


def _told(steps: list[Step], timeline: Timeline) -> list[Step]:
    """What the world hears of: of level clocks only how they begin and end (semantics section 18)."""
    return [
        replace(step, priority=timeline.priority, tier=timeline.tier)
        for step in steps
        if not step.metric.of_level or step.kind in _TOLD_OF_LEVELS
    ]


def _hear(timeline: Timeline, fact: Fact, at: datetime, policy: WorkflowPolicy) -> Grown:
    """What the fact does. Nothing reaches a ticket that is not open yet, or merged (semantics M1)."""
    what = fact.what
    if isinstance(what, Unmerged):
        return _unmerge(timeline, at, policy)
    if timeline.phase is Phase.MERGED or (
        timeline.phase is Phase.UNOPENED and not isinstance(what, Opened)
    ):
        return timeline, []
    timeline = _with_terms(timeline, fact, policy)
    match what:
        case Opened():
            return _open(timeline, what, at, policy)
        case Wrote():
            return _write(timeline, what, at, policy)
        case Reclassified():
            return reclassify(timeline, what, at, policy)
        case Paused() | Resumed():
            return _wait(timeline, what, at, policy)
        case Entered():
            return levels.enter(timeline, what, at, policy)
        case Accepted():
            return levels.accept(timeline, what, at, policy)
        case Absorbed():
            return absorbing.absorb(timeline, what, at, policy)
    return _end(timeline, what, at, policy)


def _pair_after(
    timeline: Timeline, fact: Fact, policy: WorkflowPolicy
) -> tuple[Priority, str] | None:
    """Priority and tier once the fact is heard; None before the ticket is opened."""
    match fact.what:
        case Opened(priority=priority, tier=tier):
            return priority, tier
        case _ if timeline.phase is Phase.UNOPENED:
            return None
        case Reclassified(priority=priority, tier=tier):
            return priority or timeline.priority, tier or timeline.tier
        case Absorbed(priority=priority, tier=tier):
            return absorbing.higher(timeline, priority, tier, policy)
    return timeline.priority, timeline.tier


def _with_terms(timeline: Timeline, fact: Fact, policy: WorkflowPolicy) -> Timeline:
    """The terms after the fact: those kept with it, if they still fit its place in the order."""
    pair = _pair_after(timeline, fact, policy)
    assert pair is not None
    for known in (fact.terms, timeline.terms):
        if known is not None and (known.priority, known.tier) == pair:
            return replace(timeline, terms=known)
    return replace(timeline, terms=terms_of(policy, *pair, contract_of(fact, timeline.terms)))


def _open(timeline: Timeline, what: Opened, at: datetime, policy: WorkflowPolicy) -> Grown:
    """First response and resolution start; neither does when we wrote first (semantics K3, K5)."""
    if timeline.phase is not Phase.UNOPENED:
        return timeline, []
    timeline = replace(
        timeline,
        phase=Phase.OPEN,
        opened_at=at,
        priority=what.priority,
        tier=what.tier,
        outbound=what.outbound,
        sla_target=what.sla_target,
        answered=what.outbound,
    )
    if what.outbound:
        return replace(timeline, asked=True), []
    timeline, first = start(timeline, Metric.FIRST_RESPONSE, at, policy.calendars)
    timeline, second = start(timeline, Metric.RESOLUTION, at, policy.calendars)
    return timeline, first + second


def _write(timeline: Timeline, what: Wrote, at: datetime, policy: WorkflowPolicy) -> Grown:
    if what.answers:
        timeline = replace(timeline, asked=True, answered=True, unanswered=None)
        timeline, steps = _answer(timeline, what, at, policy)
    else:
        waiting = timeline.waiting - {PauseReason.WAITING_ON_CUSTOMER}
        timeline = replace(timeline, asked=False, waiting=waiting)
        timeline = replace(timeline, unanswered=timeline.unanswered or what.message_id)
        timeline, steps = settle(timeline, at, policy.calendars)
        timeline, expected = _expect(timeline, at, policy)
        steps += expected
    timeline, settled = settle(timeline, at, policy.calendars)
    return timeline, steps + settled


def _answer(timeline: Timeline, what: Wrote, at: datetime, policy: WorkflowPolicy) -> Grown:
    """A public reply: it stops what waits for one, and promises the next update (semantics K3, K8)."""
    stopped = (*_RESPONSES, Metric.PERIODIC_UPDATE)
    timeline, steps = stop(timeline, at, stopped, policy.calendars)
    timeline, of_level = levels.reply(timeline, what.level, at, policy)
    if timeline.phase is not Phase.OPEN or not timeline.terms or not timeline.terms.periodic_update:
        return timeline, steps + of_level
    timeline, begun = start(timeline, Metric.PERIODIC_UPDATE, at, policy.calendars)
    return timeline, steps + of_level + begun


def _expect(timeline: Timeline, at: datetime, policy: WorkflowPolicy) -> Grown:
    """Start what a customer's message starts: never twice, and not beside a first response (K4)."""
    if timeline.phase is not Phase.OPEN:
        return timeline, []
    steps: list[Step] = []
    if not any(clock.metric is Metric.RESOLUTION for clock in timeline.clocks):
        timeline, steps = start(timeline, Metric.RESOLUTION, at, policy.calendars)
    if not any(clock.metric in _RESPONSES for clock in timeline.unfinished):
        timeline, more = start(timeline, Metric.NEXT_RESPONSE, at, policy.calendars)
        steps += more
    return timeline, steps


def _wait(
    timeline: Timeline, what: Paused | Resumed, at: datetime, policy: WorkflowPolicy
) -> Grown:
    if timeline.phase is not Phase.OPEN:
        return timeline, []
    more = timeline.waiting | {what.reason} if isinstance(what, Paused) else frozenset()
    return settle(replace(timeline, waiting=more), at, policy.calendars)


def _end(
    timeline: Timeline,
    what: Resolved | Closed | Reopened | Merged,
    at: datetime,
    policy: WorkflowPolicy,
) -> Grown:
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


def _unmerge(timeline: Timeline, at: datetime, policy: WorkflowPolicy) -> Grown:
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
    carried = timedelta(0)
    if at <= solved + terms.reopen_window:
        used = [c.consumed for c in timeline.clocks if c.metric is Metric.RESOLUTION]
        least = -(-terms.resolution * terms.reopen_floor // _MILLISECOND) * _MILLISECOND
        left = max(terms.resolution - used[-1], least) if used else terms.resolution
        carried = terms.resolution - left
    timeline, steps = start(timeline, Metric.RESOLUTION, at, policy.calendars, carried=carried)
    if timeline.unanswered is not None:
        timeline, more = _expect(timeline, at, policy)
        steps += more
    timeline, of_level = levels.begin(replace(timeline, accepted=False), at, policy.calendars)
    return timeline, steps + of_level
