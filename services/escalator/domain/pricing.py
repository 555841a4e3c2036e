"""Re-pricing: what a new priority or customer tier does to the clocks of a ticket (semantics P1 to P3)."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from shared.contracts.vocabulary import CancelReason, Metric, RepriceCause
from shared.policy import WorkflowPolicy

from . import levels, sla
from .facts import Reclassified
from .repricing import reprice
from .sla import Change, Clock
from .timeline import Grown, Phase, Timeline, budget_of, each, settle, start


def reclassify(
    timeline: Timeline, what: Reclassified, at: datetime, policy: WorkflowPolicy
) -> Grown:
    """Price every unfinished clock anew (semantics P1)."""
    before = timeline
    timeline = replace(
        timeline,
        priority=what.priority or timeline.priority,
        tier=what.tier or timeline.tier,
    )
    assert timeline.terms is not None
    changed = before.priority is not timeline.priority
    cause = RepriceCause.PRIORITY if changed else RepriceCause.CUSTOMER_TIER
    if timeline.phase is not Phase.OPEN or (not changed and before.tier == timeline.tier):
        return timeline, []
    if timeline.terms.reprice == "restart":
        return _restart(timeline, at, policy)
    timeline, steps = each(timeline, lambda clock: _reprice(timeline, clock, at, cause, policy))
    timeline, _ = levels.aim_anew(timeline, at, policy.calendars)
    return timeline, steps


def _reprice(
    timeline: Timeline, clock: Clock, at: datetime, cause: RepriceCause, policy: WorkflowPolicy
) -> Change:
    terms = timeline.terms
    assert terms is not None
    if not _has_price(timeline, clock):
        return clock, []
    priced, steps = reprice(
        clock,
        at,
        budget=budget_of(timeline, clock.metric),
        terms=terms,
        cause=cause,
        calendars=policy.calendars,
    )
    if steps and terms.reprice == "strictest":
        left = clock.budget - sla.consumed_by(clock, at, policy.calendars)
        old = sla.calendar_of(clock, policy.calendars).add(at, left)
        new = steps[0].deadline
        if new is None or old <= new:
            return clock, []
    return priced, steps


def _restart(timeline: Timeline, at: datetime, policy: WorkflowPolicy) -> Grown:
    """Cancel and begin new cycles from zero. What has breached keeps its verdict (semantics P3)."""
    assert timeline.terms is not None
    calendar = timeline.terms.calendar_of
    old = [
        clock
        for clock in timeline.unfinished
        if _has_price(timeline, clock)
        and not clock.breached_at
        and (clock.budget, clock.calendar)
        != (budget_of(timeline, clock.metric), calendar(clock.metric))
    ]

    def end(clock: Clock) -> Change:
        if clock not in old:
            return clock, []
        return sla.cancel(clock, at, CancelReason.RECLASSIFIED, policy.calendars)

    timeline, steps = each(timeline, end)
    for clock in old:
        timeline, begun = start(timeline, clock.metric, at, policy.calendars)
        steps += begun
    timeline, settled = settle(timeline, at, policy.calendars)
    timeline, _ = levels.aim_anew(timeline, at, policy.calendars)
    return timeline, steps + settled


def _has_price(timeline: Timeline, clock: Clock) -> bool:
    """Does the SLA matrix name a target for it? A periodic update nobody is owed any more goes on."""
    if clock.finished or clock.metric.of_level:
        return False
    terms = timeline.terms
    return clock.metric is not Metric.PERIODIC_UPDATE or bool(terms and terms.periodic_update)
