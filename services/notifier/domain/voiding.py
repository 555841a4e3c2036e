"""What need not be said any more: settled, superseded, disproved (semantics L8, L9, T3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.contracts import (
    ClockPayload,
    EscalationAcknowledged,
    EscalationResolved,
    Event,
    SlaCancelled,
    SlaClosedLate,
    SlaMet,
    SlaWithdrawn,
    TicketClosed,
    TicketMerged,
    TicketResolved,
)
from shared.contracts.vocabulary import EscalationOutcome, SuppressReason

from .audience import CUSTOMER
from .notification import About, Kind, Notification, Status
from .state import Planned, State, Voided
from .ticket import Ticket

#: The percentage that is the breach; above it stand the overdue reminders (semantics L6).
BREACH = 100


def clock_of(said: ClockPayload) -> str:
    """The clock a fact is about: metric and cycle."""
    return f"{said.metric.value}:{said.cycle}"


def settled_by(state: State, event: Event) -> list[Voided]:
    """Messages that `event` makes pointless."""
    return [
        Voided(known.notification_id, SuppressReason.CANCELLED)
        for known in state.notifications.values()
        if known.is_open and _settles(event, known)
    ]


def superseded_by(state: State, planned: Sequence[Planned]) -> list[Voided]:
    """Lower thresholds of a clock, once a higher one is told instead; never the breach (semantics L9)."""
    told = {
        p.notification.about.clock: p.notification.about.threshold or 0
        for p in planned
        if p.notification.status is Status.PENDING and p.notification.about.kind is Kind.CLOCK
    }
    return [
        Voided(known.notification_id, SuppressReason.SUPERSEDED)
        for known in state.notifications.values()
        if known.is_open
        and known.about.kind is Kind.CLOCK
        and known.about.threshold != BREACH
        and (known.about.threshold or 0) < told.get(known.about.clock, 0)
    ]


def is_pointless(about: About, ticket: Ticket) -> bool:
    """The ticket had settled what a fact is about before the fact reached us, or somebody has taken
    the escalation and wants no reminders (semantics L4, L8).
    """
    if about.kind not in {Kind.CLOCK, Kind.ESCALATION}:
        return False
    if ticket.settled_at is not None and about.happened_at <= ticket.settled_at:
        return True
    escalation = ticket.escalation
    return _is_reminder(about) and bool(escalation and escalation.is_held_at(about.happened_at))


def is_over(about: About, ticket: Ticket, now: datetime) -> bool:
    """Nobody needs to hear of it any more at `now`: the ticket is settled, the escalation is closed or somebody
    has it.
    """
    if about.kind is Kind.ESCALATION:
        escalation = ticket.escalation
        is_open = escalation is not None and escalation.escalation_id == about.escalation_id
        return not is_open or bool(escalation and escalation.is_held_at(now))
    return is_pointless(about, ticket)


def disproved_by(state: State, event: Event) -> list[Notification]:
    """What staff were told, or may be told at this moment, that `event` takes back (semantics T3).

    The customer hears of no warning and no breach, and so of no correction.
    """
    return [
        known
        for known in state.notifications.values()
        if (known.may_have_told or known.status is Status.LEASED)
        and known.role != CUSTOMER
        and _disproves(event, known.about)
    ]


def _settles(event: Event, known: Notification) -> bool:
    about = known.about
    match event.payload:
        case TicketResolved() | TicketClosed() | TicketMerged():
            # another topic: what it tells of may have happened since
            before = about.happened_at <= event.time
            return before and about.kind in {Kind.CLOCK, Kind.ESCALATION}
        case SlaMet() | SlaCancelled() as said:
            return about.kind is Kind.CLOCK and about.clock == clock_of(said)
        case SlaClosedLate() as said:  # the breach stands, and is told (semantics K1)
            warning = about.kind is Kind.CLOCK and about.threshold != BREACH
            return warning and about.clock == clock_of(said)
        case EscalationAcknowledged() as said:
            page = about.escalation_id == said.escalation_id and known.role != CUSTOMER
            return page or _is_reminder(about)
        case EscalationResolved() as said:
            return about.escalation_id == said.escalation_id
    return _disproves(event, about)


def _disproves(event: Event, about: About) -> bool:
    match event.payload:
        case SlaWithdrawn(threshold_percent=percent) as said:
            if about.kind is not Kind.CLOCK or about.clock != clock_of(said):
                return False
            threshold = about.threshold or 0
            return threshold >= BREACH if percent is None else threshold == percent
        case EscalationResolved(outcome=EscalationOutcome.CANCELLED) as said:
            escalation = about.kind is Kind.ESCALATION
            return escalation and about.escalation_id == said.escalation_id
    return False


def _is_reminder(about: About) -> bool:
    return about.kind is Kind.CLOCK and (about.threshold or 0) > BREACH
