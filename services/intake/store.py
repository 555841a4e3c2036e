"""Intake's tables in set-based SQL: a fixed number of statements, whatever the size of a group.

Lock order: delivery, external_ref, ticket, customer, stream; within each the order of its key. Wide rows
go in and out as JSON whose names are the columns', which costs one parameter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias, TypeVar
from uuid import UUID

import msgspec

from shared.db.engine import Transaction, fetch

from .domain.commands import AnyCommand, CustomerFacts
from .domain.delivery import Outcome
from .domain.evidence import Evidence
from .domain.history import CustomerHistory, PastTicket
from .domain.ticket import KeptFile, Message, Ticket

#: A delivery's or a ticket's name at its source.
Named: TypeAlias = tuple[str, str]

#: How many of a customer's latest tickets are looked at for what happened lately.
HISTORY_TICKETS: Final = 100

_TICKET_COLUMNS: Final = ", ".join(Ticket.__struct_fields__)
_MESSAGE_COLUMNS: Final = ", ".join(Message.__struct_fields__)
_FILE_COLUMNS: Final = ", ".join(KeptFile.__struct_fields__)
#: Addresses are rows of their own.
_CUSTOMER_COLUMNS: Final = ", ".join(
    name for name in CustomerFacts.__struct_fields__ if name != "addresses"
)

#: Claim deliveries nobody has claimed, with the answer their repeats will get.
_CLAIM: Final = """
INSERT INTO delivery (source, dedupe_key, body_digest, answer, clock_skew, received_at)
SELECT source, dedupe_key, body_digest, answer, clock_skew, $6
FROM unnest($1::text[], $2::text[], $3::bytea[], $4::jsonb[], $5::bool[])
    AS t (source, dedupe_key, body_digest, answer, clock_skew)
ORDER BY source, dedupe_key ON CONFLICT DO NOTHING RETURNING source, dedupe_key
"""

#: What was answered to deliveries claimed before.
_RECALL: Final = """
SELECT source, dedupe_key, body_digest, answer::text FROM delivery
JOIN unnest($1::text[], $2::text[]) AS t (source, dedupe_key) USING (source, dedupe_key)
"""

#: The answer turned out otherwise than expected.
_CORRECT: Final = """
UPDATE delivery d SET answer = t.answer
FROM unnest($1::text[], $2::text[], $3::jsonb[]) AS t (source, dedupe_key, answer)
WHERE d.source = t.source AND d.dedupe_key = t.dedupe_key
"""

#: Forget the oldest deliveries up to a limit.
_FORGET: Final = """
DELETE FROM delivery WHERE ctid = ANY (ARRAY(SELECT ctid FROM delivery WHERE received_at < $1 LIMIT $2))
"""

#: Name tickets, where the names are free.
_NAME: Final = """
INSERT INTO external_ref (source, external_id, ticket_id)
SELECT source, external_id, ticket_id
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS t (source, external_id, ticket_id)
ORDER BY source, external_id ON CONFLICT DO NOTHING RETURNING source, external_id, ticket_id
"""

#: Whose the other names are. Locked, so that a shell is not opened while something is said about it.
_NAMED: Final = """
SELECT r.source, r.external_id, r.ticket_id FROM external_ref r
JOIN unnest($1::text[], $2::text[]) AS t (source, external_id) USING (source, external_id)
ORDER BY r.source, r.external_id FOR UPDATE OF r
"""

#: Tickets and those they were merged into, locked in id order.
_LOCK_TICKETS: Final = """
WITH RECURSIVE chain (ticket_id, merged_into) AS (
    SELECT ticket_id, merged_into FROM ticket WHERE ticket_id = ANY ($1::uuid[])
    UNION
    SELECT t.ticket_id, t.merged_into FROM chain c JOIN ticket t ON t.ticket_id = c.merged_into
)
SELECT to_json(t)::text FROM ticket t WHERE ticket_id IN (SELECT ticket_id FROM chain)
ORDER BY ticket_id FOR UPDATE OF t
"""

#: Whose some names are, unlocked.
_LOOK_UP: Final = """
SELECT source, external_id, ticket_id FROM external_ref
JOIN unnest($1::text[], $2::text[]) AS t (source, external_id) USING (source, external_id)
"""

#: Names that belong to another ticket from now on.
_RENAME: Final = """
UPDATE external_ref r SET ticket_id = t.ticket_id
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS t (source, external_id, ticket_id)
WHERE r.source = t.source AND r.external_id = t.external_id
"""

#: Customers' tickets by the short reference people call them by: the last eight digits of the id.
_REFERENCED: Final = """
SELECT customer_id, reference, max(ticket_id::text)::uuid FROM ticket
JOIN unnest($1::text[], $2::text[]) AS t (customer_id, reference) USING (customer_id)
WHERE right(ticket_id::text, 8) = lower(reference) GROUP BY customer_id, reference
"""

#: Whose some addresses are.
_OWNERS: Final = """
SELECT address, customer_id FROM customer_address WHERE address = ANY ($1::text[])
"""

#: Give addresses to customers, where they are nobody's.
_LINK: Final = """
INSERT INTO customer_address (address, customer_id, linked_at)
SELECT address, customer_id, $3 FROM unnest($1::text[], $2::text[]) AS t (address, customer_id)
ORDER BY address ON CONFLICT DO NOTHING RETURNING address
"""

#: Tickets as they are now: new ones, and changed ones under the lock above.
_SAVE_TICKETS: Final = f"""
INSERT INTO ticket ({_TICKET_COLUMNS})
SELECT {_TICKET_COLUMNS} FROM json_populate_recordset(NULL::ticket, $1::json)
ON CONFLICT (ticket_id) DO UPDATE SET ({_TICKET_COLUMNS}) = ROW
    ({", ".join(f"excluded.{name}" for name in Ticket.__struct_fields__)})
