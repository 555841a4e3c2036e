"""Acknowledgement links: tokens by their hash, and what stands behind one (security S48)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.notifier.domain.notification import Notification
from services.notifier.domain.ticket import Ticket
from shared.db.engine import Transaction, fetch

from . import rows

#: Remember the hashes of tokens.
_ADD: Final = """
INSERT INTO ack_token (token_sha256, notification_id, expires_at)
SELECT token_sha256, notification_id, $3
FROM unnest($1::bytea[], $2::uuid[]) AS t (token_sha256, notification_id)
"""

_NAMED: Final = ", ".join(f"n.{column}" for column in rows.COLUMNS.split(", "))

#: What a token is about, with whom it was sent to and the ticket as it is now.
_FIND: Final = f"""
SELECT a.expires_at, n.acknowledged_at, coalesce(r.name, n.recipient_id), t.view::text,
    t.subject_line, {_NAMED}
FROM ack_token a JOIN notification n USING (notification_id)
LEFT JOIN ticket t ON t.ticket_id = n.ticket_id
LEFT JOIN recipient r ON r.recipient_id = n.recipient_id
WHERE a.token_sha256 = $1
"""

_USE: Final = "UPDATE ack_token SET used_at = $2 WHERE token_sha256 = $1"
_ACKNOWLEDGE: Final = "UPDATE notification SET acknowledged_at = $2 WHERE notification_id = $1"


@dataclass(frozen=True, slots=True)
class Link:
    """What stands behind a token."""

    notification: Notification
    recipient_name: str
    expires_at: datetime
    acknowledged_at: datetime | None
    ticket: Ticket
    subject_line: str | None


async def add(tx: Transaction, tokens: Mapping[UUID, str], expires_at: datetime) -> None:
    """Remember new tokens, by notification id; only their hashes are written."""
    if tokens:
        hashes = [_sha256(token) for token in tokens.values()]
        await tx.exec_driver_sql(_ADD, (hashes, list(tokens), expires_at))


async def find(tx: Transaction, token: str, *, lock: bool = False) -> Link | None:
    """What `token` is about; with `lock`, nobody else can use it until the transaction ends."""
    statement = _FIND + (" FOR UPDATE OF n" if lock else "")
    found = await fetch(tx, statement, (_sha256(token),))
    if not found:
        return None
    expires_at, acknowledged_at, name, view, subject_line, *columns = found[0]
    notification = rows.notification_of(columns)
    ticket = (
        msgspec.json.decode(view, type=Ticket) if view else Ticket(ticket_id=notification.ticket_id)
    )
    return Link(notification, name, expires_at, acknowledged_at, ticket, subject_line)


async def acknowledge(tx: Transaction, token: str, link: Link, now: datetime) -> None:
    """The token is used and its notification acknowledged."""
    await tx.exec_driver_sql(_USE, (_sha256(token), now))
    await tx.exec_driver_sql(_ACKNOWLEDGE, (link.notification.notification_id, now))


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
