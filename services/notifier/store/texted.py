"""Whom a telephone number belongs to, and which text of theirs a short id means."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from services.notifier.domain.short_id import short_id
from shared.db.engine import Transaction, fetch

#: Staff who are reached by text at a number.
_PEOPLE: Final = "SELECT recipient_id FROM recipient WHERE channels ->> 'sms' = $1"

#: The texts of some people since an instant, the newest first.
_TEXTS: Final = """
SELECT notification_id, recipient_id FROM notification
WHERE recipient_id = ANY ($1::text[]) AND role <> 'customer' AND channel = 'sms'
    AND planned_at >= $2 AND attempts > 0
ORDER BY planned_at DESC, notification_id
"""


async def people_at(tx: Transaction, number: str) -> list[str]:
    """The recipients whose texts go to `number`."""
    return sorted(row[0] for row in await fetch(tx, _PEOPLE, (number,)))


async def text_named(
    tx: Transaction, recipient_ids: list[str], code: str, since: datetime
) -> tuple[UUID, str] | None:
    """The newest text to one of them that has the short id `code`, with whom it was for."""
    for notification_id, recipient_id in await fetch(tx, _TEXTS, (recipient_ids, since)):
        if short_id(notification_id) == code:
            return notification_id, recipient_id
    return None