"""

_ADD_MESSAGES: Final = f"""
INSERT INTO message ({_MESSAGE_COLUMNS})
SELECT {_MESSAGE_COLUMNS} FROM json_populate_recordset(NULL::message, $1::json)
"""

_ADD_FILES: Final = f"""
INSERT INTO attachment ({_FILE_COLUMNS})
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[],
    $7::bytea[], $8::text[])
"""

_ADD_EVIDENCE: Final = """
INSERT INTO evidence (ticket_id, message_id, at, why)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::jsonb[])
"""

#: Keep commands about shells.
_BUFFER: Final = """
INSERT INTO buffered_command (ticket_id, command_id, command, at, traceparent)
SELECT ticket_id, command_id, command, at, traceparent
FROM unnest($1::uuid[], $2::uuid[], $3::jsonb[], $4::timestamptz[], $5::text[])
WITH ORDINALITY AS t (ticket_id, command_id, command, at, traceparent, n) ORDER BY n
"""

#: Take the commands about tickets that are being opened.
_TAKE_BUFFERED: Final = """
WITH taken AS (
    DELETE FROM buffered_command WHERE ticket_id = ANY ($1::uuid[])
    RETURNING id, ticket_id, command_id, command, at, traceparent
)
SELECT ticket_id, command_id, command::text, at, traceparent FROM taken ORDER BY id
"""

#: Customers, locked in id order.
_LOCK_CUSTOMERS: Final = """
SELECT 1 FROM customer WHERE customer_id = ANY ($1::text[]) ORDER BY customer_id FOR UPDATE
"""

#: Add what is said about customers to what is known; answers with all of it, and who is new.
_KNOW_CUSTOMERS: Final = f"""
INSERT INTO customer AS c ({_CUSTOMER_COLUMNS})
SELECT {_CUSTOMER_COLUMNS} FROM json_populate_recordset(NULL::customer, $1::json) ORDER BY customer_id
ON CONFLICT (customer_id) DO UPDATE SET
    tier = coalesce(excluded.tier, c.tier),
    lifetime_value = coalesce(excluded.lifetime_value, c.lifetime_value),
    vip = coalesce(excluded.vip, c.vip),
    recent_escalations = coalesce(excluded.recent_escalations, c.recent_escalations),
    preferred_channel = coalesce(excluded.preferred_channel, c.preferred_channel),
    account_manager = coalesce(excluded.account_manager, c.account_manager),
    revenue_impact = coalesce(excluded.revenue_impact, c.revenue_impact),
    contact = coalesce(c.contact || excluded.contact, excluded.contact, c.contact)
