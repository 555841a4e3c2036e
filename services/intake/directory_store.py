"""The customer directory in set-based SQL: write entries, show them, and whose tickets they concern."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shared.db.engine import Transaction, fetch

from .domain.commands import CustomerFacts
from .domain.directory import CONTACT, VALUES

#: What is known of some customers' tiers; locked, so that it is what is replaced.
_TIERS: Final = "SELECT customer_id, tier FROM customer WHERE customer_id = ANY ($1::text[])"
_LOCK_TIERS: Final = f"{_TIERS} ORDER BY customer_id FOR UPDATE"

#: Replace the named values of customers, and the named parts of how they are reached.
_WRITE: Final = f"""
INSERT INTO customer AS c (customer_id, {", ".join(VALUES)}, contact)
SELECT customer_id, {", ".join(VALUES)}, contact
FROM json_populate_recordset(NULL::customer, $1::json) ORDER BY customer_id
ON CONFLICT (customer_id) DO UPDATE SET
    {
    ", ".join(
        f"{name} = CASE WHEN '{name}' = ANY ($2::text[]) THEN excluded.{name} ELSE c.{name} END"
        for name in VALUES
    )
},
    contact = (coalesce(c.contact, '{{}}') - $3::text[]) || coalesce(excluded.contact, '{{}}')
RETURNING to_json(c)::text
"""

#: The tickets of some customers that somebody still works on.
_OPEN: Final = """
SELECT ticket_id FROM ticket WHERE customer_id = ANY ($1::text[])
AND status NOT IN ('resolved', 'closed') AND merged_into IS NULL
"""

#: Customers in id order, behind an id.
_PAGE: Final = """
SELECT to_json(c)::text FROM customer c
WHERE ($1::text IS NULL OR customer_id > $1) AND ($2::text IS NULL OR lower(tier) = lower($2))
ORDER BY customer_id LIMIT $3
"""

#: A customer's addresses.
_ADDRESSES: Final = """
SELECT address, linked_at FROM customer_address WHERE customer_id = $1 ORDER BY address
"""

_UNLINK: Final = "DELETE FROM customer_address WHERE address = $1 AND customer_id = $2"

_customer = msgspec.json.Decoder(CustomerFacts)


async def tiers(
    tx: Transaction, customer_ids: Collection[str], *, lock: bool
) -> dict[str, str | None]:
    """What is known of these customers' tiers; strangers are left out."""
    rows = await fetch(tx, _LOCK_TIERS if lock else _TIERS, (list(customer_ids),))
    return {str(customer_id): tier for customer_id, tier in rows}


async def write(
    tx: Transaction, entries: Sequence[CustomerFacts], columns: Collection[str]
) -> list[CustomerFacts]:
    """Replace what is known of these customers, one entry each, in `columns`; returns them as they are."""
    document = msgspec.json.encode(entries).decode()
    values = [name for name in VALUES if name in columns]
    contact = [name for name in CONTACT if name in columns]
    rows = await fetch(tx, _WRITE, (document, values, contact))
    return [_customer.decode(row) for (row,) in rows]


async def open_tickets(tx: Transaction, customer_ids: Collection[str]) -> list[UUID]:
    """The tickets of these customers that are neither settled nor merged."""
    if not customer_ids:
        return []
    return [ticket_id for (ticket_id,) in await fetch(tx, _OPEN, (list(customer_ids),))]


async def page(
    tx: Transaction, *, after: str | None, tier: str | None, limit: int
) -> list[CustomerFacts]:
    """At most `limit` customers in id order, those behind `after`."""
    return [_customer.decode(row) for (row,) in await fetch(tx, _PAGE, (after, tier, limit))]


async def addresses(tx: Transaction, customer_id: str) -> list[tuple[str, datetime]]:
    """By which addresses the customer writes, and since when we know."""
    return [(address, at) for address, at in await fetch(tx, _ADDRESSES, (customer_id,))]


async def unlink(tx: Transaction, address: str, customer_id: str) -> bool:
    """Let an address be nobody's; False when it was not this customer's."""
    return (await tx.exec_driver_sql(_UNLINK, (address, customer_id))).rowcount > 0
