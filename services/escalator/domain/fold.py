"""The clocks of one ticket as a pure fold over its facts in the order of semantics T2.

`apply` hears one fact, `pass_time` lets time go by; both give the new timeline and the steps by which
the clocks' histories grew. Folding the same facts again gives the same steps (T2, H9).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from shared.contracts.vocabulary import Metric, Priority
from shared.policy import WorkflowPolicy

from . import absorbing, endings, levels, sla, talking
from .facts import (
    Absorbed,
    Accepted,
    Entered,
    Fact,
    Opened,
    Paused,
    Reclassified,
    Reopened,
    Resumed,
    Unmerged,
    Wrote,
    contract_of,
)
from .pricing import reclassify
from .steps import Step, StepKind
from .terms import Terms, terms_of
from .timeline import Grown, Phase, Timeline, each, settle, start

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
    timeline = timeline.waiting_from(at)
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
        return endings.unmerge(timeline, at, policy)
    if timeline.phase is Phase.MERGED or (
        timeline.phase is Phase.UNOPENED and not isinstance(what, Opened)
    ):
        return timeline, []
    timeline = _with_terms(timeline, fact, policy)
    match what:
        case Opened():
            return _open(timeline, what, at, policy)
        case Wrote():
            return talking.write(timeline, what, at, policy)
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
    return endings.end(timeline, what, at, policy)


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


def _wait(
    timeline: Timeline, what: Paused | Resumed, at: datetime, policy: WorkflowPolicy
) -> Grown:
    if timeline.phase is not Phase.OPEN:
        return timeline, []
    more = timeline.waiting | {what.reason} if isinstance(what, Paused) else frozenset()
    return settle(replace(timeline, waiting=more), at, policy.calendars)
