"""What an outage has made too many of: one message a clock, and a line to the levels passed over (L9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from shared.contracts import EscalationAdvanced, Event, type_of
from shared.contracts.vocabulary import SuppressReason
from shared.policy import WorkflowPolicy

from .audience import CUSTOMER
from .notification import About, Kind, Notification, Status, Urgency, notification_id
from .state import Planned, State, Voided
from .voiding import BREACH
from .wording import fields_of

#: The words for those whose level the ladder has gone past.
PASSED: Final = "passed_over"


def behind_a_breach(state: State, planned: Sequence[Planned]) -> list[Planned]:
    """`planned`, without reminders to whom the breach of the same clock is still to be told."""
    breaches = {
        (known.recipient_id, known.about.clock)
        for known in state.notifications.values()
        if known.is_open and known.about.threshold == BREACH
    }
    return [
        Planned(_superseded(p.notification))
        if (p.notification.about.threshold or 0) > BREACH
        and p.notification.status is Status.PENDING
        and (p.notification.recipient_id, p.notification.about.clock) in breaches
        else p
        for p in planned
    ]


def passed_over(
    state: State, event: Event, planned: Sequence[Planned], policy: WorkflowPolicy, now: datetime
) -> tuple[list[Voided], list[Planned]]:
    """Pages of an escalation that had not begun when it went on, and the line their people get instead.

    As long as nobody further up is paged, they stay as they are.
    """
    said = event.payload
    told = {p.notification.recipient_id for p in planned if _is_page(p.notification)}
    if not isinstance(said, EscalationAdvanced) or not told:
        return [], []
    waiting = [
        known
        for known in state.notifications.values()
        if _is_page(known)
        and known.attempts == 0
        and known.about.escalation_id == said.escalation_id
        and known.about.fact_id != event.id
    ]
    voided = [Voided(known.notification_id, SuppressReason.SUPERSEDED) for known in waiting]
    informed = {
        (known.recipient_id, known.channel): Planned(_line(known, event, state, policy, now))
        for known in waiting
        if known.recipient_id not in told
    }
    return voided, list(informed.values())


def _is_page(known: Notification) -> bool:
    return (
        known.about.kind is Kind.ESCALATION
        and known.status is Status.PENDING
        and known.role != CUSTOMER
    )


def _superseded(reminder: Notification) -> Notification:
    return msgspec.structs.replace(
        reminder, status=Status.SUPPRESSED, reason=SuppressReason.SUPERSEDED
    )


def _line(
    page: Notification, event: Event, state: State, policy: WorkflowPolicy, now: datetime
) -> Notification:
    """What the person of that page is told instead: nothing is asked of them."""
    about = About(
        fact_id=event.id,
        fact=type_of(event.payload).name,
        kind=Kind.TICKET,
        happened_at=event.time,
        escalation_id=page.about.escalation_id,
    )
    return Notification(
        notification_id=notification_id(event.id, page.recipient_id, page.channel),
        ticket_id=page.ticket_id,
        about=about,
        recipient_id=page.recipient_id,
        role=page.role,
        channel=page.channel,
        target=page.target,
        template=PASSED,
        fields=fields_of(state.ticket, event, policy),
        cause=event.cause,
        planned_at=now,
        due_at=now,
        urgency=Urgency.NORMAL,
        deferrable=True,
    )
