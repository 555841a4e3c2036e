"""What the conditions of notification rules may ask about a ticket and the fact at hand."""

from __future__ import annotations

from shared.contracts import (
    ClockPayload,
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Event,
    SlaBreached,
    TicketClosed,
)
from shared.policy import Facts, WorkflowPolicy

from .ticket import Ticket


def facts_of(ticket: Ticket, event: Event, policy: WorkflowPolicy) -> Facts:
    """The facts by the names of `shared.policy.facts`; what is not known is absent (semantics G10)."""
    same_currency = ticket.currency is None or ticket.currency.upper() == policy.currency
    return {
        "priority": ticket.priority,
        "impact": ticket.impact,
        "urgency": ticket.urgency,
        "category": ticket.category,
        "complexity": ticket.complexity,
        "channel": ticket.channel,
        "language": ticket.language,
        "customer_tier": ticket.customer_tier,
        "customer_vip": ticket.customer_vip,
        "lifetime_value": ticket.lifetime_value,
        "amount": ticket.amount if same_currency else None,
        "revenue_impact": ticket.revenue_impact if same_currency else None,
        "contact_number": ticket.contact_number,
        "reopened_count": ticket.reopened_count,
        "recent_reopened": ticket.recent_reopened,
        "recent_escalations": ticket.recent_escalations,
        "signals": ticket.signals,
        **policy.hours(event.time),
        "status": ticket.status.value,
        "level": ticket.level,
        "sentiment": ticket.sentiment,
        "sentiment_label": ticket.sentiment_label,
        "rating": ticket.rating,
        **_of_event(event),
    }


def _of_event(event: Event) -> Facts:
    """What the fact itself says, which is newer than what we remember of the ticket."""
    match event.payload:
        case SlaBreached() as said:
            return {"metric": said.metric.value, "priority": said.priority.value}
        case ClockPayload() as said:
            return {"metric": said.metric.value}
        case EscalationRaised(level=level) | EscalationAdvanced(to_level=level) as said:
            return {"level": level, "priority": said.priority.value, "reason": said.reason}
        case TicketClosed(reason=reason):
            return {"close_reason": reason.value}
        case EscalationResolved() as said:
            return {"level": said.level, "reason": said.reason or said.outcome.value}
    return {}
