"""Notes to be written: planned in the transaction that hears of it, taken one attempt at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.db.engine import Transaction, fetch

from .note import Mark, Note

_PLAN: Final = """
INSERT INTO note (note_id, ticket_id, clock, threshold, body, due_at, attempts, status)
SELECT note_id, ticket_id, clock, threshold, body, $6, 0, 'pending'
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::text[])
    AS t (note_id, ticket_id, clock, threshold, body)
ON CONFLICT DO NOTHING
"""

#: What is not written yet and need not be. Its clock may be noted again: nothing remembers it.
_DROP: Final = """
DELETE FROM note n USING unnest($1::uuid[], $2::text[], $3::integer[])
    AS gone (ticket_id, clock, threshold)
WHERE (n.ticket_id, n.clock, n.threshold) = (gone.ticket_id, gone.clock, gone.threshold)
    AND n.status = 'pending'
"""

#: What is due, and nobody else is taking: counted as attempted, and due again when the attempt is lost.
_TAKE: Final = """
UPDATE note n SET attempts = n.attempts + 1, due_at = $2 FROM (
    SELECT note_id FROM note WHERE status = 'pending' AND due_at <= $1
    ORDER BY due_at, note_id LIMIT $3 FOR UPDATE SKIP LOCKED) due
WHERE n.note_id = due.note_id RETURNING n.note_id, n.ticket_id, n.body, n.attempts
"""

#: What came of an attempt; only of the latest one.
_SETTLE: Final = """
UPDATE note SET status = $3, due_at = $4, detail = $5
WHERE note_id = $1 AND attempts = $2 AND status = 'pending'
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A note that is to be written now, for the `attempts`-th time."""

    note_id: UUID
    ticket_id: UUID
    body: str
    attempts: int


async def plan(tx: Transaction, notes: Sequence[Note], now: datetime) -> None:
    """Remember `notes`, each once, and each clock once."""
    if notes:
        columns = (
            [n.note_id for n in notes],
            [n.ticket_id for n in notes],
            [n.clock for n in notes],
            [n.threshold for n in notes],
            [n.body for n in notes],
        )
        await tx.exec_driver_sql(_PLAN, (*columns, now))


async def drop(tx: Transaction, marks: Collection[Mark]) -> None:
    """Forget what is noted of `marks`, unless it is written already."""
    if marks:
        gone = sorted(marks)
        columns = (
            [m.ticket_id for m in gone],
            [m.clock for m in gone],
            [m.threshold for m in gone],
        )
        await tx.exec_driver_sql(_DROP, columns)


async def take(tx: Transaction, now: datetime, until: datetime, limit: int) -> list[Due]:
    """Up to `limit` notes that are due; whoever dies with one leaves it to others after `until`."""
    return [Due(*row) for row in await fetch(tx, _TAKE, (now, until, limit))]


async def settle(tx: Transaction, due: Due, status: str, due_at: datetime, detail: str) -> None:
    """Write down what came of an attempt: `written`, `dead`, or `pending` until `due_at`."""
    await tx.exec_driver_sql(_SETTLE, (due.note_id, due.attempts, status, due_at, detail))
