"""The names of tickets at their sources, in set-based SQL: who made one, whose it is, who gets it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final
from uuid import UUID

from shared.db.engine import Transaction, fetch

from .domain.threads import Named

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

#: Names that belong to another ticket from now on.
_RENAME: Final = """
UPDATE external_ref r SET ticket_id = t.ticket_id
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS t (source, external_id, ticket_id)
WHERE r.source = t.source AND r.external_id = t.external_id
"""

#: Which tickets have been opened.
_OPENED: Final = "SELECT ticket_id FROM ticket WHERE ticket_id = ANY ($1::uuid[])"

#: What is kept for shells is kept for other tickets from now on.
_INHERIT: Final = """
UPDATE buffered_command b SET ticket_id = t.heir
FROM unnest($1::uuid[], $2::uuid[]) AS t (shell, heir) WHERE b.ticket_id = t.shell
"""

#: Customers' tickets by the short reference people call them by: the last eight digits of the id.
_REFERENCED: Final = """
SELECT customer_id, reference, max(ticket_id::text)::uuid FROM ticket
JOIN unnest($1::text[], $2::text[]) AS t (customer_id, reference) USING (customer_id)
WHERE right(ticket_id::text, 8) = lower(reference) GROUP BY customer_id, reference
"""


async def name_tickets(
    tx: Transaction, proposed: Mapping[Named, UUID], *, looked_up: Collection[Named] = ()
) -> tuple[dict[Named, UUID], dict[Named, UUID]]:
    """Find the tickets of these (source, external id), naming a new one where there is none.

    Returns the names made now, with the ids proposed, and those that existed, also among `looked_up`,
    which are given to nobody. All are locked.
    """
    if not proposed:
        return {}, {}
    rows = await fetch(tx, _NAME, (*_two_columns(proposed), list(proposed.values())))
    made = {(source, external_id): ticket_id for source, external_id, ticket_id in rows}
    others = [name for name in {*proposed, *looked_up} if name not in made]
    rows = await fetch(tx, _NAMED, _two_columns(others)) if others else []
    return made, {(source, external_id): ticket_id for source, external_id, ticket_id in rows}


async def rename(tx: Transaction, names: Mapping[Named, UUID]) -> None:
    """These names, which are locked, belong to these tickets from now on."""
    if names:
        await tx.exec_driver_sql(_RENAME, (*_two_columns(names), list(names.values())))


async def opened(tx: Transaction, ids: Collection[UUID]) -> set[UUID]:
    """Those of `ids` that are tickets; the others are shells."""
    rows = await fetch(tx, _OPENED, (list(set(ids)),)) if ids else []
    return {ticket_id for (ticket_id,) in rows}


async def inherit(tx: Transaction, heirs: Mapping[UUID, UUID]) -> None:
    """What was kept for a shell waits for its heir."""
    if heirs:
        await tx.exec_driver_sql(_INHERIT, (list(heirs), list(heirs.values())))


async def referenced(
    tx: Transaction, references: Collection[tuple[str, str]]
) -> dict[tuple[str, str], UUID]:
    """The tickets that (customer, short reference) mean, where the customer has such a ticket."""
    rows = await fetch(tx, _REFERENCED, _two_columns(references)) if references else []
    return {(customer_id, reference): ticket_id for customer_id, reference, ticket_id in rows}


def _two_columns(names: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    pairs = list(names)
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
