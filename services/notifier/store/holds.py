"""What waits together, and how much its recipients have had: read and written when messages are leased (D4)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.notifier.domain.holding import Used
from shared.db.engine import Transaction, fetch

#: One message holds no more than so many notifications; the rest leaves with the next one.
MOST: Final = 2_000

# two processes that take of one recipient at the same moment would each make a message of a part of what
# waits, and each count without the other
#: Those of $1 that this transaction alone may take of.
_ALONE: Final = """
SELECT recipient_id FROM unnest($1::text[]) AS t (recipient_id)
WHERE pg_try_advisory_xact_lock(hashtextextended('notifier.recipient:' || recipient_id, 0))
"""

#: What leaves together with each group's first: the rest of a bundle that has left before, or all that
#: waits for a bundle or is due, and has never left.
_TOGETHER: Final = """
SELECT w.turn, n.notification_id
FROM unnest($1::int[], $2::text[], $3::text[], $4::uuid[]) AS w (turn, recipient_id, channel, bundle_id)
CROSS JOIN LATERAL (
    SELECT notification_id FROM notification h
    WHERE h.recipient_id = w.recipient_id AND h.channel = w.channel AND h.hold IS NOT NULL
        AND h.status = 'pending' AND h.bundle_id IS NOT DISTINCT FROM w.bundle_id
        AND (w.bundle_id IS NOT NULL OR h.attempts = 0 AND (h.hold = 'bundle' OR h.due_at <= $5))
    ORDER BY h.planned_at, h.notification_id LIMIT $6) n
"""

#: How many messages recipients have had since $2.
_USED: Final = """
SELECT recipient_id, count(*), count(*) FILTER (WHERE channel = 'sms') FROM notification
WHERE recipient_id = ANY ($1::text[]) AND counted_at > $2 GROUP BY recipient_id
"""

#: Count messages, each by its first notification.
_COUNT: Final = "UPDATE notification SET counted_at = $2 WHERE notification_id = ANY ($1::uuid[])"


@dataclass(frozen=True, slots=True)
class Group:
    """What waits for one recipient over one channel; with a `bundle_id`, what has left under it before."""

    recipient_id: str
    channel: str
    bundle_id: UUID | None


async def alone(tx: Transaction, recipient_ids: Collection[str]) -> set[str]:
    """Those recipients of whom no other transaction takes at this moment; until the end of `tx` none will."""
    if not recipient_ids:
        return set()
    return {found for (found,) in await fetch(tx, _ALONE, (sorted(recipient_ids),))}


async def together(
    tx: Transaction, groups: Sequence[Group], now: datetime
) -> dict[Group, list[UUID]]:
    """The notifications of each group, the earliest first, MOST at most; not locked."""
    found: dict[Group, list[UUID]] = {group: [] for group in groups}
    if not groups:
        return found
    parameters = (
        list(range(len(groups))),
        [group.recipient_id for group in groups],
        [group.channel for group in groups],
        [group.bundle_id for group in groups],
        now,
        MOST,
    )
    for turn, notification_id in await fetch(tx, _TOGETHER, parameters):
        found[groups[turn]].append(notification_id)
    return found


async def used(
    tx: Transaction, recipient_ids: Collection[str], *, since: datetime
) -> dict[str, Used]:
    """What each recipient has had since then, of what counts."""
    if not recipient_ids:
        return {}
    found = await fetch(tx, _USED, (sorted(recipient_ids), since))
    return {recipient_id: Used(messages, sms) for recipient_id, messages, sms in found}


async def count(tx: Transaction, firsts: Collection[UUID], now: datetime) -> None:
    """Count the messages whose first notifications these are."""
    if firsts:
        await tx.exec_driver_sql(_COUNT, (sorted(firsts), now))
