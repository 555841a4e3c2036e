"""Asking the customer for a rating: once a ticket, and not when they have rated already (features S0-36)."""

from __future__ import annotations

import msgspec

from shared.contracts import Event, TicketRated, TicketReopened
from shared.contracts.vocabulary import SuppressReason
from shared.policy import WorkflowPolicy

from .audience import CUSTOMER
from .notification import Notification, Status
from .state import Planned, State, Voided


def asks(notification: Notification, policy: WorkflowPolicy) -> bool:
    """Whether it asks a customer how well we did."""
    return notification.role == CUSTOMER and policy.notification.is_survey(notification.template)


def once(state: State, planned: Planned, policy: WorkflowPolicy) -> Planned:
    """It as it is; a survey of a ticket that was rated or asked about before is suppressed."""
    new = planned.notification
    if new.status is not Status.PENDING or not asks(new, policy):
        return planned
    if state.ticket.rating is not None:
        reason = SuppressReason.CANCELLED
    elif any(_has_asked(known, policy) for known in state.notifications.values()):
        reason = SuppressReason.DUPLICATE
    else:
        return planned
    return Planned(msgspec.structs.replace(new, status=Status.SUPPRESSED, reason=reason))


def rated_or_reopened(state: State, event: Event, policy: WorkflowPolicy) -> list[Voided]:
    """Surveys that need not leave any more: the customer has rated, or the case is not settled after all."""
    if not isinstance(event.payload, TicketRated | TicketReopened):
        return []
    return [
        Voided(known.notification_id, SuppressReason.CANCELLED)
        for known in state.notifications.values()
        if known.is_open and asks(known, policy)
    ]


def _has_asked(known: Notification, policy: WorkflowPolicy) -> bool:
    return (known.is_open or known.may_have_told) and asks(known, policy)
