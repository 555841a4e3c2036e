"""Versions of the workflow in PostgreSQL, and the reckoning of due instants after one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from services.escalator.domain.versions import CalendarDays, Reckoning, Version
from services.escalator.state import decoded
from services.escalator.store import Stored
from shared.db.engine import Transaction, fetch

#: One writer of versions at a time; readers go on.
_TURN: Final = "SELECT pg_advisory_xact_lock(hashtext('escalator.workflow_version'))"

_NEWEST: Final = "SELECT coalesce(max(number), 0) FROM workflow_version"

_ALL: Final = """
SELECT number, digest, tzdata, calendars, effective_from, applied_at, applied_by, note
FROM workflow_version ORDER BY number
"""

_ADD: Final = """
INSERT INTO workflow_version
    (number, digest, text, tzdata, calendars, effective_from, applied_at, applied_by, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

_TEXT: Final = "SELECT text FROM workflow_version WHERE number = $1"

_BEGIN: Final = """
INSERT INTO reckoning (number, calendars, turn, after, not_before) VALUES ($1, $2, $3, $4, $5)
"""

#: The oldest reckoning that is not done, unless somebody else works on it.
_TAKE: Final = """
SELECT number, calendars, turn, after, not_before FROM reckoning
WHERE done_at IS NULL AND not_before <= $1 AND number <= $2
ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
"""

_GO_ON: Final = """
UPDATE reckoning SET turn = $2, after = $3, not_before = $4, done_at = $5 WHERE number = $1
"""

#: A condition: does one of the case's clocks count in one of the calendars?
_COUNTS_IN: Final = """
jsonb_path_exists(state::jsonb, '$.case.timeline.clocks[*] ? (@.calendar == $names[*])',
    jsonb_build_object('names', to_jsonb($1::text[])))
"""

_LOCK_COUNTING: Final = f"""
SELECT ticket_id, partition, state FROM sla_case
WHERE ticket_id > $2 AND next_due_at IS NOT NULL AND {_COUNTS_IN}
ORDER BY ticket_id LIMIT $3 FOR UPDATE
"""

_OPEN: Final = """
SELECT ticket_id, partition, state FROM sla_case
WHERE ticket_id > $1 AND next_due_at IS NOT NULL AND status = 'open'
ORDER BY ticket_id LIMIT $2
"""

_COUNT_OPEN: Final = (
    "SELECT count(*) FROM sla_case WHERE next_due_at IS NOT NULL AND status = 'open'"
)

_SET_DUE: Final = """
UPDATE sla_case AS c SET next_due_at = t.next_due_at
FROM unnest($1::uuid[], $2::timestamptz[]) AS t (ticket_id, next_due_at)
WHERE c.ticket_id = t.ticket_id AND c.next_due_at IS DISTINCT FROM t.next_due_at
"""

_calendars = msgspec.json.Decoder(dict[str, CalendarDays])


async def take_turn(tx: Transaction) -> None:
    """Be the only one who adds a version until this transaction ends."""
    await tx.exec_driver_sql(_TURN)


async def newest(tx: Transaction) -> int:
    """The number of the newest version; 0 when there is none."""
    [[number]] = await fetch(tx, _NEWEST)
    return int(number)


async def versions(tx: Transaction) -> list[Version]:
    """All versions in the order they were decided, without their texts."""
    return [
        Version(
            number=number,
            digest=digest,
            tzdata=tzdata,
            calendars=_calendars.decode(calendars),
            effective_from=effective_from,
            applied_at=applied_at,
            applied_by=applied_by,
            note=note,
        )
        for number, digest, tzdata, calendars, effective_from, applied_at, applied_by, note in (
            await fetch(tx, _ALL)
        )
    ]


async def text_of(tx: Transaction, number: int) -> str | None:
    """The file that version was; None for one there is not."""
    rows = await fetch(tx, _TEXT, (number,))
    return str(rows[0][0]) if rows else None


async def add(tx: Transaction, version: Version, text: str) -> None:
    """Keep a version, for good."""
    calendars = msgspec.json.encode(version.calendars).decode()
    values = (version.number, version.digest, text, version.tzdata, calendars)
    when = (version.effective_from, version.applied_at, version.applied_by, version.note)
    await tx.exec_driver_sql(_ADD, (*values, *when))


async def begin(tx: Transaction, reckoning: Reckoning) -> None:
    """Note that due instants have to follow a version."""
    values = (reckoning.number, list(reckoning.calendars), reckoning.turn)
    await tx.exec_driver_sql(_BEGIN, (*values, reckoning.after, reckoning.not_before))


async def take(tx: Transaction, now: datetime, known: int) -> Reckoning | None:
    """The next reckoning there is to do by who knows the versions up to `known`, locked."""
    rows = await fetch(tx, _TAKE, (now, known))
    if not rows:
        return None
    number, calendars, turn, after, not_before = rows[0]
    return Reckoning(
        number=number, calendars=tuple(calendars), turn=turn, after=after, not_before=not_before
    )


async def go_on(tx: Transaction, reckoning: Reckoning, done_at: datetime | None) -> None:
    """Keep how far a reckoning has come."""
    values = (reckoning.number, reckoning.turn, reckoning.after, reckoning.not_before, done_at)
    await tx.exec_driver_sql(_GO_ON, values)


async def lock_counting_in(
    tx: Transaction, calendars: Sequence[str], after: UUID, *, limit: int
) -> dict[UUID, Stored]:
    """Cases after `after` with something to come and a clock in one of `calendars`, locked in id order."""
    return _stored(await fetch(tx, _LOCK_COUNTING, (list(calendars), after, limit)))


async def open_cases(tx: Transaction, after: UUID, *, limit: int) -> dict[UUID, Stored]:
    """Open cases after `after` with something to come, in id order."""
    return _stored(await fetch(tx, _OPEN, (after, limit)))


async def count_open(tx: Transaction) -> int:
    """How many open cases have something to come."""
    [[count]] = await fetch(tx, _COUNT_OPEN)
    return int(count)


async def set_due(tx: Transaction, due: Mapping[UUID, datetime | None]) -> int:
    """Write when cases have something to say; returns how many rows that changed."""
    if not due:
        return 0
    done = await tx.exec_driver_sql(_SET_DUE, (list(due), list(due.values())))
    return int(done.rowcount)


def _stored(rows: Sequence[tuple[Any, ...]]) -> dict[UUID, Stored]:
    return {
        ticket_id: Stored(decoded(ticket_id, state), partition)
        for ticket_id, partition, state in rows
    }
