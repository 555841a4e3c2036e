"""What callers may wish for, whatever channel it came by, and when it happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from shared.clock import whole_milliseconds
from shared.contracts import Author
from shared.contracts.vocabulary import (
    AuthorKind,
    CloseReason,
    Complexity,
    Grade,
    PauseReason,
    Priority,
    Status,
)

#: A source's own time is believed this far back, and this far ahead it is only a hasty clock (T1).
BELIEVED_BEFORE: Final = timedelta(hours=24)
BELIEVED_AFTER: Final = timedelta(seconds=120)

#: Who acts when a source does not say.
SYSTEM: Final = Author(kind=AuthorKind.SYSTEM)


class CustomerFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a source says about a customer; what it leaves out stays as it was known.

    A source that has no ids of its own leaves `customer_id` empty and says by which `addresses` the
    customer wrote (`email:ana@example.org`, `tel:+49301234`, `<source>:<its id>`), the surest first: whoever
    owns the first known one is meant, a stranger gets an id (`domain/identity.py`).
    """

    customer_id: str
    tier: str | None = None
    lifetime_value: float | None = None
    vip: bool | None = None
    recent_escalations: int | None = None
    preferred_channel: str | None = None
    account_manager: str | None = None
    account_owner: str | None = None
    revenue_impact: float | None = None
    contact: dict[str, str] | None = None
    addresses: tuple[str, ...] | None = None


def known_together(earlier: CustomerFacts, later: CustomerFacts) -> CustomerFacts:
    """What two sayings about one customer amount to: the later one wins where both say something."""
    said = {
        name: value
        for name in CustomerFacts.__struct_fields__
        if (value := getattr(later, name)) is not None
    }
    contact = {**(earlier.contact or {}), **(later.contact or {})}
    addresses = tuple(dict.fromkeys([*(earlier.addresses or ()), *(later.addresses or ())]))
    return msgspec.structs.replace(
        earlier, **{**said, "contact": contact or None, "addresses": addresses or None}
    )


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file that came with a message. One that may not be kept has no `content` and says why."""

    name: str
    content_type: str
    size: int
    content: bytes | None = None
    refused: str | None = None


class Command(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="command"):
    """A wish about one ticket, named by our id or by the source's own (`external_id`).

    `occurred_at` is the source's claim; what counts is the engine time made of it.
    """

    ticket_id: UUID | None = None
    external_id: str | None = None
    occurred_at: datetime | None = None
    by: Author = SYSTEM


class OpenTicket(Command, frozen=True, kw_only=True, omit_defaults=True, tag="open"):
    """A customer's problem begins. A `priority` given here is the source's own (semantics P5)."""

    customer: CustomerFacts
    subject: str
    body: str
    channel: str
    category: str | None = None
    complexity: Complexity | None = None
    impact: Grade | None = None
    urgency: Grade | None = None
    priority: Priority | None = None
    amount: float | None = None
    revenue_impact: float | None = None
    currency: str | None = None
    language: str | None = None
    outbound: bool = False
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()


class AddMessage(Command, frozen=True, kw_only=True, omit_defaults=True, tag="message"):
    """Somebody (`by`) wrote. `automatic` marks what no person wrote; it answers nothing (K3)."""

    body: str
    public: bool = True
    automatic: bool = False
    channel: str | None = None
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()


class Contact(Command, frozen=True, kw_only=True, omit_defaults=True, tag="contact"):
    """A customer wrote by a channel that knows conversations, not tickets: mail, chat, text messages.

    A follow-up where the conversation is known, else a new ticket. It is known by `external_id`, by any
    of the names in `also` (all of them are its names from now on), or by a ticket `reference` in its
    subject, which is believed for the writer's own tickets only. What no person wrote (`automatic`)
    opens nothing (semantics D5). In a `session`, whose name never ends, a ticket that was settled
    longer ago than the workflow's reopen window is over, and the next message opens a new one.

    A mail says which mails it `answers`. Those lead to their tickets, but are the ticket's names for
    this writer only: of two who answer a circular that we never saw, neither is on the other's ticket.
    What a mail calls itself may tell an address, so it does not travel as the ticket's reference (D9).
    """

    customer: CustomerFacts
    subject: str
    body: str
    channel: str
    language: str | None = None
    automatic: bool = False
    session: bool = False
    also: tuple[str, ...] = ()
    answers: tuple[str, ...] | None = None
    reference: str | None = None
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()

    def opening(self) -> OpenTicket:
        """The same as the beginning of a ticket."""
        return OpenTicket(
            ticket_id=self.ticket_id,
            external_id=self.external_id if self.answers is None else None,
            occurred_at=self.occurred_at,
            by=self.by,
            customer=self.customer,
            subject=self.subject,
            body=self.body,
            channel=self.channel,
            language=self.language,
            html=self.html,
            attachments=self.attachments,
        )

    def message(self) -> AddMessage:
        """The same as the customer's message on a ticket that is there."""
        return AddMessage(
            ticket_id=self.ticket_id,
            external_id=self.external_id,
            occurred_at=self.occurred_at,
            by=Author(kind=AuthorKind.CUSTOMER, id=self.customer.customer_id or None),
            body=self.body,
            automatic=self.automatic,
            channel=self.channel,
            html=self.html,
            attachments=self.attachments,
        )


