"""What lies in feeds, and who may read them. Words are not kept here: a message is worded when it is read, so
that no copy of what a customer wrote outlives an erasure (ruling 4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.db.engine import Transaction, fetch

#: One after the other: who comes later in the feed is committed later, so no reader misses an earlier one.
_IN_TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended('notifier.feed', 0))"

_PUT: Final = """
INSERT INTO feed (recipient_id, notification_id, put_at)
SELECT $1, id, $3 FROM unnest($2::uuid[]) AS t (id)
ON CONFLICT (notification_id) DO NOTHING
"""

_NEWEST: Final = "SELECT coalesce(max(seq), 0) FROM feed"

#: What lies behind a place in the feeds of several people.
_AFTER: Final = """
SELECT seq, recipient_id, notification_id, put_at FROM feed
WHERE seq > $1 AND recipient_id = ANY ($2::text[]) ORDER BY seq LIMIT $3
"""

#: The newest of one person.
_LAST: Final = """
SELECT seq, recipient_id, notification_id, put_at FROM feed
WHERE seq > $1 AND recipient_id = $2 ORDER BY seq DESC LIMIT $3
"""

_LET_IN: Final = (
    "INSERT INTO feed_token (token_sha256, recipient_id, created_at) VALUES ($1, $2, $3)"
)
_REVOKE: Final = "DELETE FROM feed_token WHERE recipient_id = $1"
_OWNER: Final = "SELECT recipient_id FROM feed_token WHERE token_sha256 = $1"


@dataclass(frozen=True, slots=True)
class Place:
    """A message's place in a recipient's feed. `seq` grows over all feeds."""

    seq: int
    recipient_id: str
    notification_id: UUID
    put_at: datetime


async def put(
    tx: Transaction, recipient_id: str, notification_ids: Sequence[UUID], now: datetime
) -> None:
    """Put messages at the end of a feed; what lies there already stays where it is."""
    await tx.exec_driver_sql(_IN_TURN)
    await tx.exec_driver_sql(_PUT, (recipient_id, list(notification_ids), now))


async def newest(tx: Transaction) -> int:
    """The last place of all feeds, 0 when they are empty."""
    [(seq,)] = await fetch(tx, _NEWEST)
    return int(seq)


async def after(tx: Transaction, seq: int, recipients: Iterable[str], limit: int) -> list[Place]:
    """What lies behind `seq` in the feeds of `recipients`, the oldest first. One statement for all."""
    return [Place(*row) for row in await fetch(tx, _AFTER, (seq, sorted(set(recipients)), limit))]


async def last(tx: Transaction, recipient_id: str, limit: int, *, behind: int = 0) -> list[Place]:
    """The newest places of a feed, the oldest of them first; only those `behind` a place."""
    found = await fetch(tx, _LAST, (behind, recipient_id, limit))
    return [Place(*row) for row in reversed(found)]


async def add_token(tx: Transaction, token: str, recipient_id: str, now: datetime) -> None:
    """Let whoever holds `token` read and answer that feed; only its hash is written."""
    await tx.exec_driver_sql(_LET_IN, (_sha256(token), recipient_id, now))


async def revoke(tx: Transaction, recipient_id: str) -> None:
    """No token opens that feed any more."""
    await tx.exec_driver_sql(_REVOKE, (recipient_id,))


async def owner(tx: Transaction, token: str) -> str | None:
    """Whose feed the token opens; None for one nobody has made."""
    found = await fetch(tx, _OWNER, (_sha256(token),))
    return str(found[0][0]) if found else None


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
