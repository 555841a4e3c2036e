"""Who watches a ticket, or everything of a customer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.notifier.domain.audience import Watching
from shared.db.engine import Transaction, fetch


class Kind(StrEnum):
    """What can be watched."""

    TICKET = "ticket"
    CUSTOMER = "customer"


#: Who watches some of them, in the order in which they began.
_SOME: Final = """
SELECT kind, subject, recipient_id FROM watcher
WHERE (kind = 'ticket' AND subject = ANY ($1::text[]))
    OR (kind = 'customer' AND subject = ANY ($2::text[]))
ORDER BY since, recipient_id
"""

_OF: Final = """
SELECT recipient_id FROM watcher WHERE kind = $1 AND subject = $2 ORDER BY since, recipient_id
"""

_PUT: Final = """
INSERT INTO watcher (kind, subject, recipient_id, since) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""

_DELETE: Final = "DELETE FROM watcher WHERE kind = $1 AND subject = $2 AND recipient_id = $3"
_FORGET: Final = "DELETE FROM watcher WHERE recipient_id = $1"
_IS_KNOWN: Final = "SELECT 1 FROM ticket WHERE ticket_id = $1"


async def watching(
    tx: Transaction, ticket_ids: Iterable[UUID], customer_ids: Iterable[str]
) -> Watching:
    """Who watches these. One statement."""
    tickets: dict[UUID, tuple[str, ...]] = {}
    customers: dict[str, tuple[str, ...]] = {}
    wanted = ([str(one) for one in ticket_ids], sorted(set(customer_ids)))
    for kind, subject, recipient_id in await fetch(tx, _SOME, wanted):
        if kind == Kind.TICKET:
            tickets[UUID(subject)] = (*tickets.get(UUID(subject), ()), recipient_id)
        else:
            customers[subject] = (*customers.get(subject, ()), recipient_id)
    return Watching(tickets, customers)


async def of(tx: Transaction, kind: Kind, subject: str) -> list[str]:
    """Who watches it, by recipient id."""
    return [found for (found,) in await fetch(tx, _OF, (kind.value, subject))]


async def put(tx: Transaction, kind: Kind, subject: str, recipient_id: str, now: datetime) -> None:
    """Somebody watches it from now on, if they do not already."""
    await tx.exec_driver_sql(_PUT, (kind.value, subject, recipient_id, now))


async def delete(tx: Transaction, kind: Kind, subject: str, recipient_id: str) -> bool:
    """Somebody watches it no longer; False when they did not."""
    return (await tx.exec_driver_sql(_DELETE, (kind.value, subject, recipient_id))).rowcount > 0


async def forget(tx: Transaction, recipient_id: str) -> None:
    """Somebody watches nothing any more."""
    await tx.exec_driver_sql(_FORGET, (recipient_id,))


async def knows_ticket(tx: Transaction, ticket_id: UUID) -> bool:
    """Has a fact about that ticket been heard?"""
    return bool(await fetch(tx, _IS_KNOWN, (ticket_id,)))
