"""Reading files: which came with a ticket's messages, and what is in one of them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from shared.db.engine import Transaction, fetch

#: The files of one ticket, without their bytes.
_LIST: Final = """
SELECT attachment_id, message_id, name, content_type, size, refused FROM attachment
WHERE ticket_id = $1 ORDER BY message_id, name, attachment_id LIMIT $2
"""

#: One file of a ticket.
_ONE: Final = """
SELECT name, content_type, content, refused FROM attachment
WHERE ticket_id = $1 AND attachment_id = $2
"""

#: More files than this are not listed at once.
MOST_LISTED: Final = 1000


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A file as a reader of the ticket sees it: one that was refused says why."""

    id: UUID
    name: str
    type: str
    size: int
    refused: str | None


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A file with its bytes, or with the reason why they were not kept."""

    name: str
    content_type: str
    content: bytes | None
    refused: str | None


async def listed(tx: Transaction, ticket_id: UUID) -> dict[UUID, list[Listed]]:
    """The files of a ticket, by the message they came with; at most MOST_LISTED."""
    found: dict[UUID, list[Listed]] = {}
    for file_id, message_id, name, content_type, size, refused in await fetch(
        tx, _LIST, (ticket_id, MOST_LISTED)
    ):
        file = Listed(id=file_id, name=name, type=content_type, size=size, refused=refused)
        found.setdefault(message_id, []).append(file)
    return found


async def stored(tx: Transaction, ticket_id: UUID, attachment_id: UUID) -> Stored | None:
    """One file of this ticket, and of no other."""
    rows = await fetch(tx, _ONE, (ticket_id, attachment_id))
    if not rows:
        return None
    name, content_type, content, refused = rows[0]
    return Stored(name=name, content_type=content_type, content=content, refused=refused)
