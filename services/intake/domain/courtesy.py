"""Which message on a solved ticket is a courtesy and does not bring it back (semantics R2)."""

from __future__ import annotations

from datetime import datetime

from .commands import AddMessage
from .decision import Asked
from .ticket import Ticket


def is_courtesy(ticket: Ticket, command: AddMessage, asked: Asked) -> bool:
    """Whether the customer's message on a settled ticket asks for nothing.

    While an earlier courtesy may still be looked at, whatever comes means that there is more to say.
    """
    rules, solved = asked.policy.workflow.triage.courtesy, ticket.resolved_at
    if solved is None or asked.at > solved + rules.within or command.attachments:
        return False
    if ticket.courtesy_at and asked.at < _review_ends(ticket, ticket.courtesy_at, asked):
        return False
    return asked.policy.courtesies.are_all_of(command.body)


def _review_ends(ticket: Ticket, began: datetime, asked: Asked) -> datetime:
    """Until when a courtesy of `began` shows as to be reviewed, in the customer's business hours (C7)."""
    workflow = asked.policy.workflow
    contract = workflow.customers.calendar_of(ticket.customer_id, ticket.customer_tier)
    hours = workflow.calendars[contract] if contract else workflow.business_hours
    return hours.add(began, workflow.sla.courtesy_review)
