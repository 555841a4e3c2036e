"""The facts of the hand-off document: kinds, instants and codes, no prose of anybody (semantics X9).

What people wrote is read over HTTP with authorisation; the sentences here are made of classifications.
"""

from __future__ import annotations

from datetime import datetime

from shared.contracts import Handoff
from shared.policy import WorkflowPolicy

from .case import Case
from .sla import deadline


def write(case: Case, *, level: str, reason: str, at: datetime, policy: WorkflowPolicy) -> Handoff:
    """What whoever takes over must know."""
    return Handoff(
        summary=_summary(case, level=level, reason=reason, at=at),
        timeline=list(case.ticket.history),
        tried=list(case.ticket.tried),
        sentiment=case.ticket.sentiment,
        expectation=_expectation(case, policy),
        next_steps=_next_steps(case),
    )


def _summary(case: Case, *, level: str, reason: str, at: datetime) -> str:
    timeline, category = case.timeline, case.ticket.known.get("category")
    age = at - (timeline.opened_at or at)
    minutes = int(age.total_seconds() // 60)
    state = "has had a reply" if timeline.answered else "has had no reply yet"
    return (
        f"A {timeline.priority} {category or 'uncategorised'} ticket of a {timeline.tier} customer, "
        f"open for {minutes} min, goes to {level} because of {reason}. "
        f"It is {timeline.status} and {state}."
    )


def _expectation(case: Case, policy: WorkflowPolicy) -> str | None:
    """The promise that ends first, as its metric and instant."""
    ends = [
        (instant, clock.metric)
        for clock in case.timeline.unfinished
        if (instant := deadline(clock, policy.calendars)) is not None
    ]
    if not ends:
        return None
    instant, metric = min(ends)
    return f"{metric} by {instant.isoformat(timespec='seconds').replace('+00:00', 'Z')}"


def _next_steps(case: Case) -> list[str]:
    """Codes of what is owed, most urgent first."""
    timeline = case.timeline
    owed = not timeline.answered or timeline.unanswered is not None
    waited_for = sorted(f"chase_{reason}" for reason in timeline.waiting)
    return [*(["answer_customer"] if owed else []), *waited_for, "resolve"]
