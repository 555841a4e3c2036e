"""What the notifier tells about its own work: notifications of a ticket and their attempts."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from shared.db.engine import Transaction, fetch

_FIELDS: Final = (
    "notification_id",
    "ticket_id",
    "fact",
    "recipient_id",
    "role",
    "channel",
    "template",
    "status",
    "reason",
    "attempts",
    "unknowns",
    "planned_at",
    "due_at",
    "urgency",
    "hold",
    "bundle_id",
    "acknowledged_at",
)

#: The notifications about a ticket.
_ABOUT: Final = """
SELECT notification_id, ticket_id, plan->'about'->>'fact', recipient_id, role, channel, template,
    status, reason, attempts, unknowns, planned_at,
    CASE WHEN status IN ('pending', 'leased') THEN due_at END,
    coalesce(plan->>'urgency', 'normal'), hold, bundle_id, acknowledged_at
FROM notification WHERE ticket_id = $1 ORDER BY planned_at, notification_id LIMIT 500
"""

_ATTEMPTS: Final = """
SELECT a.n, a.started_at, a.finished_at, a.outcome, a.detail
FROM notification n LEFT JOIN attempt a USING (notification_id)
WHERE n.notification_id = $1 ORDER BY a.n
"""


async def about(tx: Transaction, ticket_id: UUID) -> list[dict[str, Any]]:
    """The notifications about a ticket, oldest first, 500 at most."""
    found = await fetch(tx, _ABOUT, (ticket_id,))
    return [dict(zip(_FIELDS, row, strict=True)) for row in found]


async def attempts(tx: Transaction, notification_id: UUID) -> list[dict[str, Any]] | None:
    """The attempts of a notification in order; None when there is no such notification."""
    found = await fetch(tx, _ATTEMPTS, (notification_id,))
    if not found:
        return None
    names = ("n", "started_at", "finished_at", "outcome", "detail")
    return [dict(zip(names, row, strict=True)) for row in found if row[0] is not None]
