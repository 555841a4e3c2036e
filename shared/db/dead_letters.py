"""Records we could not apply, and the later events of their keys that wait behind them (reliability 2.12).

A key with an unreleased row is *stalled*: the consumer parks its further events as `stalled`, so the
order within a ticket is never broken, and other tickets flow. The releaser takes one row a key at a
time, the *head*, and hands it to the service's own handler:

    for parked in await dead_letters.heads(tx, limit):   # rows locked, of different keys
        ... decode parked.raw, apply it under a savepoint, stream.advance ...
        await dead_letters.mark_released(tx, [parked.id], now)      # it was applied, or was a repeat
        await dead_letters.mark_failed(tx, parked.id, error)        # it failed again: wait for a person

A row that was parked has its inbox claim already; releasing it must not claim again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from . import audit, stream
from .engine import Transaction, fetch

#: An error's text is kept up to this many characters.
MAX_ERROR: Final = 8000

#: Park records in the order given.
_PARK: Final = """
INSERT INTO dead_letter
    (topic, partition, "offset", key, event_id, sequence, raw, reason, error, parked_at)
SELECT topic, partition, at_offset, key, event_id, sequence, raw, reason, error, $10
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::uuid[], $6::bigint[], $7::bytea[],
            $8::text[], $9::text[])
WITH ORDINALITY AS t (topic, partition, at_offset, key, event_id, sequence, raw, reason, error, n)
ORDER BY n
"""

#: Which of these keys have an unreleased row.
_STALLED: Final = """
SELECT DISTINCT key FROM dead_letter WHERE key = ANY ($1::text[]) AND released_at IS NULL
"""

#: What holds keys back: the reasons of their unreleased rows, a topic.
_HOLDING: Final = """
SELECT DISTINCT key, topic, reason FROM dead_letter
WHERE key = ANY ($1::text[]) AND released_at IS NULL
"""

_COLUMNS: Final = """
id, topic, partition, "offset", key, event_id, sequence, raw, reason, error, parked_at,
release_requested_at, released_at
"""

# A key's rows stand in the order parked, but a lower sequence of a topic goes before a higher one:
# what was missing arrives after what was parked for want of it.
#: The first unreleased row of every key that may go: asked for, or waiting for nothing but its turn.
_HEADS: Final = """
WITH placed AS (
    SELECT id, topic, key, sequence, reason, release_requested_at,
        CASE WHEN sequence IS NULL THEN id
            ELSE min(id) OVER (PARTITION BY key, topic ORDER BY sequence DESC NULLS LAST)
        END AS turn
    FROM dead_letter WHERE released_at IS NULL
), first AS (
    SELECT DISTINCT ON (coalesce(key, id::text)) *
    FROM placed ORDER BY coalesce(key, id::text), turn, sequence, id
)
SELECT first.id FROM first LEFT JOIN stream s USING (topic, key)
WHERE (release_requested_at IS NOT NULL
   OR reason IN ('stalled', 'gap') AND coalesce(s.sequence, first.sequence - 1) >= first.sequence - 1)
   AND ($2::text[] IS NULL OR topic = ANY ($2)) AND NOT topic = ANY ($3::text[])
ORDER BY first.id LIMIT $1
"""

#: Take some rows, passing over those another releaser has.
_TAKE: Final = f"""
SELECT {_COLUMNS} FROM dead_letter WHERE id = ANY ($1::bigint[]) AND released_at IS NULL
ORDER BY id FOR UPDATE SKIP LOCKED
"""

_RELEASED: Final = "UPDATE dead_letter SET released_at = $2 WHERE id = ANY ($1::bigint[])"

_FAILED: Final = """
UPDATE dead_letter SET reason = 'poison', error = $2, release_requested_at = NULL WHERE id = $1
"""

#: Ask for the release of every unreleased row of a key, or of one row.
_REQUEST_KEY: Final = """
UPDATE dead_letter SET release_requested_at = $2 WHERE key = $1 AND released_at IS NULL
"""
_REQUEST_ROW: Final = """
UPDATE dead_letter SET release_requested_at = $2 WHERE id = $1 AND released_at IS NULL
"""

_LIST: Final = f"""
SELECT {_COLUMNS} FROM dead_letter WHERE released_at IS NULL AND ($1::text IS NULL OR key = $1)
ORDER BY id LIMIT $2
"""

_SHOW: Final = f"SELECT {_COLUMNS} FROM dead_letter WHERE id = $1"

#: Forget the oldest released ones up to a limit; with their raw bytes, which may be a person's.
_PRUNE: Final = """
DELETE FROM dead_letter WHERE id = ANY (ARRAY(
    SELECT id FROM dead_letter WHERE released_at < $1 ORDER BY id LIMIT $2))
"""

#: Unreleased rows by reason.
_COUNTS: Final = (
    "SELECT reason, count(*) FROM dead_letter WHERE released_at IS NULL GROUP BY reason"
)


class Reason(StrEnum):
    """Why a record was parked."""

    UNDECODABLE = "undecodable"  # no event of ours
    POISON = "poison"  # the handler raised
    GAP = "gap"  # events before it are missing; released by itself when they have been applied
    STALLED = "stalled"  # waits behind a parked event of its key; released by itself
    LATE = "late"  # at or below the last sequence applied, under an unknown id
    CONFLICT = (
        "conflict"  # the sequence of an event we have, with another id: history was rewritten
    )


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A record to park, where it was read. `key` and `sequence` are None where it could not be read."""

    topic: str
    partition: int
    offset: int
    key: str | None
    event_id: UUID
    raw: bytes
    reason: Reason
    error: str
    sequence: int | None = None


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """A record that was parked."""

    id: int
    topic: str
    partition: int
    offset: int
    key: str | None
    event_id: UUID
    sequence: int | None
    raw: bytes
    reason: Reason
    error: str
    parked_at: datetime
    release_requested_at: datetime | None
    released_at: datetime | None


