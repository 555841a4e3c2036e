"""What messages do to the clocks: answers stop what waits for one, questions start it (semantics K3, K4, K8)."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from shared.contracts.vocabulary import Metric, PauseReason
from shared.policy import WorkflowPolicy

from . import courtesy, levels
from .facts import Wrote
from .steps import Step
from .timeline import Grown, Phase, Timeline, settle, start, stop

_RESPONSES = (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE)


def write(timeline: Timeline, what: Wrote, at: datetime, policy: WorkflowPolicy) -> Grown:
    """Somebody wrote."""
    if courtesy.is_thanks(timeline, what):
        return courtesy.begin(timeline, what, at, policy)
    if what.answers:
        timeline = replace(timeline, asked=True, answered=True, unanswered=None)
        timeline, steps = _answer(timeline, what, at, policy)
    else:
        waiting = timeline.waiting - {PauseReason.WAITING_ON_CUSTOMER}
        timeline = replace(timeline, asked=False, waiting=waiting)
        timeline = replace(timeline, unanswered=timeline.unanswered or what.message_id)
        timeline, steps = settle(timeline, at, policy.calendars)
        timeline, expected = expect(timeline, at, policy)
        steps += expected
    timeline, settled = settle(timeline, at, policy.calendars)
    return timeline, steps + settled


def expect(timeline: Timeline, at: datetime, policy: WorkflowPolicy) -> Grown:
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


def _answer(timeline: Timeline, what: Wrote, at: datetime, policy: WorkflowPolicy) -> Grown:
    """A public reply: it stops what waits for one, and promises the next update (semantics K3, K8)."""
    stopped = (*_RESPONSES, Metric.PERIODIC_UPDATE)
    timeline, seen = courtesy.end(timeline, at, policy.calendars)
    timeline, steps = stop(timeline, at, stopped, policy.calendars)
    steps = seen + steps
    timeline, of_level = levels.reply(timeline, what.level, at, policy)
    if timeline.phase is not Phase.OPEN or not timeline.terms or not timeline.terms.periodic_update:
        return timeline, steps + of_level
    timeline, begun = start(timeline, Metric.PERIODIC_UPDATE, at, policy.calendars)
    return timeline, steps + of_level + begun
