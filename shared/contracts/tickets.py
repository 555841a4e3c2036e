"""support.tickets, produced by intake: what happens to a ticket. Key: ticket id.

No bodies, addresses or phone numbers; the subject line is the one free text (ruling 4).
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from .payload import TicketPayload, payload
from .topics import TICKETS
from .vocabulary import (
    AuthorKind,
    CloseReason,
    Complexity,
    Grade,
    Instant,
    PauseReason,
    Priority,
    SentimentLabel,
)


class Customer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who asks. `tier` is one of the workflow's customer tiers; money is in the workflow's currency.

    `account_owner` is the agent who looks after them: a dedicated customer success manager.
    """

    customer_id: str
    tier: str
    lifetime_value: float | None = None
    vip: bool | None = None
    recent_escalations: int | None = None
    preferred_channel: str | None = None
    account_owner: str | None = None


class Author(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who did something."""

    kind: AuthorKind
    id: str | None = None


class Sentiment(msgspec.Struct, frozen=True, kw_only=True):
    """How a message sounds: `score` in [-1, 1] and the ticket's label after it (semantics V3)."""

    score: float
    label: SentimentLabel


class Change(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One field's old and new value."""

    from_: str
    to: str


class DuplicateCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that looks alike; `score` in [0, 100]."""

    ticket_id: UUID
    score: float


class ArticleRank(msgspec.Struct, frozen=True, kw_only=True):
    """A knowledge-base article that may help; 1 is the best."""

    article_id: str
    rank: int


@payload("ticket.opened", topic=TICKETS)
class TicketOpened(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket exists, triaged (semantics P5). `signals` are the names of word groups found."""

    channel: str
    customer: Customer
    subject_line: str
    category: str
    complexity: Complexity
    priority: Priority
    impact: Grade
    urgency: Grade
    opened_at: Instant
    contact_number: int
    reopened_count: int
    recent_reopened: int
    signals: list[str] = []
    external_ref: str | None = None
    amount: float | None = None
    revenue_impact: float | None = None
    currency: str | None = None
    language: str | None = None
    duplicate_of: UUID | None = None
    outbound: bool | None = None


@payload("ticket.message_added", topic=TICKETS)
class TicketMessageAdded(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody wrote. `automatic` marks acknowledgements and auto-replies, which answer nothing (K3);
    `courtesy` a customer's thanks after the ticket was solved, which brings nothing back (R2).
    """

    message_id: UUID
    author: Author
    public: bool
    at: Instant
    signals: list[str] = []
    automatic: bool | None = None
    channel: str | None = None
    courtesy: bool | None = None


@payload("ticket.analysed", topic=TICKETS)
class TicketAnalysed(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """What was read from a message's text after it was accepted."""

    message_id: UUID
    sentiment: Sentiment | None = None
    language: str | None = None
    duplicate_candidates: list[DuplicateCandidate] = []
    articles: list[ArticleRank] = []


@payload("ticket.reclassified", topic=TICKETS)
class TicketReclassified(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """Triage changed; `changes` names the fields: priority, category, complexity, customer_tier …"""

    changes: dict[str, Change]
    reason: str
    by: Author


@payload("ticket.paused", topic=TICKETS)
class TicketPaused(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The ticket waits for somebody else (status pending or on_hold, semantics Z1)."""

    reason: PauseReason
    by: Author


@payload("ticket.resumed", topic=TICKETS)
class TicketResumed(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The waiting is over."""

    reason: str
    by: Author


@payload("ticket.resolved", topic=TICKETS)
class TicketResolved(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The problem is solved. `first_contact`: by the first agent reply, without escalation."""

    by: Author
    first_contact: bool
    resolution_code: str | None = None


@payload("ticket.reopened", topic=TICKETS)
class TicketReopened(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """It was not solved after all. `recent_reopened` counts this customer's tickets in 30 days,
    `contact_number` how often they came about this in that time: a reopening is a contact (V18).
    """

    by: Author
    reopened_count: int
    recent_reopened: int
    contact_number: int | None = None


@payload("ticket.closed", topic=TICKETS)
class TicketClosed(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The end of a ticket's life."""

    by: Author
    reason: CloseReason


@payload("ticket.merged", topic=TICKETS)
class TicketMerged(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """This ticket goes on as another one (semantics M1)."""

    into_ticket_id: UUID


@payload("ticket.unmerged", topic=TICKETS)
class TicketUnmerged(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """This ticket goes its own way again (semantics M4)."""

    from_ticket_id: UUID


@payload("ticket.assignment_requested", topic=TICKETS)
class TicketAssignmentRequested(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody took the ticket, or was given it, in the channel itself; the router decides."""

    assignee: str
    by: Author


@payload("ticket.rated", topic=TICKETS)
class TicketRated(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The customer's rating: `score` from 1 to 5. `recent`: what they gave lately over all of their
    tickets, six at most, this one last (semantics V13).
    """

    score: int
    comment_given: bool
    recent: list[int] = []


@payload("ticket.escalation_requested", topic=TICKETS)
class TicketEscalationRequested(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody asks for a higher level; `reason` is one of the workflow's manual reasons (V16)."""

    by: Author
    reason: str
    to_level: str | None = None
