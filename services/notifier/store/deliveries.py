"""Deliveries: what is due is leased with its attempt written down, and what came of it is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.notifier.domain.delivery import Result
from services.notifier.domain.notification import Notification
from services.notifier.domain.ticket import Ticket
from shared.db.engine import Transaction, fetch

from . import rows

#: Leases that ended without an outcome: their process is gone, or was stopped.
_EXPIRED: Final = f"""
WITH gone AS MATERIALIZED (
    SELECT notification_id, bundle_id FROM notification WHERE status = 'leased' AND due_at <= $1
    ORDER BY notification_id LIMIT $2)
SELECT {rows.COLUMNS} FROM notification WHERE status = 'leased' AND due_at <= $1
    AND (notification_id IN (SELECT notification_id FROM gone)
        OR bundle_id IN (SELECT bundle_id FROM gone WHERE bundle_id IS NOT NULL))
ORDER BY notification_id FOR UPDATE SKIP LOCKED
"""

# The distinct targets are walked along the index, and of each only as many rows are looked at as its
# limit leaves room for: a backlog behind a dead target costs nothing and delays nobody. A target that is
# not ready is passed over, unless a clock was set back since that was written.
#: What is due, at most $2 at once a target, all targets in turn.
_DUE: Final = """
WITH RECURSIVE targets (target) AS (
    (SELECT target FROM notification WHERE status = 'pending' ORDER BY target LIMIT 1)
    UNION ALL
    SELECT (SELECT n.target FROM notification n
            WHERE n.status = 'pending' AND n.target > t.target ORDER BY n.target LIMIT 1)
    FROM targets t WHERE t.target IS NOT NULL)
SELECT due.notification_id FROM targets t
LEFT JOIN target held ON held.target = t.target AND held.ready_at > $1
    AND held.seen_at <= $1 + interval '5 seconds'
CROSS JOIN LATERAL (
    SELECT notification_id, due_at, row_number() OVER (ORDER BY due_at, notification_id) AS turn
    FROM notification n WHERE n.status = 'pending' AND n.target = t.target AND n.due_at <= $1
    ORDER BY due_at, notification_id
    LIMIT greatest(0, $2 - (SELECT count(DISTINCT coalesce(b.bundle_id, b.notification_id))
                            FROM notification b
                            WHERE b.status = 'leased' AND b.target = t.target))) due
WHERE t.target IS NOT NULL AND held.target IS NULL ORDER BY due.turn, due.due_at LIMIT $3
"""

#: Take those of them that are still pending and nobody else is taking.
_TAKE: Final = f"""
SELECT {rows.COLUMNS} FROM notification
WHERE notification_id = ANY ($1::uuid[]) AND status = 'pending'
ORDER BY notification_id FOR UPDATE SKIP LOCKED
"""

_SOME: Final = (
    f"SELECT {rows.COLUMNS} FROM notification WHERE notification_id = ANY ($1::uuid[])"
    " ORDER BY notification_id"
)

_TICKETS: Final = (
    "SELECT ticket_id, view::text, subject_line FROM ticket WHERE ticket_id = ANY ($1::uuid[])"
)

#: Write attempts down before they are made.
_BEGIN: Final = """
INSERT INTO attempt (notification_id, n, started_at)
SELECT notification_id, n, $3 FROM unnest($1::uuid[], $2::int[]) AS t (notification_id, n)
"""

# an outcome that comes after its lease has run out replaces the `unknown` written then, unless that has led
# to another attempt: every possible repeat keeps the unknown outcome it comes from (reliability P8)
#: Write down what came of attempts.
_FINISH: Final = """
UPDATE attempt a SET reference = t.reference, finished_at = $6,
    outcome = CASE WHEN r.repeated THEN a.outcome ELSE t.outcome END,
    detail = CASE WHEN r.repeated THEN 'too late: ' || t.outcome || ', ' ELSE '' END || t.detail
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[])
    AS t (notification_id, n, outcome, detail, reference)
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM attempt l
    WHERE l.notification_id = t.notification_id AND l.n > t.n) AS repeated) r
WHERE a.notification_id = t.notification_id AND a.n = t.n
    AND (a.outcome IS NULL OR a.outcome = 'unknown')
"""

#: An attempt's detail is cut here, in characters.
_MAX_DETAIL: Final = 1_000


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of attempt `n` of a notification."""

    notification_id: UUID
    n: int
    result: Result


async def expired(tx: Transaction, now: datetime, limit: int) -> list[Notification]:
    """Leases that have run out, locked: up to `limit`, and what left together with them."""
    return [rows.notification_of(row) for row in await fetch(tx, _EXPIRED, (now, limit))]


async def take_due(
    tx: Transaction, now: datetime, *, per_target: int, limit: int
) -> list[Notification]:
    """What is due, locked, at most `per_target` in flight a target over all processes.

    Two processes that take at the same moment may exceed the limit of a target for one round.
    """
    due = [row[0] for row in await fetch(tx, _DUE, (now, per_target, limit))]
    if not due:
        return []
    return await take_pending(tx, due)


async def take_pending(tx: Transaction, notification_ids: Sequence[UUID]) -> list[Notification]:
    """Those of them that are pending and that nobody else is taking, locked."""
    found = await fetch(tx, _TAKE, (list(notification_ids),))
    return [rows.notification_of(row) for row in found]


async def find(
    tx: Transaction, notification_ids: Iterable[UUID], *, lock: bool = False
) -> dict[UUID, Notification]:
    """Those notifications, by id; with `lock`, locked in id order."""
    wanted = sorted(set(notification_ids))
    found = await fetch(tx, _SOME + (" FOR UPDATE" if lock else ""), (wanted,)) if wanted else []
    return {row[0]: rows.notification_of(row) for row in found}


async def tickets(
    tx: Transaction, ticket_ids: Iterable[UUID]
) -> dict[UUID, tuple[Ticket, str | None]]:
    """Those tickets with their subject lines; None where it is not known or erased."""
    found = await fetch(tx, _TICKETS, (sorted(set(ticket_ids)),))
    return {
        ticket_id: (msgspec.json.decode(view, type=Ticket), subject_line)
        for ticket_id, view, subject_line in found
    }


async def begin(tx: Transaction, leased: Sequence[Notification], now: datetime) -> None:
    """Write the attempts of `leased` down."""
    ids, numbers = [n.notification_id for n in leased], [n.attempts for n in leased]
    await tx.exec_driver_sql(_BEGIN, (ids, numbers, now))


async def finish(tx: Transaction, finished: Sequence[Finished], now: datetime) -> None:
    """Write down what came of attempts."""
    await tx.exec_driver_sql(
        _FINISH,
        (
            [f.notification_id for f in finished],
            [f.n for f in finished],
            [f.result.outcome.value for f in finished],
            [f.result.detail[:_MAX_DETAIL] for f in finished],
            [f.result.reference for f in finished],
            now,
        ),
    )
