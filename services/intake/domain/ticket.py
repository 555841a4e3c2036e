"""A ticket as intake knows it: the fold of its facts (`evolve`), nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shared.contracts import (
    Payload,
    TicketAnalysed,
    TicketClosed,
    TicketEscalationRequested,
    TicketMerged,
    TicketMessageAdded,
    TicketOpened,
    TicketPaused,
    TicketRated,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketUnmerged,
)
from shared.contracts.vocabulary import (
    AuthorKind,
    CloseReason,
    Complexity,
    Grade,
    PauseReason,
    Priority,
    SentimentLabel,
    Status,
)

PAUSED: Final = {
    PauseReason.WAITING_ON_CUSTOMER: Status.PENDING,
    PauseReason.WAITING_ON_THIRD_PARTY: Status.ON_HOLD,
}

#: The reason of a change that a mood brought about.
MOOD: Final = "sentiment"

#: The word group that raises the priority at the opening, as a mood does later (V7).
BUMPING_SIGNAL: Final = "angry"


class Fact(msgspec.Struct, frozen=True):
    """What happened, and its engine time: the envelope's `time` (semantics T1)."""

    payload: Payload
    at: datetime


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """One customer problem. Its fields are the columns of the table `ticket`.

    `status_at` and `priority_at` are the engine times of the facts that set them: what happened
    before them comes too late to change them. `agent_replies` counts public replies of people. `bumped`: its
    mood has raised the priority, which happens once, from `opening_priority` (P4). `merged_into`: what is
    said of it is meant for that one (M1). `courtesy_at`: when its customer, the ticket being solved, said nothing
    but thanks (R2). `frustrated_in_a_row` alone is no fold: no event tells it, so
    whoever reads the texts keeps it (`domain/sentiment.py`).
    """

    ticket_id: UUID
    correlation_id: UUID
    customer_id: str
    customer_tier: str
    channel: str
    external_ref: str | None
    subject: str
    category: str
    complexity: Complexity
    priority: Priority
    impact: Grade
    urgency: Grade
    signals: list[str]
    contact_number: int
    opened_at: datetime
    status: Status
    status_at: datetime
    priority_at: datetime
    reopened_at: list[datetime] = []
    agent_replies: int = 0
    first_response_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    close_reason: CloseReason | None = None
    rating: int | None = None
    escalation_requested: bool = False
    language: str | None = None
    sentiment: SentimentLabel = SentimentLabel.CALM
    frustrated_in_a_row: int = 0
    bumped: bool = False
    opening_priority: Priority | None = None
    merged_into: UUID | None = None
    rated_at: datetime | None = None
    courtesy_at: datetime | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One utterance on a ticket, with its text. Its fields are the columns of the table `message`;
    `traceparent` is of the request that brought it.
    """

    message_id: UUID
    ticket_id: UUID
    author_kind: AuthorKind
    author_id: str | None
    public: bool
    body: str
    at: datetime
    automatic: bool = False
    channel: str | None = None
    html: str | None = None
    traceparent: str | None = None


class KeptFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a message. Its fields are the columns of the table `attachment`."""

    attachment_id: UUID
    ticket_id: UUID
    message_id: UUID
    name: str
    content_type: str
    size: int
    content: bytes | None
    refused: str | None


def opened_ticket(fact: Fact, correlation_id: UUID) -> Ticket:
    """The ticket that a `TicketOpened` makes; `correlation_id` is the root of all its events."""
    opened = fact.payload
    assert isinstance(opened, TicketOpened)
    return Ticket(
        ticket_id=opened.ticket_id,
        correlation_id=correlation_id,
        customer_id=opened.customer.customer_id,
        customer_tier=opened.customer.tier,
        channel=opened.channel,
        external_ref=opened.external_ref,
        subject=opened.subject_line,
        category=opened.category,
        complexity=opened.complexity,
        priority=opened.priority,
        impact=opened.impact,
        urgency=opened.urgency,
        signals=opened.signals,
        contact_number=opened.contact_number,
        language=opened.language,
        opened_at=opened.opened_at,
        status=Status.NEW,
        status_at=fact.at,
        priority_at=fact.at,
        bumped=BUMPING_SIGNAL in opened.signals,
        opening_priority=opened.priority,
    )


