"""Customers, their addresses and their past, in set-based SQL; the lock order stands in `store`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from shared.db.engine import Transaction, fetch

from .domain.commands import CustomerFacts
from .domain.history import LATELY, CustomerHistory, PastTicket

#: How many of a customer's latest tickets are looked at for what happened lately.
HISTORY_TICKETS: Final = 100

#: How many escalations are counted at most.
MOST_ESCALATIONS: Final = 100

#: A ticket may have been opened this long ago when we hear of it (semantics T1).
_BELIEVED: Final = timedelta(days=1)

#: Addresses are rows of their own.
_CUSTOMER_COLUMNS: Final = ", ".join(
    name for name in CustomerFacts.__struct_fields__ if name != "addresses"
)

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

#: Addresses, locked, that belong to other customers from now on.
_RELINK: Final = """
UPDATE customer_address a SET customer_id = t.customer_id, linked_at = $3
FROM unnest($1::text[], $2::text[]) AS t (address, customer_id) WHERE a.address = t.address
"""

#: Customers, locked in id order.
_LOCK_CUSTOMERS: Final = """
SELECT 1 FROM customer WHERE customer_id = ANY ($1::text[]) ORDER BY customer_id FOR UPDATE
"""

#: Add what is said about customers to what is known; answers with all of it, who is new, and when their
#: tickets were escalated lately.
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
    account_owner = coalesce(excluded.account_owner, c.account_owner),
    revenue_impact = coalesce(excluded.revenue_impact, c.revenue_impact),
    contact = coalesce(c.contact || excluded.contact, excluded.contact, c.contact)
RETURNING to_json(c)::text, xmax = 0, ARRAY (
    SELECT e.at FROM customer_escalation e
    WHERE e.customer_id = c.customer_id AND e.at > $2 ORDER BY e.at DESC LIMIT {MOST_ESCALATIONS}
)
"""

#: The latest tickets of some customers.
_HISTORIES: Final = """
SELECT to_json(t)::text FROM unnest($1::text[]) AS c (customer_id)
CROSS JOIN LATERAL (
    SELECT ticket_id, customer_id, category, opened_at, reopened_at, rating, rated_at FROM ticket
    WHERE customer_id = c.customer_id ORDER BY opened_at DESC LIMIT $2
) AS t
"""

#: Count escalations for whoever asked on the ticket, each once.
_COUNT_ESCALATIONS: Final = """
INSERT INTO customer_escalation (escalation_id, customer_id, at)
SELECT e.escalation_id, t.customer_id, e.at
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS e (escalation_id, ticket_id, at)
JOIN ticket t USING (ticket_id) ORDER BY e.escalation_id ON CONFLICT DO NOTHING
"""

#: They never were.
_UNCOUNT_ESCALATIONS: Final = (
    "DELETE FROM customer_escalation WHERE escalation_id = ANY ($1::uuid[])"
)

#: Forget the oldest escalations up to a limit.
_FORGET_ESCALATIONS: Final = """
DELETE FROM customer_escalation
WHERE ctid = ANY (ARRAY(SELECT ctid FROM customer_escalation WHERE at < $1 LIMIT $2))
"""

_customer = msgspec.json.Decoder(CustomerFacts)
_past_ticket = msgspec.json.Decoder(PastTicket)


class Known(NamedTuple):
    """A customer as known by now, and when their tickets were escalated lately."""

    facts: CustomerFacts
    is_new: bool
    escalated: list[datetime]


class Escalated(NamedTuple):
    """One escalation of a ticket."""

    escalation_id: UUID
    ticket_id: UUID
    at: datetime


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


async def relink(tx: Transaction, addresses: Mapping[str, str], now: datetime) -> None:
    """These addresses, which are locked, belong to these customers from now on."""
    if addresses:
        columns = (list(addresses), list(addresses.values()), now)
        await tx.exec_driver_sql(_RELINK, columns)


async def lock_customers(tx: Transaction, ids: Collection[str]) -> None:
    """Lock these customers' rows, so that what is counted of them stays true to the commit."""
    if ids:
        await tx.exec_driver_sql(_LOCK_CUSTOMERS, (list(ids),))


async def know_customers(
    tx: Transaction, said: Collection[CustomerFacts], now: datetime
) -> dict[str, Known]:
    """Add what is said to what is known, one entry a customer; returns all we know, by customer."""
    if not said:
        return {}
    document = msgspec.json.encode(list(said)).decode()
    rows = await fetch(tx, _KNOW_CUSTOMERS, (document, now - LATELY - _BELIEVED))
    known = [Known(_customer.decode(row), is_new, at) for row, is_new, at in rows]
    return {one.facts.customer_id: one for one in known}


async def histories(
    tx: Transaction, customer_ids: Collection[str], known: Mapping[str, Known]
) -> dict[str, CustomerHistory]:
    """What these customers have been through, by their latest tickets. Of new ones nothing is looked for."""
    ids = [one for one in customer_ids if one not in known or not known[one].is_new]
    rows = await fetch(tx, _HISTORIES, (ids, HISTORY_TICKETS)) if ids else []
    tickets: dict[str, list[PastTicket]] = {customer_id: [] for customer_id in ids}
    for (row,) in rows:
        past = _past_ticket.decode(row)
        tickets[past.customer_id].append(past)
    return {
        customer_id: CustomerHistory(
            past, escalated=known[customer_id].escalated if customer_id in known else ()
        )
        for customer_id, past in tickets.items()
    }


async def count_escalations(tx: Transaction, escalated: Sequence[Escalated]) -> None:
    """Remember escalations of customers' tickets; those that are known stay as they are."""
    if escalated:
        columns = tuple(list(column) for column in zip(*escalated, strict=True))
        await tx.exec_driver_sql(_COUNT_ESCALATIONS, columns)


async def uncount_escalations(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Forget escalations that turned out to have no ground."""
    if ids:
        await tx.exec_driver_sql(_UNCOUNT_ESCALATIONS, (list(ids),))


async def forget_escalations(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget up to `limit` escalations from before `before`; returns how many."""
    return (await tx.exec_driver_sql(_FORGET_ESCALATIONS, (before, limit))).rowcount