RETURNING to_json(c)::text, xmax = 0
"""

#: The latest tickets of some customers.
_HISTORIES: Final = """
SELECT to_json(t)::text FROM unnest($1::text[]) AS c (customer_id)
CROSS JOIN LATERAL (
    SELECT ticket_id, customer_id, category, opened_at, reopened_at FROM ticket
    WHERE customer_id = c.customer_id ORDER BY opened_at DESC LIMIT $2
) AS t
"""

_outcomes = msgspec.json.Decoder(list[Outcome])
_ticket = msgspec.json.Decoder(Ticket)
_command = msgspec.json.Decoder(AnyCommand)
_customer = msgspec.json.Decoder(CustomerFacts)
_past_ticket = msgspec.json.Decoder(PastTicket)
_encoder = msgspec.json.Encoder()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery about to be claimed, with the answer it will most likely get."""

    name: Named
    digest: bytes
    answer: tuple[Outcome, ...]
    clock_skew: bool


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why some values of a ticket are what they are, and which message showed it."""

    ticket_id: UUID
    message_id: UUID | None
    at: datetime
    why: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Buffered:
    """A command about a ticket that has not been opened yet, with its engine time."""

    ticket_id: UUID
    command_id: UUID
    command: AnyCommand
    at: datetime
    traceparent: str | None


async def claim(tx: Transaction, claims: Sequence[Claim], now: datetime) -> set[Named]:
    """Claim deliveries; returns the names nobody had claimed. Waits for whoever is claiming one."""
    columns = (
        [claim.name[0] for claim in claims],
        [claim.name[1] for claim in claims],
        [claim.digest for claim in claims],
        [_json(claim.answer) for claim in claims],
        [claim.clock_skew for claim in claims],
    )
    return {(source, key) for source, key in await fetch(tx, _CLAIM, (*columns, now))}


async def recall(
    tx: Transaction, names: Iterable[Named]
) -> dict[Named, tuple[bytes, tuple[Outcome, ...]]]:
    """The body digest and the answer of deliveries claimed before."""
    rows = await fetch(tx, _RECALL, _two_columns(names))
    return {
        (source, key): (digest, tuple(_outcomes.decode(answer)))
        for source, key, digest, answer in rows
    }


async def correct_answers(tx: Transaction, answers: Mapping[Named, tuple[Outcome, ...]]) -> None:
    """Replace what the repeats of these deliveries are told."""
    if answers:
        columns = (*_two_columns(answers), [_json(answer) for answer in answers.values()])
        await tx.exec_driver_sql(_CORRECT, columns)


async def forget_deliveries(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget up to `limit` deliveries received before `before`; returns how many."""
    return (await tx.exec_driver_sql(_FORGET, (before, limit))).rowcount


async def name_tickets(
    tx: Transaction, proposed: Mapping[Named, UUID]
) -> tuple[dict[Named, UUID], dict[Named, UUID]]:
    """Find the tickets of these (source, external id), naming a new one where there is none.

    Returns the names made now, with the ids proposed, and those that existed. All are locked.
    """
    if not proposed:
        return {}, {}
    rows = await fetch(tx, _NAME, (*_two_columns(proposed), list(proposed.values())))
    made = {(source, external_id): ticket_id for source, external_id, ticket_id in rows}
    others = [name for name in proposed if name not in made]
    rows = await fetch(tx, _NAMED, _two_columns(others)) if others else []
    return made, {(source, external_id): ticket_id for source, external_id, ticket_id in rows}


async def named(tx: Transaction, names: Collection[Named]) -> dict[Named, UUID]:
    """Whose these names are, as far as they are anybody's; nothing is locked."""
    rows = await fetch(tx, _LOOK_UP, _two_columns(names)) if names else []
    return {(source, external_id): ticket_id for source, external_id, ticket_id in rows}


async def rename(tx: Transaction, names: Mapping[Named, UUID]) -> None:
    """These names belong to these tickets from now on."""
    if names:
        await tx.exec_driver_sql(_RENAME, (*_two_columns(names), list(names.values())))


async def referenced(
    tx: Transaction, references: Collection[tuple[str, str]]
) -> dict[tuple[str, str], UUID]:
    """The tickets that (customer, short reference) mean, where the customer has such a ticket."""
    rows = await fetch(tx, _REFERENCED, _two_columns(references)) if references else []
    return {(customer_id, reference): ticket_id for customer_id, reference, ticket_id in rows}


async def owners(tx: Transaction, addresses: Collection[str]) -> dict[str, str]:
    """Which customers these addresses belong to, as far as they are known."""
    rows = await fetch(tx, _OWNERS, (list(addresses),))
    return {str(address): str(customer_id) for address, customer_id in rows}