class SetStatus(Command, frozen=True, kw_only=True, omit_defaults=True, tag="status"):
    """The status a ticket should have; which of the five commands below that is, its state decides."""

    status: Status
    resolution_code: str | None = None
    note: str | None = None


class Pause(Command, frozen=True, kw_only=True, omit_defaults=True, tag="pause"):
    """The ticket waits for somebody else (Z1). `note` becomes an internal note."""

    reason: PauseReason
    note: str | None = None


class Resume(Command, frozen=True, kw_only=True, omit_defaults=True, tag="resume"):
    """The waiting is over."""


class Resolve(Command, frozen=True, kw_only=True, omit_defaults=True, tag="resolve"):
    """The problem is solved. `only_waiting`: unless the ticket does not wait for its customer any more (Z6)."""

    resolution_code: str | None = None
    only_waiting: bool = False


class Reopen(Command, frozen=True, kw_only=True, omit_defaults=True, tag="reopen"):
    """It was not solved after all (R1)."""


class Close(Command, frozen=True, kw_only=True, omit_defaults=True, tag="close"):
    """The end of the ticket's life; an unsolved ticket is resolved by it."""

    reason: CloseReason = CloseReason.CONFIRMED


class SetPriority(Command, frozen=True, kw_only=True, omit_defaults=True, tag="priority"):
    """A new priority, or a new impact or urgency from which it follows (P6)."""

    priority: Priority | None = None
    impact: Grade | None = None
    urgency: Grade | None = None
    note: str | None = None


class Rate(Command, frozen=True, kw_only=True, omit_defaults=True, tag="rating"):
    """The customer's rating, 1 to 5."""

    score: int
    comment: str | None = None


class RequestEscalation(Command, frozen=True, kw_only=True, omit_defaults=True, tag="escalation"):
    """Somebody asks for a higher level; `reason` is one of the workflow's manual reasons (V16)."""

    reason: str
    to_level: str | None = None


class Assign(Command, frozen=True, kw_only=True, omit_defaults=True, tag="assignment"):
    """Somebody took the ticket, or was given it, in the channel itself: `assignee` as the source says."""

    assignee: str


class Classify(Command, frozen=True, kw_only=True, omit_defaults=True, tag="classification"):
    """Another category or complexity than triage read."""

    category: str | None = None
    complexity: Complexity | None = None


class Merge(Command, frozen=True, kw_only=True, omit_defaults=True, tag="merge"):
    """The ticket goes on as `into` (semantics M1). `automatic`: by the strict rule, not by a person."""

    into: UUID
    automatic: bool = False


class Unmerge(Command, frozen=True, kw_only=True, omit_defaults=True, tag="unmerge"):
    """The ticket goes its own way again (M4)."""


#: Every command; its tag tells which one, wherever commands are stored.
AnyCommand: TypeAlias = (
    OpenTicket
    | AddMessage
    | Contact
    | SetStatus
    | Pause
    | Resume
    | Resolve
    | Reopen
    | Close
    | SetPriority
    | Rate
    | RequestEscalation
    | Assign
    | Classify
    | Merge
    | Unmerge
)


def engine_time(occurred_at: datetime | None, ingested_at: datetime) -> tuple[datetime, bool]:
    """When a fact counts as having happened, and whether the source's clock is off (semantics T1).

    Whole milliseconds (T8); never after `ingested_at`, so no fact lies in its own future.
    """
    if occurred_at is None:
        return ingested_at, False
    try:
        claimed = whole_milliseconds(occurred_at)
    except OverflowError:  # the first or last day of the calendar, in a zone beyond it
        return ingested_at, True
    if claimed > ingested_at:
        return ingested_at, claimed - ingested_at > BELIEVED_AFTER
    if ingested_at - claimed > BELIEVED_BEFORE:
        return ingested_at, True
    return claimed, False
