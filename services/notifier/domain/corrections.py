"""Corrections: when a late fact disproves what people were told, they hear it once (semantics T3)."""

from __future__ import annotations

from datetime import datetime

from shared.contracts import Event, type_of
from shared.policy import WorkflowPolicy

from .facts import facts_of
from .notification import About, Kind, Notification, Status, notification_id
from .state import Planned, State
from .urgency import most_urgent
from .voiding import disproved_by
from .wording import fields_of


def corrections(state: State, event: Event, policy: WorkflowPolicy, now: datetime) -> list[Planned]:
    """One correction to each person who was reached, over a channel that reached them.

    A withdrawn breach and the escalation that rested on it follow from the same late fact, and make
    one correction together.
    """
    told: dict[str, list[Notification]] = {}
    for known in disproved_by(state, event):
        told.setdefault(known.recipient_id, []).append(known)
    return [
        Planned(_correction(messages, state, event, policy, now))
        for person, messages in sorted(told.items())
        if not _is_corrected(state, person, event)
    ]


def is_needed(correction: Notification, corrected: list[Notification]) -> bool:
    """Whether one of the messages it corrects got through after all, or may have (semantics T3)."""
    return any(known.may_have_told for known in corrected) or not correction.about.corrects


def _correction(
    messages: list[Notification],
    state: State,
    event: Event,
    policy: WorkflowPolicy,
    now: datetime,
) -> Notification:
    surest = min(messages, key=lambda m: (m.status is not Status.SENT, m.planned_at))
    return Notification(
        notification_id=notification_id(event.id, surest.recipient_id, surest.channel),
        ticket_id=state.ticket.ticket_id,
        about=About(
            fact_id=event.id,
            fact=type_of(event.payload).name,
            kind=Kind.CORRECTION,
            happened_at=event.time,
            corrects=tuple(m.notification_id for m in messages),
            disproved_by=event.causation_id or event.id,
            settles=surest.about.matter,
        ),
        recipient_id=surest.recipient_id,
        role=surest.role,
        channel=surest.channel,
        target=surest.target,
        template=_template(state, event, policy),
        fields=fields_of(state.ticket, event, policy),
        cause=event.cause,
        planned_at=now,
        due_at=now,
        urgency=most_urgent(m.urgency for m in messages),
        deferrable=all(m.deferrable for m in messages),
    )


def _template(state: State, event: Event, policy: WorkflowPolicy) -> str:
    """The words the workflow has for it; whom it names there plays no part (semantics T3)."""
    on = type_of(event.payload).name
    if on != "sla.withdrawn":
        return "correction"
    rules = policy.notification.matching(on, facts_of(state.ticket, event, policy))
    return rules[0].template if rules else "correction"


def _is_corrected(state: State, person: str, event: Event) -> bool:
    """The person is already being told of this late fact, about a message that surely got through."""
    return any(
        known.recipient_id == person
        and known.about.kind is Kind.CORRECTION
        and known.about.disproved_by == (event.causation_id or event.id)
        and known.status is not Status.SUPPRESSED
        and any(corrected.may_have_told for corrected in _corrected(state, known))
        for known in state.notifications.values()
    )


def _corrected(state: State, correction: Notification) -> list[Notification]:
    known = state.notifications
    return [known[one] for one in correction.about.corrects if one in known]
