"""Reading: a ticket with its messages, a page of tickets, how to reach a customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shared.db.engine import Transaction, fetch

from .domain.commands import CustomerFacts
from .domain.evidence import Evidence
from .domain.ticket import Message, Ticket

#: One ticket.
_TICKET: Final = "SELECT to_json(t)::text FROM ticket t WHERE ticket_id = $1"

#: A ticket and those that go on as it, near or far.
_FAMILY: Final = """
WITH RECURSIVE family (ticket_id) AS (
    SELECT $1::uuid
    UNION
    SELECT t.ticket_id FROM family f JOIN ticket t ON t.merged_into = f.ticket_id
)
SELECT ticket_id FROM family ORDER BY ticket_id
"""

#: What was written on some tickets, oldest first.
_MESSAGES: Final = """
SELECT to_json(m)::text FROM message m WHERE ticket_id = ANY ($1::uuid[]) ORDER BY at, n LIMIT $2
"""

#: Why its derived values are what they are, in the order in which they came.
_EVIDENCE: Final = """
SELECT at, message_id, why::text FROM evidence WHERE ticket_id = $1 ORDER BY id LIMIT $2
"""

#: Tickets, newest first, below an id.
_PAGE: Final = """
SELECT to_json(t)::text FROM ticket t
WHERE ($1::uuid IS NULL OR ticket_id < $1) AND ($2::text IS NULL OR status = $2)
    AND ($3::text IS NULL OR customer_id = $3)
    AND ($4::text IS NULL OR ticket_id IN (SELECT ticket_id FROM external_ref WHERE external_id = $4))
ORDER BY ticket_id DESC LIMIT $5
"""

#: One customer.
_CUSTOMER: Final = "SELECT to_json(c)::text FROM customer c WHERE customer_id = $1"

#: Replace how a customer is reached; everything else stays.
_SET_CONTACT: Final = """
INSERT INTO customer (customer_id, preferred_channel, contact) VALUES ($1, $2, $3::jsonb)
ON CONFLICT (customer_id)
DO UPDATE SET preferred_channel = excluded.preferred_channel, contact = excluded.contact
"""

#: More messages than this are not shown at once.
MOST_MESSAGES: Final = 1000


class TicketFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which tickets a page shows; what is None does not matter. `before` is where the last page ended."""

    before: UUID | None = None
    status: str | None = None
    customer_id: str | None = None
    external_id: str | None = None


class Reason(Evidence, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of evidence with its instant, and the message that shows it."""

    at: datetime
    message_id: UUID | None = None


_ticket = msgspec.json.Decoder(Ticket)
_why = msgspec.json.Decoder(tuple[Evidence, ...])
_message = msgspec.json.Decoder(Message)
_customer = msgspec.json.Decoder(CustomerFacts)


async def ticket(tx: Transaction, ticket_id: UUID) -> Ticket | None:
    """The ticket, if it has been opened."""
    rows = await fetch(tx, _TICKET, (ticket_id,))
    return _ticket.decode(rows[0][0]) if rows else None


async def family(tx: Transaction, ticket_id: UUID) -> list[UUID]:
    """The ticket and those that were merged into it: one conversation (M1)."""
    return [one for (one,) in await fetch(tx, _FAMILY, (ticket_id,))]


async def messages(tx: Transaction, tickets: Sequence[UUID]) -> list[Message]:
    """What was written on these tickets, oldest first, at most MOST_MESSAGES."""
    asked = (list(tickets), MOST_MESSAGES)
    return [_message.decode(row) for (row,) in await fetch(tx, _MESSAGES, asked)]


async def first_message(tx: Transaction, ticket_id: UUID) -> Message | None:
    """What the ticket began with."""
    rows = await fetch(tx, _MESSAGES, ([ticket_id], 1))
    return _message.decode(rows[0][0]) if rows else None


async def evidence(tx: Transaction, ticket_id: UUID) -> list[Reason]:
    """Why the ticket's derived values are what they are, oldest first."""
    rows = await fetch(tx, _EVIDENCE, (ticket_id, MOST_MESSAGES))
    return [
        Reason(at=at, message_id=message_id, **msgspec.structs.asdict(one))
        for at, message_id, why in rows
        for one in _why.decode(why)
    ]


async def tickets(tx: Transaction, which: TicketFilter, limit: int) -> list[Ticket]:
    """At most `limit` tickets, the newest first."""
    wanted = (which.before, which.status, which.customer_id, which.external_id, limit)
    return [_ticket.decode(row) for (row,) in await fetch(tx, _PAGE, wanted)]


async def customer(tx: Transaction, customer_id: str) -> CustomerFacts | None:
    """What we know of the customer."""
    rows = await fetch(tx, _CUSTOMER, (customer_id,))
    return _customer.decode(rows[0][0]) if rows else None


async def set_contact(tx: Transaction, facts: CustomerFacts) -> None:
    """From now on the customer is reached as `facts` say; a stranger becomes known."""
    contact = msgspec.json.encode(facts.contact or {}).decode()
    await tx.exec_driver_sql(_SET_CONTACT, (facts.customer_id, facts.preferred_channel, contact))
