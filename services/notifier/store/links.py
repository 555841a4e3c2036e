"""Messages that can be answered, by the hash of their link's token or by their id (security S48)."""

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
from shared.contracts.vocabulary import Answer
from shared.db.engine import Transaction, fetch

from . import rows

#: Remember the hashes of tokens.
_ADD: Final = """
INSERT INTO ack_token (token_sha256, notification_id, expires_at)
SELECT token_sha256, notification_id, $3
FROM unnest($1::bytea[], $2::uuid[]) AS t (token_sha256, notification_id)
"""

#: A ticket's short name is so many digits of its id.
_REFERENCE_DIGITS: Final = 8

_NAMED: Final = ", ".join(f"n.{column}" for column in rows.COLUMNS.split(", "))

#: A message with whom it was sent to, what they have answered, and the ticket as it is now.
_MESSAGE: Final = f"""
SELECT {{expires_at}}, n.acknowledged_at, coalesce(r.name, n.recipient_id), t.view::text,
    t.subject_line, ARRAY(SELECT answer FROM answer g WHERE g.notification_id = n.notification_id),
    {_NAMED}
FROM {{source}}
LEFT JOIN ticket t ON t.ticket_id = n.ticket_id
LEFT JOIN recipient r ON r.recipient_id = n.recipient_id
"""

#: Where a token's message is, and where that of an id is.
_LINKED: Final = "ack_token a JOIN notification n USING (notification_id)"
_ONE: Final = "notification n"
_WHERE_LINKED: Final = " WHERE a.token_sha256 = $1"
_WHERE_ONE: Final = " WHERE n.notification_id = $1"

#: What a token is about.
_FIND: Final = _MESSAGE.format(expires_at="a.expires_at", source=_LINKED) + _WHERE_LINKED

#: What a notification of that id is about.
_OF_NOTIFICATION: Final = _MESSAGE.format(expires_at="NULL", source=_ONE) + _WHERE_ONE

#: A statement of its own before the reading one: what somebody answered while we waited for the row is seen
#: only by a statement that begins afterwards.
_LOCK: Final = "SELECT 1 FROM {source} FOR UPDATE OF n"
_LOCK_LINKED: Final = _LOCK.format(source=_LINKED + _WHERE_LINKED)
_LOCK_ONE: Final = _LOCK.format(source=_ONE + _WHERE_ONE)

#: The pages somebody got about escalations that are open, one a ticket, the newest first.
_PAGES: Final = """
SELECT DISTINCT ON (n.ticket_id) n.ticket_id, n.notification_id FROM notification n
JOIN ticket t ON t.ticket_id = n.ticket_id
WHERE n.recipient_id = $1 AND n.role <> 'customer' AND n.status IN ('leased', 'sent', 'pending')
    AND n.plan #>> '{about,kind}' = 'escalation'
    AND n.plan #>> '{about,escalation_id}' = t.view #>> '{escalation,escalation_id}'
ORDER BY n.ticket_id, n.planned_at DESC, n.notification_id
"""

_RECORD: Final = """
INSERT INTO answer (notification_id, answer, via, answered_at) VALUES ($1, $2, $3, $4)
"""
_USE: Final = "UPDATE ack_token SET used_at = $2 WHERE notification_id = $1 AND used_at IS NULL"
_ACKNOWLEDGE: Final = "UPDATE notification SET acknowledged_at = coalesce(acknowledged_at, $2) WHERE notification_id = $1"


@dataclass(frozen=True, slots=True)
class Link:
    """A message that can be answered, and what has been answered. It expires if it was found by a token."""

    notification: Notification
    recipient_name: str
    expires_at: datetime | None
    acknowledged_at: datetime | None
    ticket: Ticket
    subject_line: str | None
    answers: frozenset[Answer]


async def add(tx: Transaction, tokens: Mapping[UUID, str], expires_at: datetime) -> None:
    """Remember new tokens, by notification id; only their hashes are written."""
    if tokens:
        hashes = [_sha256(token) for token in tokens.values()]
        await tx.exec_driver_sql(_ADD, (hashes, list(tokens), expires_at))


async def find(tx: Transaction, token: str, *, lock: bool = False) -> Link | None:
    """What `token` is about; with `lock`, nobody else can answer it until the transaction ends."""
    if lock:
        await fetch(tx, _LOCK_LINKED, (_sha256(token),))
    return await _link(tx, _FIND, _sha256(token))


async def of_notification(
    tx: Transaction, notification_id: UUID, *, lock: bool = False
) -> Link | None:
    """That message, with nothing that expires; with `lock` as `find`."""
    if lock:
        await fetch(tx, _LOCK_ONE, (notification_id,))
    return await _link(tx, _OF_NOTIFICATION, notification_id)


async def newest_page(tx: Transaction, recipient_id: str, reference: str | None) -> UUID | None:
    """The newest page to that recipient about the open escalation of a ticket, by the ticket's short name;
    without one, of the only ticket there is. None when there is none, or several.
    """
    wanted = (reference or "").strip().removeprefix("#").lower()
    found = [
        page
        for ticket_id, page in await fetch(tx, _PAGES, (recipient_id,))
        if not wanted or ticket_id.hex.endswith(wanted.rjust(_REFERENCE_DIGITS, "?"))
    ]
    return found[0] if len(found) == 1 else None


async def record(
    tx: Transaction, link: Link, answer: Answer, now: datetime, *, via: str, takes_over: bool
) -> None:
    """Remember an answer to the message, whose row is locked; `takes_over`: it acknowledges, too."""
    message = link.notification.notification_id
    await tx.exec_driver_sql(_RECORD, (message, answer.value, via, now))
    await tx.exec_driver_sql(_USE, (message, now))
    if takes_over:
        await tx.exec_driver_sql(_ACKNOWLEDGE, (message, now))


async def _link(tx: Transaction, statement: str, key: object) -> Link | None:
    found = await fetch(tx, statement, (key,))
    if not found:
        return None
    expires_at, acknowledged_at, name, view, subject_line, answers, *columns = found[0]
    notification = rows.notification_of(columns)
    ticket = (
        msgspec.json.decode(view, type=Ticket) if view else Ticket(ticket_id=notification.ticket_id)
    )
    given = frozenset(map(Answer, answers))
    return Link(notification, name, expires_at, acknowledged_at, ticket, subject_line, given)


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
