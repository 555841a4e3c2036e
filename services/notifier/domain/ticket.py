"""What the notifier must remember of a ticket: a fold over the facts it has heard about it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from shared.contracts import (
    ClockPayload,
    EscalationAcknowledged,
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Event,
    TicketAnalysed,
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketMessageAdded,
    TicketOpened,
    TicketPaused,
    TicketQueued,
    TicketRated,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketUnassigned,
    TicketUnmerged,
)
from shared.contracts.vocabulary import PauseReason, SentimentLabel, Status

from .promise import PROMISED, Promise, owed


class OpenEscalation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The ticket's one open escalation (semantics L10)."""

    escalation_id: UUID
    level: str
    team: str
    summary: str | None = None
    acknowledged_by: str | None = None
    holds_until: datetime | None = None

    def is_held_at(self, at: datetime) -> bool:
        """Somebody has taken responsibility and still has it (semantics L4)."""
        return self.acknowledged_by is not None and (
            self.holds_until is None or at < self.holds_until
        )


class Ticket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket as the notifier knows it. `settled_at`: when it was solved, closed or merged;
    `before_merge`: its status before it went on as another one; `first_queued`: the fact that first put it
    into a queue, whose rule's people are told (G9); `promises`: what the customer is owed, by metric;
    `articles`: what may help, the best first.

    The subject line is not here: it is free text, and stands in a column of its own that an erasure
    can blank (ruling 4).
    """

    ticket_id: UUID
    status: Status = Status.NEW
    settled_at: datetime | None = None
    before_merge: Status | None = None
    customer_id: str | None = None
    customer_tier: str | None = None
    customer_vip: bool | None = None
    lifetime_value: float | None = None
    currency: str | None = None
    external_ref: str | None = None
    channel: str | None = None
    category: str | None = None
    complexity: str | None = None
    priority: str | None = None
    impact: str | None = None
    urgency: str | None = None
    language: str | None = None
    amount: float | None = None
    revenue_impact: float | None = None
    signals: tuple[str, ...] = ()
    contact_number: int | None = None
    recent_escalations: int | None = None
    reopened_count: int | None = None
    recent_reopened: int | None = None
    opened_at: datetime | None = None
    sentiment: float | None = None
    sentiment_label: SentimentLabel | None = None
    rating: int | None = None
    queue: str | None = None
    level: str | None = None
    assignee: str | None = None
    assignee_team: str | None = None
    resolution_code: str | None = None
    first_queued: UUID | None = None
    escalation: OpenEscalation | None = None
    promises: dict[str, Promise] = {}
    analysed: bool = False
    articles: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """The short name people call the ticket by."""
        return reference_of(self.ticket_id)


def reference_of(ticket_id: UUID) -> str:
    """The short name of a ticket: the last eight digits of its id."""
    return f"#{ticket_id.hex[-8:].upper()}"


def evolve(ticket: Ticket, event: Event) -> Ticket:  # noqa: C901, PLR0912 - one line a fact
    """The ticket after `event`. Facts that say nothing to the notifier leave it as it is."""
    change = msgspec.structs.replace
    match event.payload:
        case TicketOpened() as opened:
            return _opened(ticket, opened)
        case TicketAnalysed() as said:
            return _analysed(ticket, said)
        case TicketMessageAdded(signals=found):
            return change(ticket, signals=tuple(dict.fromkeys([*ticket.signals, *found])))
        case TicketReclassified() as said:
            return _reclassified(ticket, said)
        case TicketPaused(reason=reason):
            waits = reason is PauseReason.WAITING_ON_CUSTOMER
            return change(ticket, status=Status.PENDING if waits else Status.ON_HOLD)
        case TicketResumed():
            return change(ticket, status=Status.OPEN)
        case TicketResolved() as said:
            return change(
                ticket,
                status=Status.RESOLVED,
                settled_at=event.time,
                resolution_code=said.resolution_code,
            )
        case TicketClosed():
            return change(ticket, status=Status.CLOSED, settled_at=ticket.settled_at or event.time)
        case TicketMerged():
            return _merged(ticket, event.time)
        case TicketUnmerged():
            return _unmerged(ticket)
        case TicketReopened() as said:
            return change(
                ticket,
                status=Status.OPEN,
                settled_at=None,
                reopened_count=said.reopened_count,
                recent_reopened=said.recent_reopened,
            )
        case TicketRated(score=score):
            return change(ticket, rating=score)
        case TicketQueued() as said:
            first = ticket.first_queued or event.id
            return change(ticket, queue=said.queue, level=said.level, first_queued=first)
        case TicketAssigned() as said:
            return change(
                ticket,
                assignee=said.agent_id,
                assignee_team=said.team,
                queue=said.queue,
                level=said.level,
            )
        case TicketUnassigned():
            return change(ticket, assignee=None, assignee_team=None)
        case EscalationRaised(level=level) | EscalationAdvanced(to_level=level) as said:
            return change(ticket, escalation=_escalation(ticket, said, level))
        case EscalationAcknowledged() as said:
            return _acknowledged(ticket, said)
        case EscalationResolved():
            return change(ticket, escalation=None)
        case ClockPayload(metric=metric) as said if metric in PROMISED:
            return change(ticket, promises=owed(ticket.promises, said))
    return ticket


def _opened(ticket: Ticket, opened: TicketOpened) -> Ticket:
    return msgspec.structs.replace(
        ticket,
        customer_id=opened.customer.customer_id,
        customer_tier=opened.customer.tier,
        customer_vip=opened.customer.vip,
        lifetime_value=opened.customer.lifetime_value,
        currency=opened.currency,
        recent_escalations=opened.customer.recent_escalations,
        external_ref=opened.external_ref,
        channel=opened.channel,
        category=opened.category,
        complexity=opened.complexity,
        priority=opened.priority,
        impact=opened.impact,
        urgency=opened.urgency,
        language=opened.language,
        amount=opened.amount,
        revenue_impact=opened.revenue_impact,
        signals=tuple(opened.signals),
        contact_number=opened.contact_number,
        reopened_count=opened.reopened_count,
        recent_reopened=opened.recent_reopened,
        opened_at=opened.opened_at,
    )


def _escalation(
    ticket: Ticket, said: EscalationRaised | EscalationAdvanced, level: str
) -> OpenEscalation:
    """The escalation as it is now, with the summary of its last hand-off."""
    known = ticket.escalation
    summary = known.summary if known and known.escalation_id == said.escalation_id else None
    if said.handoff is not None:
        summary = said.handoff.summary
    return OpenEscalation(
        escalation_id=said.escalation_id, level=level, team=said.to_team, summary=summary
    )


def _analysed(ticket: Ticket, said: TicketAnalysed) -> Ticket:
    """The first message is about what the ticket is about; later ones suggest no articles."""
    ranked = sorted(said.articles, key=lambda article: article.rank)
    read = said.sentiment
    return msgspec.structs.replace(
        ticket,
        analysed=True,
        articles=tuple(article.article_id for article in ranked) or ticket.articles,
        language=said.language or ticket.language,
        sentiment=read.score if read else ticket.sentiment,
        sentiment_label=read.label if read else ticket.sentiment_label,
    )


_SETTLED = frozenset({Status.RESOLVED, Status.CLOSED})


def _merged(ticket: Ticket, at: datetime) -> Ticket:
    return msgspec.structs.replace(
        ticket,
        status=Status.CLOSED,
        settled_at=ticket.settled_at or at,
        before_merge=ticket.status,
    )


def _unmerged(ticket: Ticket) -> Ticket:
    """As it was before; what was open is open again, and its people are told again (semantics M4)."""
    before = ticket.before_merge or ticket.status
    return msgspec.structs.replace(
        ticket,
        status=before,
        settled_at=ticket.settled_at if before in _SETTLED else None,
        before_merge=None,
    )


_RECLASSIFIABLE = frozenset({"priority", "category", "complexity", "customer_tier"})


def _reclassified(ticket: Ticket, said: TicketReclassified) -> Ticket:
    changes = {name: new.to for name, new in said.changes.items() if name in _RECLASSIFIABLE}
    return msgspec.structs.replace(ticket, **changes)


def _acknowledged(ticket: Ticket, said: EscalationAcknowledged) -> Ticket:
    escalation = ticket.escalation
    if escalation is None or escalation.escalation_id != said.escalation_id:
        return ticket
    held = msgspec.structs.replace(
        escalation, acknowledged_by=said.by, holds_until=said.holds_until
    )
    return msgspec.structs.replace(ticket, escalation=held)
