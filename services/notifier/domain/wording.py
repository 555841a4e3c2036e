"""What a message may say: the template fields of one fact, as people write things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from shared.contracts import (
    EscalationAcknowledged,
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Event,
    NotificationFailed,
    SlaBreached,
    SlaSuspiciousDowngrade,
    SlaWarning,
    SlaWithdrawn,
    TicketUnroutable,
)
from shared.contracts.vocabulary import FailureKind
from shared.policy import WorkflowPolicy

from .notification import Fields
from .ticket import Ticket

#: The role of customers; who holds which is found out elsewhere.
_CUSTOMER: Final = "customer"

#: Why a message is lost, in words.
_FAILURES: Final = {
    FailureKind.PERMANENT: "it was refused for good",
    FailureKind.EXHAUSTED: "every attempt failed",
}


def fields_of(ticket: Ticket, event: Event, policy: WorkflowPolicy) -> Fields:
    """The fields that follow from the fact itself. Subject line and links are added when a message
    is sent, so that neither is stored with it.
    """
    return fields_of_ticket(ticket, policy) | _of_fact(event, policy)


def fields_of_ticket(ticket: Ticket, policy: WorkflowPolicy) -> Fields:
    """The fields that follow from what is known of the ticket."""
    told: Fields = {
        "reference": ticket.reference,
        "ticket_id": str(ticket.ticket_id),
        "priority": ticket.priority,
        "category": ticket.category,
        "customer_tier": ticket.customer_tier,
        "queue": in_words(ticket.queue),
        "agent": ticket.assignee,
        "team": ticket.assignee_team,
        "sentiment_label": ticket.sentiment_label or "calm",
        "summary": ticket.escalation.summary if ticket.escalation else None,
        "resolution": in_words(ticket.resolution_code),
        "company": policy.company,
        **_level(ticket.level, policy),
    }
    for metric, owed in ticket.promises.items():
        told[f"{metric}_target"] = lasting(timedelta(seconds=owed.target_seconds))
    return told


def _of_fact(event: Event, policy: WorkflowPolicy) -> Fields:
    match event.payload:
        case SlaWarning() as said:
            return {
                "metric": in_words(said.metric),
                "threshold": said.threshold_percent,
                **instant_in_figures("deadline", said.deadline),
                "remaining": lasting(timedelta(seconds=max(0, said.remaining_seconds))),
            }
        case SlaBreached() as said:
            return {
                "metric": in_words(said.metric),
                "threshold": 100,
                **instant_in_figures("deadline", said.deadline),
                "remaining": lasting(timedelta()),
                "priority": said.priority,
            }
        case SlaWithdrawn() as said:
            return {
                "metric": in_words(said.metric),
                "threshold": said.threshold_percent or 100,
                **instant_in_figures("deadline", said.deadline),
                "reason": f"it had been answered at {at_clock(said.happened_at)}",
            }
        case SlaSuspiciousDowngrade() as said:
            return {
                "metric": in_words(said.metric),
                "threshold": said.used_percent,
                "priority": said.to_priority,
                "reason": f"{said.by or 'an agent'} lowered it from {said.from_priority} to {said.to_priority}",
            }
        case EscalationRaised(level=level) | EscalationAdvanced(to_level=level) as said:
            return _raised(said, level, policy)
        case EscalationAcknowledged() as said:
            return {"agent": said.by, **_level(said.level, policy)}
        case EscalationResolved() as said:
            return {
                "reason": in_words(said.reason or said.outcome),
                **_level(said.level, policy),
            }
        case NotificationFailed() as said:
            return {
                "recipient": "the customer" if said.role == _CUSTOMER else said.recipient_id,
                "channel": said.channel,
                "reason": _FAILURES[said.error_kind],
            }
        case TicketUnroutable() as said:
            return {"queue": in_words(said.queue), "reason": in_words(said.cause)}
    return {}


def _raised(
    said: EscalationRaised | EscalationAdvanced, level: str, policy: WorkflowPolicy
) -> Fields:
    told: Fields = {
        "team": said.to_team,
        "from_level": in_words(said.from_level),
        "reason": in_words(said.reason),
        "priority": said.priority,
        **_level(level, policy),
    }
    if said.acknowledge_by is not None:
        told |= instant_in_figures("acknowledge_by", said.acknowledge_by)
        told["urgency_note"] = f"Somebody must take it by {at_clock(said.acknowledge_by)}."
    if said.handoff is not None and said.handoff.sentiment:
        told["sentiment_label"] = said.handoff.sentiment
    return told


def _level(name: str | None, policy: WorkflowPolicy) -> Fields:
    if name is None:
        return {}
    try:
        level = policy.level(name)
    except KeyError:  # a level of a workflow that is no longer in force (semantics F3)
        return {"level": in_words(name), "level_title": in_words(name)}
    within = level.respond_within
    return {
        "level": in_words(level.name),
        "level_title": level.title,
        "respond_within": lasting(within) if within else "a few minutes",
        "respond_within_seconds": int(within.total_seconds()) if within else 0,
    }


def instant_in_figures(name: str, instant: datetime) -> Fields:
    """An instant in figures, and as machines write it, of which the reader's own words are made."""
    return {name: at_clock(instant), f"{name}_at": instant.astimezone(UTC).isoformat()}


def in_words(code: str | None) -> str | None:
    """A code as people write it: `first_response` → "first response"."""
    return str(code).replace("_", " ") if code is not None else None


def at_clock(instant: datetime) -> str:
    """An instant to the minute, with its zone; seconds where they are not zero."""
    shown = instant.astimezone(UTC)
    return shown.strftime("%Y-%m-%d %H:%M:%S UTC" if shown.second else "%Y-%m-%d %H:%M UTC")


def lasting(duration: timedelta) -> str:
    """A duration in its two largest units: "1 d 4 h", "15 min", "0 s"."""
    left = int(duration.total_seconds())
    parts: list[str] = []
    for seconds, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, seconds)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
    return " ".join(part for part in parts[:2] if part) or "0 s"
