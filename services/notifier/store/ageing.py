"""What the notifier forgets of tickets that are settled for long: messages, subject lines, notes, ended duties.

Whatever belongs to an open ticket stays, however old: somebody may have to be told that it was wrong.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.db.engine import Transaction
from shared.runtime.retention import Kept

_SETTLED: Final = "(t.view ->> 'settled_at')::timestamptz < $1"

#: With their attempts, links, answers and places in feeds.
_NOTIFICATIONS: Final = f"""
DELETE FROM notification WHERE notification_id = ANY (ARRAY(
    SELECT n.notification_id FROM notification n LEFT JOIN ticket t USING (ticket_id)
    WHERE n.planned_at < $1 AND n.status IN ('sent', 'dead', 'suppressed')
        AND coalesce({_SETTLED}, t.ticket_id IS NULL) LIMIT $2))
"""

#: The rest of what is known of a ticket stays: it may be opened again.
_SUBJECTS: Final = f"""
UPDATE ticket SET subject_line = NULL WHERE ticket_id = ANY (ARRAY(
    SELECT t.ticket_id FROM ticket t WHERE t.subject_line IS NOT NULL AND {_SETTLED} LIMIT $2))
"""

_NOTES: Final = f"""
DELETE FROM note WHERE note_id = ANY (ARRAY(
    SELECT n.note_id FROM note n LEFT JOIN ticket t USING (ticket_id)
    WHERE n.due_at < $1 AND n.status <> 'pending' AND coalesce({_SETTLED}, t.ticket_id IS NULL)
    LIMIT $2))
"""

_DUTIES: Final = """
DELETE FROM on_call_override WHERE override_id = ANY (ARRAY(
    SELECT override_id FROM on_call_override WHERE until < $1 LIMIT $2))
"""


async def notifications(tx: Transaction, *, before: datetime, limit: int = 1000) -> int:
    """Forget up to `limit` ended messages planned before `before`, of tickets settled before; how many."""
    return (await tx.exec_driver_sql(_NOTIFICATIONS, (before, limit))).rowcount


async def subjects(tx: Transaction, *, before: datetime, limit: int = 1000) -> int:
    """Blank up to `limit` subject lines of tickets settled before `before`; how many."""
    return (await tx.exec_driver_sql(_SUBJECTS, (before, limit))).rowcount


async def notes(tx: Transaction, *, before: datetime, limit: int = 1000) -> int:
    """Forget up to `limit` notes that were written or given up, of tickets settled before `before`."""
    return (await tx.exec_driver_sql(_NOTES, (before, limit))).rowcount


async def duties(tx: Transaction, *, before: datetime, limit: int = 1000) -> int:
    """Forget up to `limit` stand-ins that ended before `before`; how many."""
    return (await tx.exec_driver_sql(_DUTIES, (before, limit))).rowcount


def kept(*, days: int) -> list[Kept]:
    """What goes when (settings of the notifier)."""
    after = timedelta(days=days)
    return [
        Kept("notifications", notifications, after),
        Kept("subject_lines", subjects, after),
        Kept("notes", notes, after),
        Kept("duties", duties, after),
    ]