async def link(tx: Transaction, addresses: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Give addresses to customers; returns the owners of those that were taken meanwhile."""
    columns = (list(addresses), list(addresses.values()), now)
    linked = {address for (address,) in await fetch(tx, _LINK, columns)}
    taken = addresses.keys() - linked
    return await owners(tx, taken) if taken else {}


async def lock_tickets(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, Ticket]:
    """Those of `ids` that have been opened, and those they were merged into, locked."""
    rows = await fetch(tx, _LOCK_TICKETS, (list(ids),)) if ids else []
    tickets = [_ticket.decode(row) for (row,) in rows]
    return {ticket.ticket_id: ticket for ticket in tickets}


async def save_tickets(tx: Transaction, tickets: Collection[Ticket]) -> None:
    """Write `tickets` as they are."""
    if tickets:
        await tx.exec_driver_sql(_SAVE_TICKETS, (_json(list(tickets)),))


async def add_messages(tx: Transaction, messages: Sequence[Message]) -> None:
    """Keep texts."""
    if messages:
        await tx.exec_driver_sql(_ADD_MESSAGES, (_json(messages),))


async def add_files(tx: Transaction, files: Sequence[KeptFile]) -> None:
    """Keep files."""
    if files:
        columns = zip(*(msgspec.structs.astuple(file) for file in files), strict=True)
        await tx.exec_driver_sql(_ADD_FILES, tuple(list(column) for column in columns))


async def add_evidence(tx: Transaction, reasons: Sequence[Reasons]) -> None:
    """Keep why derived values are what they are."""
    if reasons:
        columns = (
            [one.ticket_id for one in reasons],
            [one.message_id for one in reasons],
            [one.at for one in reasons],
            [_json(one.why) for one in reasons],
        )
        await tx.exec_driver_sql(_ADD_EVIDENCE, columns)


async def buffer(tx: Transaction, commands: Sequence[Buffered]) -> None:
    """Keep commands until their ticket is opened."""
    if commands:
        columns = (
            [one.ticket_id for one in commands],
            [one.command_id for one in commands],
            [_json(one.command) for one in commands],
            [one.at for one in commands],
            [one.traceparent for one in commands],
        )
        await tx.exec_driver_sql(_BUFFER, columns)


async def take_buffered(tx: Transaction, ids: Collection[UUID]) -> list[Buffered]:
    """Take the commands kept for these tickets, in the order they came."""
    rows = await fetch(tx, _TAKE_BUFFERED, (list(ids),)) if ids else []
    return [
        Buffered(ticket_id, command_id, _command.decode(command), at, traceparent)
        for ticket_id, command_id, command, at, traceparent in rows
    ]


async def lock_customers(tx: Transaction, ids: Collection[str]) -> None:
    """Lock these customers' rows, so that what is counted of them stays true to the commit."""
    if ids:
        await tx.exec_driver_sql(_LOCK_CUSTOMERS, (list(ids),))


async def know_customers(
    tx: Transaction, said: Collection[CustomerFacts]
) -> tuple[dict[str, CustomerFacts], set[str]]:
    """Add what is said to what is known, one entry a customer; returns all we know, and who is new."""
    rows = await fetch(tx, _KNOW_CUSTOMERS, (_json(list(said)),)) if said else []
    known = [(_customer.decode(row), is_new) for row, is_new in rows]
    return (
        {facts.customer_id: facts for facts, _ in known},
        {facts.customer_id for facts, is_new in known if is_new},
    )


async def histories(tx: Transaction, customer_ids: Collection[str]) -> dict[str, CustomerHistory]:
    """What these customers have been through, by their latest tickets."""
    ids = list(customer_ids)
    rows = await fetch(tx, _HISTORIES, (ids, HISTORY_TICKETS)) if ids else []
    tickets: dict[str, list[PastTicket]] = {customer_id: [] for customer_id in ids}
    for (row,) in rows:
        past = _past_ticket.decode(row)
        tickets[past.customer_id].append(past)
    return {customer_id: CustomerHistory(past) for customer_id, past in tickets.items()}


def _two_columns(names: Iterable[Named]) -> tuple[list[str], list[str]]:
    pairs = list(names)
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _json(value: object) -> str:
    return _encoder.encode(value).decode()
