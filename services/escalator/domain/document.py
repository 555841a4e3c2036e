"""The hand-off document as its reader gets it: what people wrote, and the log where they wrote nothing.

With every field of semantics X9. What is generated names times, ids, classifications and events.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from shared.contracts.vocabulary import Metric, Priority, SentimentLabel
from shared.policy import WorkflowPolicy

from . import handoff, handoff_words
from .case import Case
from .escalation import Escalation
from .sla import deadline
from .written import Content


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline; of a message its id, to be read at intake."""

    at: datetime
    kind: str
    text: str
    message_id: UUID | None = None


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A hand-off document. `written` names the fields that are a person's words; the rest is generated.

    Before there is an escalation nothing says where it goes and why.
    """

    ticket_id: UUID
    customer_id: str | None
    priority: Priority
    escalation_id: UUID | None
    escalating_from: str | None
    escalating_to: str | None
    team: str | None
    reason: str | None
    summary: str
    timeline: list[Line]
    tried: list[str]
    sentiment: SentimentLabel | None
    expectation: str | None
    next_steps: list[str]
    attachments: list[UUID]
    written: list[str]

    @property
    def generated(self) -> bool:
        """Nobody wrote any of it."""
        return not self.written


def compose(case: Case, content: Content, *, at: datetime, policy: WorkflowPolicy) -> Document:
    """The document of `case` as it is at `at`, with what was written in its place."""
    escalation = case.escalation
    lines = _timeline(case, escalation)
    promised = handoff.promise(case, policy)
    return Document(
        ticket_id=case.ticket_id,
        customer_id=case.ticket.customer_id,
        priority=case.timeline.priority,
        escalation_id=escalation.escalation_id if escalation else None,
        escalating_from=escalation.raised_from if escalation else None,
        escalating_to=escalation.level if escalation else None,
        team=policy.level(escalation.level).team if escalation else None,
        reason=_reason(escalation),
        summary=content.summary or handoff.summary(case, at=at, because=_because(escalation)),
        timeline=lines,
        tried=list(content.tried) or _tried(case),
        sentiment=content.sentiment or handoff.sentiment(case),
        expectation=content.expectation
        or (handoff_words.expectation(*promised) if promised else None),
        next_steps=list(content.next_steps) or _next_steps(case, policy),
        attachments=[line.message_id for line in lines if line.message_id],
        written=list(content.fields),
    )


def _reason(escalation: Escalation | None) -> str | None:
    """The trigger, or the reason somebody named who asked for it."""
    if escalation is None:
        return None
    named = [g.detail for g in escalation.grounds if g.trigger == escalation.reason == "requested"]
    return next((detail for detail in named if detail), escalation.reason)


def _because(escalation: Escalation | None) -> str | None:
    if escalation is None:
        return None
    verb = "was escalated" if escalation.is_over else "is escalated"
    return f"{verb} to {escalation.level} because of {_reason(escalation)}"


def _timeline(case: Case, escalation: Escalation | None) -> list[Line]:
    grounds = escalation.grounds if escalation else ()
    triggers = [ground.trigger for ground in grounds]
    return [
        Line(
            at=entry.at,
            kind=entry.kind,
            text=handoff_words.line(entry, triggers),
            message_id=entry.message_id,
        )
        for entry in handoff.timeline(case, grounds)
    ]


def _tried(case: Case) -> list[str]:
    last = {entry.kind: entry.at for entry in case.ticket.history}
    return [handoff_words.tried(kind, last.get(kind)) for kind in case.ticket.tried]


def _next_steps(case: Case, policy: WorkflowPolicy) -> list[str]:
    ends = [
        deadline(clock, policy.calendars)
        for clock in case.timeline.unfinished
        if clock.metric is Metric.RESOLUTION
    ]
    by = next((end for end in ends if end), None)
    return [handoff_words.step(code, by) for code in handoff.next_steps(case)]
