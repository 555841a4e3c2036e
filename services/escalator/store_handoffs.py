"""What people wrote into hand-off documents: every version kept, with who wrote it and when.

Only this table has the prose; it is read over HTTP and never published (semantics X9, ruling 4).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.escalator.domain.written import Content, Written
from shared.db.engine import Transaction, fetch

#: Add a version; the case's lock says whose turn it is.
_ADD: Final = """
INSERT INTO handoff (ticket_id, version, written_by, written_at, content)
VALUES ($1, $2, $3, $4, $5::jsonb)
"""

#: The last versions of one ticket, the newest first.
_VERSIONS: Final = """
SELECT version, written_by, written_at, content FROM handoff
WHERE ticket_id = $1 ORDER BY version DESC LIMIT $2
"""


class HandoffRow(msgspec.Struct, frozen=True):
    """One version: who wrote what, and when."""

    version: int
    written_by: str
    written_at: datetime
    content: Content


async def add(tx: Transaction, ticket_id: UUID, written: Written, content: Content) -> None:
    """Keep `content` as the version that `written` says it is."""
    stored = msgspec.json.encode(content).decode()
    values = (ticket_id, written.version, written.by, written.at, stored)
    await tx.exec_driver_sql(_ADD, values)


async def versions(tx: Transaction, ticket_id: UUID, *, limit: int) -> list[HandoffRow]:
    """The last `limit` versions, the newest first."""
    return [
        HandoffRow(version, by, at, msgspec.json.decode(content, type=Content))
        for version, by, at, content in await fetch(tx, _VERSIONS, (ticket_id, limit))
    ]


async def latest(tx: Transaction, ticket_id: UUID) -> Content:
    """What is written now; an empty content when nobody wrote anything."""
    rows = await versions(tx, ticket_id, limit=1)
    return rows[0].content if rows else Content()
