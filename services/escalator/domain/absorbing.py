"""Another ticket goes on as this one: its promises are kept, none gets longer (semantics M2, M3, H5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from shared.calendar import ALWAYS
from shared.contracts.vocabulary import JumpCause, Metric, PauseReason, Priority, RepriceCause
from shared.policy import WorkflowPolicy

from . import levels, sla
from .facts import Absorbed, Promise
from .repricing import adopt
from .sla import Calendars, Change, Clock
from .steps import Step
from .timeline import Grown, Phase, Timeline, budget_of, each, settle, start

_RESPONSES: Final = (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE)


def promises(timeline: Timeline, at: datetime, calendars: Calendars) -> tuple[Promise, ...]:
    """What a ticket still owes its customer at `at`."""
    return tuple(
        _promise_of(clock, at, calendars)
        for clock in timeline.unfinished
        if not clock.metric.of_level and not clock.soft
    )


def higher(
    timeline: Timeline, priority: Priority, tier: str, policy: WorkflowPolicy
) -> tuple[Priority, str]:
    """The higher priority and the better customer tier of two tickets."""
    tiers = policy.customers.tiers
    known = [name for name in (timeline.tier, tier) if name in tiers]
    urgent = min(timeline.priority, priority, key=list(Priority).index)
    return urgent, min(known, key=tiers.index, default=timeline.tier)


def absorb(timeline: Timeline, what: Absorbed, at: datetime, policy: WorkflowPolicy) -> Grown:
    """Of every promise the strictest is kept: ours, ours at the new price, or theirs."""
    priority, tier = higher(timeline, what.priority, what.tier, policy)
    timeline = replace(timeline, priority=priority, tier=tier)
    if timeline.phase is not Phase.OPEN:
        return timeline, []
    timeline, steps = each(
        timeline, lambda clock: _strictest(timeline, clock, what.promises, at, policy.calendars)
    )
    timeline, begun = _owed(timeline, what, at, policy)
    if what.waits:
        waiting = timeline.waiting - {PauseReason.WAITING_ON_CUSTOMER}
        timeline = replace(timeline, asked=False, waiting=waiting)
    timeline, settled = settle(timeline, at, policy.calendars)
    timeline, _ = levels.aim_anew(timeline, at, policy.calendars)
    return timeline, [*steps, *begun, *settled]


def _strictest(
    timeline: Timeline,
    clock: Clock,
    theirs: Iterable[Promise],
    at: datetime,
    calendars: Calendars,
) -> Change:
    if clock.finished or clock.breached_at or clock.metric.of_level:
        return clock, []
    ours = _promise_of(clock, at, calendars)
    offered = (promise for promise in theirs if _same(promise, clock))
    wanted = min(
        (ours, *_priced(timeline, ours), *offered),
        key=lambda promise: _ends(promise, at, calendars),
    )
    if wanted is ours:
        return clock, []
    return adopt(
        clock,
        at,
        budget=wanted.budget,
        consumed=wanted.consumed,
        calendar=wanted.calendar,
        policy_id=wanted.policy_id,
        digest=wanted.digest,
        cause=RepriceCause.MERGED,
        jump=JumpCause.MERGED,
        calendars=calendars,
    )


def _same(promise: Promise, clock: Clock) -> bool:
    """Is it about the same: both await an answer, or both the solution?"""
    if promise.metric in _RESPONSES:
        return clock.metric in _RESPONSES
    return promise.metric is clock.metric


def _promise_of(clock: Clock, at: datetime, calendars: Calendars) -> Promise:
    return Promise(
        metric=clock.metric,
        since=clock.started_at,
        budget=clock.budget,
        consumed=sla.consumed_by(clock, at, calendars),
        calendar=clock.calendar,
        policy_id=clock.policy_id,
        digest=clock.digest,
    )


def _priced(timeline: Timeline, ours: Promise) -> tuple[Promise, ...]:
    """Our promise at the price of the higher priority and tier, where that one has any (K8)."""
    terms = timeline.terms
    assert terms is not None
    if ours.metric is Metric.PERIODIC_UPDATE and terms.periodic_update is None:
        return ()
    priced = replace(
        ours,
        budget=budget_of(timeline, ours.metric),
        calendar=terms.calendar_of(ours.metric),
        policy_id=terms.policy_id,
        digest=terms.digest,
    )
    return (priced,)


def _ends(promise: Promise, at: datetime, calendars: Calendars) -> datetime:
    calendar = calendars.get(promise.calendar, ALWAYS)
    return calendar.add(at, promise.budget - promise.consumed)


def _owed(timeline: Timeline, what: Absorbed, at: datetime, policy: WorkflowPolicy) -> Grown:
    """Their unanswered message is ours now: its clock started when it was written (M2, step 4)."""
    owed = next((p for p in what.promises if p.metric in _RESPONSES), None)
    answered = not any(clock.metric in _RESPONSES for clock in timeline.unfinished)
    if owed is None or not what.waits or not answered:
        return timeline, []
    timeline, begun = start(timeline, Metric.NEXT_RESPONSE, owed.since, policy.calendars)
    timeline = replace(timeline, unanswered=timeline.unanswered or what.source)
    clock = timeline.clocks[-1]
    theirs = replace(owed, metric=Metric.NEXT_RESPONSE)
    ours = _promise_of(clock, at, policy.calendars)
    strict = min(ours, theirs, key=lambda promise: _ends(promise, at, policy.calendars))
    moved, steps = adopt(
        clock,
        at,
        budget=strict.budget,
        consumed=strict.consumed,
        calendar=strict.calendar,
        policy_id=strict.policy_id,
        digest=strict.digest,
        cause=RepriceCause.MERGED,
        jump=JumpCause.MERGED,
        calendars=policy.calendars,
        silently=strict is ours,
    )
    grown: list[Step] = [*begun, *steps]
    return replace(timeline, clocks=(*timeline.clocks[:-1], moved)), grown