def evolve(ticket: Ticket, fact: Fact) -> Ticket:  # noqa: C901, PLR0912 - one line a fact
    """The ticket after `fact`. A payload that says nothing about a ticket's state changes nothing."""
    said, at = fact.payload, fact.at
    change, latest = msgspec.structs.replace, max(at, ticket.status_at)
    match said:
        case TicketMessageAdded():
            return _answered(ticket, said, at)
        case TicketPaused():
            return change(ticket, status=PAUSED[said.reason], status_at=latest)
        case TicketResumed():
            return change(ticket, status=_working(ticket), status_at=latest)
        case TicketResolved():
            return change(
                ticket,
                status=Status.RESOLVED,
                status_at=latest,
                resolved_at=at,
                courtesy_at=None,
            )
        case TicketClosed():
            return change(
                ticket,
                status=Status.CLOSED,
                status_at=latest,
                closed_at=at,
                close_reason=said.reason,
            )
        case TicketReopened():
            return change(
                ticket,
                status=Status.OPEN,
                status_at=latest,
                reopened_at=[*ticket.reopened_at, at],
                resolved_at=None,
                closed_at=None,
                close_reason=None,
                courtesy_at=None,
            )
        case TicketReclassified():
            return _reclassified(ticket, said, at)
        case TicketRated():
            return change(ticket, rating=said.score, rated_at=at)
        case TicketEscalationRequested():
            return change(ticket, escalation_requested=True)
        case TicketMerged():
            return change(ticket, merged_into=said.into_ticket_id)
        case TicketUnmerged():
            return change(ticket, merged_into=None)
        case TicketAnalysed():
            return _analysed(ticket, said)
        case _:
            return ticket


def _analysed(ticket: Ticket, said: TicketAnalysed) -> Ticket:
    label = said.sentiment.label if said.sentiment else ticket.sentiment
    return msgspec.structs.replace(
        ticket, sentiment=label, language=ticket.language or said.language
    )


def _working(ticket: Ticket) -> Status:
    return Status.OPEN if ticket.first_response_at else Status.NEW


def _answered(ticket: Ticket, said: TicketMessageAdded, at: datetime) -> Ticket:
    """A person's public reply is an answer; the first one opens a new ticket."""
    if said.courtesy:
        return msgspec.structs.replace(ticket, courtesy_at=at)
    if said.author.kind is not AuthorKind.AGENT or not said.public or said.automatic:
        return ticket
    return msgspec.structs.replace(
        ticket,
        agent_replies=ticket.agent_replies + 1,
        first_response_at=min(at, ticket.first_response_at or at),
        status=Status.OPEN if ticket.status is Status.NEW else ticket.status,
    )


#: What a change of priority is made of.
_PRICES: Final = frozenset({"priority", "impact", "urgency"})


def _reclassified(ticket: Ticket, said: TicketReclassified, at: datetime) -> Ticket:
    new = {name: change.to for name, change in said.changes.items()}
    return msgspec.structs.replace(
        ticket,
        priority=Priority(new.get("priority", ticket.priority)),
        impact=Grade(new.get("impact", ticket.impact)),
        urgency=Grade(new.get("urgency", ticket.urgency)),
        category=new.get("category", ticket.category),
        complexity=Complexity(new.get("complexity", ticket.complexity)),
        customer_tier=new.get("customer_tier", ticket.customer_tier),
        priority_at=at if _PRICES & new.keys() else ticket.priority_at,
        bumped=ticket.bumped or said.reason == MOOD,
    )
