"""Targets of deliveries, one row each, shared by all replicas: rates, circuit breakers, waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.notifier.domain.breaker import Breaker
from services.notifier.domain.target import Target, unknown
from shared.db.engine import Transaction, fetch

_COLUMNS: Final = (
    "target, seen_at, full_at, failures, opened_at, probe_at, held_until, failure, ready_at"
)

#: Those of $1 that failures are known of or that are named in $2, locked in their order.
_LOCK: Final = f"""
SELECT {_COLUMNS} FROM target WHERE target = ANY ($1::text[])
    AND (failures > 0 OR target = ANY ($2::text[])) ORDER BY target FOR UPDATE
"""

#: Make room for targets nobody has sent to before; whoever is first makes it.
_ADD: Final = """
INSERT INTO target (target, seen_at, full_at, failures, ready_at)
SELECT t, $2, $2, 0, $2 FROM unnest($1::text[]) AS t ORDER BY t ON CONFLICT DO NOTHING
"""

_UPDATE: Final = """
UPDATE target t SET seen_at = n.seen_at, full_at = n.full_at, failures = n.failures,
    opened_at = n.opened_at, probe_at = n.probe_at, held_until = n.held_until, failure = n.failure,
    ready_at = n.ready_at
FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::int[], $5::timestamptz[],
    $6::timestamptz[], $7::timestamptz[], $8::text[], $9::timestamptz[])
    AS n (target, seen_at, full_at, failures, opened_at, probe_at, held_until, failure, ready_at)
WHERE t.target = n.target
"""

_LIST: Final = f"""
SELECT {_COLUMNS}, coalesce(w.waiting, 0) AS waiting FROM target LEFT JOIN (
    SELECT target, count(*) AS waiting FROM notification
    WHERE status = 'pending' AND due_at <= $1 GROUP BY target) w USING (target)
ORDER BY target
"""

_OPEN: Final = """
SELECT split_part(target, ':', 1), count(*) FROM target WHERE opened_at IS NOT NULL GROUP BY 1
"""

_RESET: Final = """
UPDATE target SET failures = 0, opened_at = NULL, probe_at = NULL, held_until = NULL, seen_at = $2,
    full_at = $2, ready_at = $2
WHERE target = $1
"""

#: What a target said is cut here, in characters.
_MAX_FAILURE: Final = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """A target as people see it. `waiting`: messages that are due and have not left."""

    target: Target
    ready_at: datetime
    waiting: int


async def lock(tx: Transaction, names: Iterable[str], now: datetime) -> dict[str, Target]:
    """Those targets, by name; those nothing was sent to before are made."""
    wanted = sorted(set(names))
    found = await _locked(tx, wanted, wanted)
    if missing := [name for name in wanted if name not in found]:
        await tx.exec_driver_sql(_ADD, (missing, now))
        found |= await _locked(tx, missing, missing)
    return {name: found.get(name) or unknown(name, now) for name in wanted}


async def lock_troubled(
    tx: Transaction, names: Iterable[str], failing: Iterable[str]
) -> dict[str, Target]:
    """Of those targets the ones that have failed before or are `failing` now: all others stay as they
    are, so that nobody has to wait for their rows.
    """
    return await _locked(tx, sorted(set(names)), sorted(set(failing)))


async def update(tx: Transaction, changed: Sequence[tuple[Target, datetime]]) -> None:
    """Write locked targets, each with the instant before which nothing may leave for it."""
    if not changed:
        return
    targets = [target for target, _ in changed]
    await tx.exec_driver_sql(
        _UPDATE,
        (
            [t.name for t in targets],
            [t.seen_at for t in targets],
            [t.full_at for t in targets],
            [t.breaker.failures for t in targets],
            [t.breaker.opened_at for t in targets],
            [t.breaker.probe_at for t in targets],
            [t.held_until for t in targets],
            [t.failure[:_MAX_FAILURE] if t.failure else None for t in targets],
            [ready_at for _, ready_at in changed],
        ),
    )


async def everything(tx: Transaction, now: datetime) -> list[Standing]:
    """All targets anything was ever sent to, in the order of their names."""
    return [Standing(_target_of(row), row[8], row[9]) for row in await fetch(tx, _LIST, (now,))]


async def count_open(tx: Transaction) -> dict[str, int]:
    """How many targets are given up for now, by channel; channels without one are left out."""
    return {row[0]: row[1] for row in await fetch(tx, _OPEN)}


async def reset(tx: Transaction, name: str, now: datetime) -> bool:
    """Forget what went wrong with a target: all that waits for it may go. False for an unknown one."""
    return (await tx.exec_driver_sql(_RESET, (name, now))).rowcount > 0


async def _locked(tx: Transaction, names: list[str], always: list[str]) -> dict[str, Target]:
    found = await fetch(tx, _LOCK, (names, always)) if names else []
    return {row[0]: _target_of(row) for row in found}


def _target_of(row: Sequence[Any]) -> Target:
    return Target(
        name=row[0],
        seen_at=row[1],
        full_at=row[2],
        breaker=Breaker(row[3], row[4], row[5]),
        held_until=row[6],
        failure=row[7],
    )
