"""Tickets with their notifications: loaded and locked for a batch, saved after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

import msgspec

from services.notifier.domain.notification import Notification
from services.notifier.domain.state import State
from services.notifier.domain.ticket import Ticket
from shared.db.engine import Transaction, fetch

from . import rows

#: The tickets of a batch, locked in id order.
_TICKETS: Final = """
SELECT ticket_id, view::text FROM ticket WHERE ticket_id = ANY ($1::uuid[])
ORDER BY ticket_id FOR UPDATE
"""

#: What may still be sent about them, locked: the deliverer works on the same rows.
_OPEN: Final = f"""
SELECT {rows.COLUMNS} FROM notification
WHERE ticket_id = ANY ($1::uuid[]) AND status IN ('pending', 'leased')
ORDER BY notification_id FOR UPDATE
"""

#: What has been settled about them; read after the locks, so nothing is missed in between.
_SETTLED: Final = f"""
SELECT {rows.COLUMNS} FROM notification
WHERE ticket_id = ANY ($1::uuid[]) AND status NOT IN ('pending', 'leased')
"""

#: Remember tickets; a subject line once known stays until an erasure blanks it.
_SAVE: Final = """
INSERT INTO ticket (ticket_id, view, subject_line)
SELECT ticket_id, view, subject_line
FROM unnest($1::uuid[], $2::jsonb[], $3::text[]) AS t (ticket_id, view, subject_line)
ON CONFLICT (ticket_id) DO UPDATE SET view = excluded.view,
    subject_line = coalesce(excluded.subject_line, ticket.subject_line)
"""


async def load(tx: Transaction, ticket_ids: list[UUID]) -> dict[UUID, State]:
    """The state of each ticket, an empty one for a ticket not met before. Three statements."""
    tickets = {
        ticket_id: msgspec.json.decode(view, type=Ticket)
        for ticket_id, view in await fetch(tx, _TICKETS, (ticket_ids,))
    }
    known: dict[UUID, dict[UUID, Notification]] = {ticket_id: {} for ticket_id in ticket_ids}
    for statement in (_OPEN, _SETTLED):
        for row in await fetch(tx, statement, (ticket_ids,)):
            found = rows.notification_of(row)
            known[found.ticket_id][found.notification_id] = found
    return {
        ticket_id: State(
            tickets.get(ticket_id) or Ticket(ticket_id=ticket_id),
            MappingProxyType(known[ticket_id]),
        )
        for ticket_id in ticket_ids
    }


async def save(
    tx: Transaction,
    tickets: Iterable[Ticket],
    *,
    subject_lines: Mapping[UUID, str],
    planned: Iterable[Notification],
    changed: Iterable[Notification],
) -> None:
    """Write a batch: tickets, new notifications, and those that were voided. Three statements."""
    known = sorted(tickets, key=lambda ticket: ticket.ticket_id)
    if known:
        await tx.exec_driver_sql(
            _SAVE,
            (
                [ticket.ticket_id for ticket in known],
                [msgspec.json.encode(ticket).decode() for ticket in known],
                [subject_lines.get(ticket.ticket_id) for ticket in known],
            ),
        )
    await rows.insert(tx, planned)
    await rows.update(tx, changed)
