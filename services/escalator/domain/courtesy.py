"""What a customer's thanks after the solution do to the clocks (semantics R2).

A soft `next_response` shows for some business time that there is something to look at. It promises nothing:
it warns nobody and always ends cancelled. If there was more to say after all, a real one begins, at the first
message.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from shared.contracts.vocabulary import CancelReason, JumpCause, Metric, RepriceCause
from shared.policy import WorkflowPolicy

from . import sla
from .facts import Wrote
from .repricing import adopt
from .sla import Calendars, Change, Clock
from .timeline import Grown, Phase, Timeline, each, start

_SETTLED: Final = (Phase.RESOLVED, Phase.CLOSED)


def is_thanks(timeline: Timeline, what: Wrote) -> bool:
    """Is the message a courtesy on a ticket that is solved here, too?"""
    return what.courtesy and timeline.phase in _SETTLED


def begin(timeline: Timeline, what: Wrote, at: datetime, policy: WorkflowPolicy) -> Grown:
    """Somebody may look at it; a second one does not begin that anew."""
    terms = timeline.terms
    if terms is None or _soft(timeline) is not None:
        return timeline, []
    hours = replace(terms, calendar=terms.review_calendar, calendars={}, thresholds=())
    clock, steps = sla.start(
        Metric.NEXT_RESPONSE,
        1 + sum(clock.metric is Metric.NEXT_RESPONSE for clock in timeline.clocks),
        at,
        budget=terms.courtesy_review,
        terms=hours,
        calendars=policy.calendars,
        soft=True,
    )
    return replace(timeline, thanked=what.message_id, clocks=(*timeline.clocks, clock)), steps


def end(timeline: Timeline, at: datetime, calendars: Calendars) -> Grown:
    """Nobody need look at it any more: we have answered, or there is more to it."""

    def cancel(clock: Clock) -> Change:
        if not clock.soft or clock.finished:
            return clock, []
        return sla.cancel(clock, at, CancelReason.COURTESY, calendars)

    return each(timeline, cancel)


def harden(timeline: Timeline, at: datetime, policy: WorkflowPolicy) -> Grown:
    """The ticket comes back while the thanks were looked at: an answer is owed since they came.

    What of its time is used by then is not announced threshold by threshold; a target that is used up is
    missed now (as in P2).
    """
    soft = _soft(timeline)
    if soft is None:
        return timeline, []
    timeline, steps = end(timeline, at, policy.calendars)
    timeline, begun = start(timeline, Metric.NEXT_RESPONSE, soft.started_at, policy.calendars)
    clock = timeline.clocks[-1]
    moved, jumped = adopt(
        clock,
        at,
        budget=clock.budget,
        consumed=sla.consumed_by(clock, at, policy.calendars),
        calendar=clock.calendar,
        policy_id=clock.policy_id,
        digest=clock.digest,
        cause=RepriceCause.PRIORITY,
        jump=JumpCause.REPRICED,
        calendars=policy.calendars,
        silently=True,
    )
    timeline = replace(timeline, clocks=(*timeline.clocks[:-1], moved), unanswered=timeline.thanked)
    return timeline, [*steps, *begun, *jumped]


def _soft(timeline: Timeline) -> Clock | None:
    return next((clock for clock in timeline.unfinished if clock.soft), None)