async def park(tx: Transaction, letters: Sequence[Letter], now: datetime) -> None:
    """Park `letters` in the order given: within a key the order of their partition."""
    if not letters:
        return
    columns = (
        [letter.topic for letter in letters],
        [letter.partition for letter in letters],
        [letter.offset for letter in letters],
        [None if letter.key is None else storable(letter.key) for letter in letters],
        [letter.event_id for letter in letters],
        [letter.sequence for letter in letters],
        [letter.raw for letter in letters],
        [letter.reason.value for letter in letters],
        [storable(letter.error) for letter in letters],
    )
    await tx.exec_driver_sql(_PARK, (*columns, now))


async def stalled(tx: Transaction, keys: Iterable[str]) -> set[str]:
    """Those of `keys` (as `storable` writes them) whose events must be parked behind another."""
    wanted = sorted({storable(key) for key in keys})
    if not wanted:
        return set()
    return {key for (key,) in await fetch(tx, _STALLED, (wanted,))}


async def holding(tx: Transaction, keys: Iterable[str]) -> set[tuple[str, str, Reason]]:
    """What holds `keys` back: (key, topic, reason) of their unreleased rows, each once."""
    wanted = sorted({storable(key) for key in keys})
    rows = await fetch(tx, _HOLDING, (wanted,)) if wanted else []
    return {(key, topic, Reason(reason)) for key, topic, reason in rows}


async def heads(
    tx: Transaction,
    limit: int = 100,
    *,
    of: Collection[str] | None = None,
    but: Collection[str] = (),
) -> list[Parked]:
    """The next row of each key that may be released now, locked; at most `limit`, of different keys.

    A head may go when its release was requested, or when it was parked as `stalled` or `gap` and the
    events before it in its stream have been applied. Only those of the topics in `of` (None: of all),
    and none of those in `but`: each kind of letter is for whoever can read it. A record without a key is its own key. Call it
    again after a release: the next one of the key comes then.
    """
    topics = None if of is None else list(of)
    ids = [number for (number,) in await fetch(tx, _HEADS, (limit, topics, list(but)))]
    return [_parked(found) for found in await fetch(tx, _TAKE, (ids,))] if ids else []


async def mark_released(tx: Transaction, ids: Sequence[int], now: datetime) -> None:
    """Rows `ids` have been applied; what stands behind them may follow."""
    await tx.exec_driver_sql(_RELEASED, (list(ids), now))


async def mark_failed(tx: Transaction, number: int, error: str) -> None:
    """Row `number` could not be applied again: it is poison until a person asks once more."""
    await tx.exec_driver_sql(_FAILED, (number, storable(error)))


async def discard(tx: Transaction, parked: Parked, now: datetime, *, by: str, reason: str) -> None:
    """Give `parked` up for good: it is never applied, and no longer holds its ticket back.

    The row stays, and who did it and why is audited. Its place in the stream counts as applied, so
    what follows it is no gap.
    """
    await mark_released(tx, [parked.id], now)
    if parked.key is not None and parked.sequence is not None:
        await stream.advance(tx, {(parked.topic, parked.key): parked.sequence})
    deed = audit.Deed(
        principal=by, action="discard", object=f"dead_letter/{parked.id}", reason=reason
    )
    await audit.record(tx, deed, now)


async def request_release(
    tx: Transaction, now: datetime, *, key: str | None = None, number: int | None = None
) -> int:
    """Ask the releaser to apply all parked events of `key`, or row `number`; returns how many.

    The running service does it, in order, through its own handler. A requested `gap` is accepted:
    the events that are missing are given up.
    """
    if (key is None) == (number is None):
        raise ValueError("request_release takes a key or a number")
    statement, what = (_REQUEST_KEY, key) if key is not None else (_REQUEST_ROW, number)
    return (await tx.exec_driver_sql(statement, (what, now))).rowcount


async def list_parked(tx: Transaction, *, key: str | None = None, limit: int = 100) -> list[Parked]:
    """Unreleased rows, oldest first."""
    return [_parked(found) for found in await fetch(tx, _LIST, (key, limit))]


async def show(tx: Transaction, number: int) -> Parked | None:
    """Row `number`, released or not."""
    found = await fetch(tx, _SHOW, (number,))
    return _parked(found[0]) if found else None


async def prune(tx: Transaction, *, before: datetime, limit: int = 1000) -> int:
    """Forget up to `limit` letters released before `before` (security S30); returns how many.

    What was never released stays, however old.
    """
    return (await tx.exec_driver_sql(_PRUNE, (before, limit))).rowcount


async def counts(tx: Transaction) -> dict[Reason, int]:
    """How many rows are unreleased, a reason."""
    return {Reason(reason): count for reason, count in await fetch(tx, _COUNTS)}


def storable(text: str) -> str:
    """`text` as PostgreSQL takes it: without NUL, not too long (a NUL may be what the error is about)."""
    return text.replace("\0", "\\0").encode(errors="backslashreplace").decode()[:MAX_ERROR]


def _parked(found: tuple[object, ...]) -> Parked:
    named = dict(zip(Parked.__struct_fields__, found, strict=True))
    return msgspec.convert(named, Parked)
