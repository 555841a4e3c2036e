"""Deliveries under way: what is due, attempts before they are made, and what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.notifier.subscriptions.domain.delivery import Delivery, Status, Verdict
from services.notifier.subscriptions.domain.health import BREAKS_AT, PROBE_EVERY, Health
from shared.db.engine import Transaction, fetch

_COLUMNS: Final = "d.subscription_id, d.event_id, d.due_at, d.status, d.attempts, d.run_from"

# every endpoint has places of its own and takes its turn: who hangs or fails delays nobody else
#: What is due, at most $2 in flight an endpoint; one at a time to an endpoint that keeps failing.
_DUE: Final = f"""
SELECT s.subscription_id, due.event_id, s.failures >= {BREAKS_AT}
FROM subscription s CROSS JOIN LATERAL (
    SELECT event_id, due_at, row_number() OVER (ORDER BY due_at, event_id) AS turn
    FROM subscription_delivery d
    WHERE d.subscription_id = s.subscription_id AND d.status = 'pending' AND d.due_at <= $1
    ORDER BY due_at, event_id
    LIMIT CASE WHEN s.failures < {BREAKS_AT} THEN greatest(0, $2 - (
                SELECT count(*) FROM subscription_delivery b
                WHERE b.subscription_id = s.subscription_id AND b.status = 'leased'))
            WHEN s.probe_at IS NULL OR s.probe_at <= $1 THEN 1 ELSE 0 END) due
WHERE s.enabled ORDER BY due.turn, due.due_at LIMIT $3
"""

#: Take an endpoint's turn to be probed; nothing comes back for one another process probes.
_PROBE: Final = """
UPDATE subscription SET probe_at = $3 WHERE subscription_id = ANY ($1::uuid[])
    AND (probe_at IS NULL OR probe_at <= $2) RETURNING subscription_id
"""

#: Take those of them that are still pending and nobody else is taking.
_TAKE: Final = f"""
SELECT {_COLUMNS}, s.url, e.document
FROM unnest($1::uuid[], $2::uuid[]) AS t (subscription_id, event_id)
JOIN subscription_delivery d USING (subscription_id, event_id)
JOIN subscription s USING (subscription_id) JOIN subscription_event e USING (event_id)
WHERE d.status = 'pending'
ORDER BY d.subscription_id, d.event_id FOR UPDATE OF d SKIP LOCKED
"""

#: Leases that ended without an outcome: their process is gone, or was stopped.
_EXPIRED: Final = """
SELECT subscription_id, event_id, attempts FROM subscription_delivery
WHERE status = 'leased' AND due_at <= $1 LIMIT $2
"""

_LOCK: Final = f"""
SELECT {_COLUMNS} FROM unnest($1::uuid[], $2::uuid[]) AS t (subscription_id, event_id)
JOIN subscription_delivery d USING (subscription_id, event_id)
ORDER BY d.subscription_id, d.event_id FOR UPDATE OF d
"""

_UPDATE: Final = """
UPDATE subscription_delivery d
SET status = t.status, due_at = t.due_at, attempts = t.attempts, run_from = t.run_from
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::int[], $6::int[])
    AS t (subscription_id, event_id, status, due_at, attempts, run_from)
WHERE d.subscription_id = t.subscription_id AND d.event_id = t.event_id
"""

_BEGIN: Final = """
INSERT INTO subscription_attempt (subscription_id, event_id, n, started_at)
SELECT subscription_id, event_id, n, $4
FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS t (subscription_id, event_id, n)
"""

# an outcome that comes after its lease has run out replaces the `lost` written then
_FINISH: Final = """
UPDATE subscription_attempt a SET outcome = t.outcome, status = t.status, detail = t.detail,
    answer = t.answer, latency_ms = t.latency_ms
FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::int[], $6::text[], $7::bytea[],
    $8::int[]) AS t (subscription_id, event_id, n, outcome, status, detail, answer, latency_ms)
WHERE a.subscription_id = t.subscription_id AND a.event_id = t.event_id AND a.n = t.n
    AND (a.outcome IS NULL OR a.outcome = 'lost')
"""

_HEALTH: Final = """
SELECT subscription_id, enabled, failures, failing_since, last_success_at FROM subscription
WHERE subscription_id = ANY ($1::uuid[]) ORDER BY subscription_id FOR NO KEY UPDATE
"""

_SET_HEALTH: Final = """
UPDATE subscription s SET failures = t.failures, failing_since = t.failing_since,
    last_success_at = t.last_success_at
FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::timestamptz[])
    AS t (subscription_id, failures, failing_since, last_success_at)
WHERE s.subscription_id = t.subscription_id
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that is due, locked, with where it goes and what it says."""

    delivery: Delivery
    url: str
    document: bytes


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of attempt `n`, and how long it took."""

    subscription_id: UUID
    event_id: UUID
    n: int
    verdict: Verdict
    latency_ms: int | None = None


async def take_due(tx: Transaction, now: datetime, *, per_endpoint: int, limit: int) -> list[Taken]:
    """What is due, locked. Two processes that take at the same moment may exceed the limit of an
    endpoint for one round; a failing endpoint is probed by one of them.
    """
    due = await fetch(tx, _DUE, (now, per_endpoint, limit))
    if not due:
        return []
    broken = {subscription_id for subscription_id, _, is_broken in due if is_broken}
    if broken:
        ours = await fetch(tx, _PROBE, (sorted(broken), now, now + PROBE_EVERY))
        broken -= {subscription_id for (subscription_id,) in ours}
    wanted = [row for row in due if row[0] not in broken]
    found = await fetch(tx, _TAKE, ([row[0] for row in wanted], [row[1] for row in wanted]))
    return [Taken(_delivery(row), row[6], row[7]) for row in found]


async def expired(tx: Transaction, now: datetime, limit: int) -> list[tuple[UUID, UUID, int]]:
    """The subscription, event and attempt of leases that have run out; not locked."""
    return [(row[0], row[1], row[2]) for row in await fetch(tx, _EXPIRED, (now, limit))]


async def lock(
    tx: Transaction, keys: Iterable[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], Delivery]:
    """Those deliveries by subscription and event, locked in that order."""
    wanted = sorted(set(keys))
    found = await fetch(tx, _LOCK, ([key[0] for key in wanted], [key[1] for key in wanted]))
    return {(row[0], row[1]): _delivery(row) for row in found}


async def update(tx: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Write how far deliveries, whose rows are locked, have come."""
    if deliveries:
        await tx.exec_driver_sql(
            _UPDATE,
            (
                [d.subscription_id for d in deliveries],
                [d.event_id for d in deliveries],
                [d.status.value for d in deliveries],
                [d.due_at for d in deliveries],
                [d.attempts for d in deliveries],
                [d.run_from for d in deliveries],
            ),
        )


async def begin(tx: Transaction, leased: Sequence[Delivery], now: datetime) -> None:
    """Write the attempts of `leased` down."""
    columns = (
        [d.subscription_id for d in leased],
        [d.event_id for d in leased],
        [d.attempts for d in leased],
    )
    await tx.exec_driver_sql(_BEGIN, (*columns, now))


async def finish(tx: Transaction, finished: Sequence[Finished]) -> None:
    """Write down what came of attempts."""
    await tx.exec_driver_sql(
        _FINISH,
        (
            [f.subscription_id for f in finished],
            [f.event_id for f in finished],
            [f.n for f in finished],
            [f.verdict.outcome.value for f in finished],
            [f.verdict.status for f in finished],
            [f.verdict.detail for f in finished],
            [f.verdict.answer for f in finished],
            [f.latency_ms for f in finished],
        ),
    )


async def lock_health(
    tx: Transaction, subscription_ids: Iterable[UUID]
) -> dict[UUID, tuple[bool, Health]]:
    """Whether those endpoints are enabled and how they have been doing; locked."""
    found = await fetch(tx, _HEALTH, (sorted(set(subscription_ids)),))
    return {
        row[0]: (row[1], Health(failures=row[2], failing_since=row[3], last_success_at=row[4]))
        for row in found
    }


async def set_health(tx: Transaction, health: dict[UUID, Health]) -> None:
    """Write how endpoints are doing now."""
    ids = sorted(health)
    await tx.exec_driver_sql(
        _SET_HEALTH,
        (
            ids,
            [health[i].failures for i in ids],
            [health[i].failing_since for i in ids],
            [health[i].last_success_at for i in ids],
        ),
    )


def _delivery(row: Sequence[Any]) -> Delivery:
    return Delivery(
        subscription_id=row[0],
        event_id=row[1],
        due_at=row[2],
        status=Status(row[3]),
        attempts=row[4],
        run_from=row[5],
    )
