"""Whom a telephone number belongs to, and which text of theirs a short id means."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from services.notifier.domain.short_id import short_id
from shared.db.engine import Transaction, fetch

#: Staff who are reached by text at a number.
_PEOPLE: Final = "SELECT recipient_id, language FROM recipient WHERE channels ->> 'sms' = $1"

#: What left together as one text: its first notification is the earliest.
_TOGETHER: Final = """
SELECT m.notification_id FROM notification n JOIN notification m ON m.recipient_id = n.recipient_id
    AND m.role <> 'customer' AND m.planned_at >= n.planned_at
    AND (m.notification_id = n.notification_id OR m.bundle_id = n.notification_id)
WHERE n.notification_id = $1 AND n.channel = 'sms' AND m.channel = 'sms'
"""

#: What the provider said of a text is added to its attempt, once; a text that was replaced by a later attempt
#: decides nothing any more.
_REPORT: Final = """
UPDATE attempt a SET detail = concat_ws('; ', nullif(a.detail, ''), $3::text)
FROM notification n
WHERE a.notification_id = ANY ($1::uuid[]) AND a.reference = $2
    AND n.notification_id = a.notification_id AND n.attempts = a.n
    AND right(coalesce(a.detail, ''), length($3::text)) <> $3::text
RETURNING a.notification_id
"""

#: The texts of some people since an instant, the newest first.
_TEXTS: Final = """
SELECT notification_id, recipient_id FROM notification
WHERE recipient_id = ANY ($1::text[]) AND role <> 'customer' AND channel = 'sms'
    AND planned_at >= $2 AND attempts > 0
ORDER BY planned_at DESC, notification_id
"""


async def people_at(tx: Transaction, number: str) -> dict[str, str | None]:
    """The recipients whose texts go to `number`, in id order, with the language of each."""
    return dict(sorted(await fetch(tx, _PEOPLE, (number,)), key=lambda row: str(row[0])))


async def together(tx: Transaction, message_id: UUID) -> list[UUID]:
    """The notifications of that text; none where there is no such text."""
    return [row[0] for row in await fetch(tx, _TOGETHER, (message_id,))]


async def report(
    tx: Transaction, notification_ids: list[UUID], reference: str, said: str
) -> set[UUID]:
    """Add `said` to the latest attempts of those, if the provider calls them `reference`; returns which ones had
    not been told so before.
    """
    found = await fetch(tx, _REPORT, (notification_ids, reference, said))
    return {row[0] for row in found}


async def text_named(
    tx: Transaction, recipient_ids: list[str], code: str, since: datetime
) -> tuple[UUID, str] | None:
    """The newest text to one of them that has the short id `code`, with whom it was for."""
    for notification_id, recipient_id in await fetch(tx, _TEXTS, (recipient_ids, since)):
        if short_id(notification_id) == code:
            return notification_id, recipient_id
    return None
