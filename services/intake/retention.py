"""What intake forgets of tickets that are closed for long: their texts, and what was found by them.

Open tickets keep everything, however old. What a ticket was (`ticket`) stays; it holds no text but the subject.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.db.engine import Transaction
from shared.runtime.retention import Kept

#: A ticket that goes on as another one is over when that one is.
_ONE: Final = "LEFT JOIN ticket g ON g.ticket_id = t.merged_into"
_OVER: Final = """t.status = 'closed' AND t.closed_at < $1
        AND (t.merged_into IS NULL OR g.status = 'closed' AND g.closed_at < $1)"""

#: Messages with their files. Old ones are found by their own instant: a table of all tickets only grows.
_MESSAGES: Final = f"""
WITH old AS (
    SELECT m.message_id, m.ticket_id FROM message m JOIN ticket t USING (ticket_id) {_ONE}
    WHERE m.at < $1 AND {_OVER} LIMIT $2
), files AS (
    DELETE FROM attachment a USING old
    WHERE a.ticket_id = old.ticket_id AND a.message_id = old.message_id
)
DELETE FROM message WHERE message_id = ANY (ARRAY(SELECT message_id FROM old))
"""

_EVIDENCE: Final = f"""
DELETE FROM evidence WHERE id = ANY (ARRAY(
    SELECT e.id FROM evidence e JOIN ticket t USING (ticket_id) {_ONE}
    WHERE e.at < $1 AND {_OVER} LIMIT $2))
"""

_TEXTS: Final = f"""
DELETE FROM ticket_text WHERE ticket_id = ANY (ARRAY(
    SELECT w.ticket_id FROM ticket_text w JOIN ticket t USING (ticket_id) {_ONE}
    WHERE w.opened_at < $1 AND {_OVER} LIMIT $2))
"""

_SUGGESTIONS: Final = f"""
DELETE FROM suggestion WHERE (ticket_id, candidate_id) IN (
    SELECT s.ticket_id, s.candidate_id FROM suggestion s JOIN ticket t USING (ticket_id) {_ONE}
    WHERE s.at < $1 AND {_OVER} LIMIT $2)
"""


async def messages(tx: Transaction, *, before: datetime, limit: int = 1000) -> int:
    """Forget up to `limit` messages, and their files, of tickets closed before `before`; how many messages."""
    return (await tx.exec_driver_sql(_MESSAGES, (before, limit))).rowcount


async def evidence(tx: Transaction, *, before: datetime, limit: int = 1000) -> int:
    """Forget up to `limit` reasons for what was derived, of tickets closed before `before`; how many."""
    return (await tx.exec_driver_sql(_EVIDENCE, (before, limit))).rowcount


async def texts(tx: Transaction, *, before: datetime, limit: int = 1000) -> int:
    """Forget up to `limit` texts in which duplicates are looked for, of tickets closed before then."""
    return (await tx.exec_driver_sql(_TEXTS, (before, limit))).rowcount


async def suggestions(tx: Transaction, *, before: datetime, limit: int = 1000) -> int:
    """Forget up to `limit` suggestions made for tickets closed before `before`; how many."""
    return (await tx.exec_driver_sql(_SUGGESTIONS, (before, limit))).rowcount


def kept(*, texts_days: int, search_days: int) -> list[Kept]:
    """What goes when (settings of intake)."""
    return [
        Kept("messages", messages, timedelta(days=texts_days)),
        Kept("evidence", evidence, timedelta(days=texts_days)),
        Kept("ticket_texts", texts, timedelta(days=search_days)),
        Kept("suggestions", suggestions, timedelta(days=search_days)),
    ]
