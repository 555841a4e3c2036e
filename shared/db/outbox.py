"""What this service says, written in the transaction that made it true (reliability 2.3).

The relay publishes unpublished rows, oldest first, and marks them by the broker's acknowledgements.
Rows stay for the kept window, so that a topic can be rebuilt. There is one partition a day, by the
database's own UTC date: a day without a partition fails loudly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from shared.contracts import Event, encode, headers

from . import stream
from .engine import Transaction, fetch

#: Write numbered events in the order given.
_ADD: Final = """
INSERT INTO outbox (event_id, topic, key, value, headers, created_at)
SELECT event_id, topic, key, value, headers, created_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::jsonb[], $6::timestamptz[])
WITH ORDINALITY AS t (event_id, topic, key, value, headers, created_at, n) ORDER BY n
"""

_COLUMNS: Final = "seq, created_on, event_id, topic, key, value, headers, created_at"

#: The oldest unpublished rows.
_PEEK: Final = f"SELECT {_COLUMNS} FROM outbox WHERE published_at IS NULL ORDER BY seq LIMIT $1"

#: The same beside the rebuild under way, in one look: no rows while there is one.
_TURN: Final = f"""
SELECT r.rebuild_after, r.rebuild_topics, o.* FROM relay r LEFT JOIN LATERAL (
    SELECT {_COLUMNS} FROM outbox WHERE published_at IS NULL AND r.rebuild_after IS NULL
    ORDER BY seq LIMIT $1
) AS o ON true ORDER BY o.seq
"""

#: Kept rows after a number, published or not, of some topics (null: of all).
_KEPT: Final = f"""
SELECT {_COLUMNS} FROM outbox WHERE seq > $1 AND ($2::text[] IS NULL OR topic = ANY ($2))
ORDER BY seq LIMIT $3
"""

#: The broker has acknowledged these rows.
_MARK: Final = """
UPDATE outbox SET published_at = $3
WHERE created_on = ANY ($1::date[]) AND seq = ANY ($2::bigint[]) AND published_at IS NULL
"""

#: One active relay a service: true for whoever has the lock until the transaction ends.
_RELAY_LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.relay'))"

_REBUILD: Final = "SELECT rebuild_after, rebuild_topics FROM relay"
_SET_REBUILD: Final = "UPDATE relay SET rebuild_after = $1, rebuild_topics = $2::text[]"
_MOVE_REBUILD: Final = "UPDATE relay SET rebuild_after = $1"

#: How much the relay owes, and since when.
_OWED: Final = "SELECT count(*), min(created_at) FROM outbox WHERE published_at IS NULL"

#: What the kept window covers, a topic.
_COVERED: Final = """
SELECT topic, count(*), min(created_at), max(created_at) FROM outbox GROUP BY topic ORDER BY topic
"""

#: Everything we have said about a key, oldest first.
_STORY: Final = "SELECT value FROM outbox WHERE key = $1 ORDER BY seq"

_ADD_DAYS: Final = """
SELECT count(*) FILTER (WHERE outbox_add_day((timezone('UTC', now()))::date + n))
FROM generate_series(0, $1::int) AS n
"""

#: The days that have a partition, oldest first.
_DAYS: Final = """
SELECT to_date(right(c.relname, 8), 'YYYYMMDD') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'outbox'::regclass ORDER BY 1
"""

#: Drop the days before the kept window that owe nothing; answers with the days dropped.
_DROP_DAY: Final = "SELECT outbox_drop_day($1)"
_TODAY: Final = "SELECT (timezone('UTC', now()))::date"


class OutboxRow(msgspec.Struct, frozen=True):
    """One event as the relay sends it; `seq` orders rows of one service, `created_on` is its partition."""

    seq: int
    created_on: date
    event_id: UUID
    topic: str
    key: str
    value: bytes
    headers: dict[str, str]
    created_at: datetime


class Rebuild(msgspec.Struct, frozen=True):
    """A rebuild under way: rows after `after` are still to be sent again, of `topics` (None: of all)."""

    after: int
    topics: list[str] | None


class Coverage(msgspec.Struct, frozen=True):
    """What a rebuild would send of one topic."""

    topic: str
    events: int
    first: datetime
    last: datetime


async def add(tx: Transaction, events: Sequence[Event]) -> list[Event]:
    """Number `events` gaplessly per (key, topic) in the order given and write them.

    Two statements. The numbers' row locks are held to the commit, so a ticket's order of writing is
    its order of committing. Returns the events with their sequences. Raises OversizedEventError;
    the transaction must then be rolled back.
    """
    streams = [(event.topic, event.subject) for event in events]
    numbered = _number(events, streams, await _first_numbers(tx, streams))
    if numbered:
        await tx.exec_driver_sql(
            _ADD,
            (
                [event.id for event in numbered],
                [topic for topic, _ in streams],
                [key for _, key in streams],
                [encode(event) for event in numbered],
                [_json(headers(event)) for event in numbered],
                [event.recorded_time for event in numbered],
            ),
        )
    return numbered


async def take_relay_lock(tx: Transaction) -> bool:
    """Whether this transaction is now the service's one active relay."""
    return bool((await tx.exec_driver_sql(_RELAY_LOCK)).scalar_one())


async def peek(tx: Transaction, limit: int) -> list[OutboxRow]:
    """The oldest `limit` unpublished rows by `seq`; within a key that is the order of commit."""
    return [_row(found) for found in await fetch(tx, _PEEK, (limit,))]


async def turn(tx: Transaction, limit: int) -> Rebuild | list[OutboxRow]:
    """What a relay has to do now: the rebuild under way, else the oldest `limit` unpublished rows."""
    found = await fetch(tx, _TURN, (limit,))
    after, topics, first, *_ = found[0]
    if after is not None:
        return Rebuild(after=after, topics=topics)
    return [_row(row[2:]) for row in found] if first is not None else []


async def mark_published(tx: Transaction, rows: Sequence[OutboxRow], now: datetime) -> None:
    """Remember that the broker has acknowledged `rows`. A row already marked keeps its instant."""
    if rows:
        days = list({row.created_on for row in rows})
        await tx.exec_driver_sql(_MARK, (days, [row.seq for row in rows], now))


async def request_rebuild(tx: Transaction, topics: Sequence[str] | None = None) -> None:
    """Make the relay send the kept window again, of `topics` (default: of all), before it goes on.

    Ids and sequences stay, so consumers drop what they have. A rebuild already under way starts over.
    """
    await tx.exec_driver_sql(_SET_REBUILD, (0, list(topics) if topics is not None else None))


async def rebuild(tx: Transaction) -> Rebuild | None:
    """The rebuild under way, if any."""
    [(after, topics)] = await fetch(tx, _REBUILD)
    return None if after is None else Rebuild(after=after, topics=topics)


async def kept(tx: Transaction, under_way: Rebuild, limit: int) -> list[OutboxRow]:
    """The next `limit` rows a rebuild has to send again, by `seq`; empty when it is done."""
    rows = await fetch(tx, _KEPT, (under_way.after, under_way.topics, limit))
    return [_row(found) for found in rows]


async def move_rebuild(tx: Transaction, after: int | None) -> None:
    """Everything up to `after` has been sent again; None ends the rebuild."""
    await tx.exec_driver_sql(_MOVE_REBUILD, (after,))


async def owed(tx: Transaction) -> tuple[int, datetime | None]:
    """How many rows are unpublished, and when the oldest of them was written."""
    [(count, oldest)] = await fetch(tx, _OWED)
    return count, oldest


async def coverage(tx: Transaction) -> list[Coverage]:
    """What a rebuild would send, a topic: the answer to `tierline topics rebuild --dry-run`."""
    return [Coverage(*found) for found in await fetch(tx, _COVERED)]


async def story(tx: Transaction, key: str) -> list[bytes]:
    """The kept events of this service about `key`, encoded, oldest first."""
    return list((await tx.exec_driver_sql(_STORY, (key,))).scalars())


async def add_days(tx: Transaction, *, ahead: int = 7) -> int:
    """See to it that today and the next `ahead` days have a partition; returns how many were made."""
    return int((await tx.exec_driver_sql(_ADD_DAYS, (ahead,))).scalar_one())


async def drop_days(tx: Transaction, *, keep_days: int) -> list[date]:
    """Drop the partitions older than `keep_days` full days that owe nothing; returns their days.

    A day that still has an unpublished row stays. Needs an exclusive lock on the parent, waited for
    at most `lock_timeout`.
    """
    today: date = (await tx.exec_driver_sql(_TODAY)).scalar_one()
    days = list((await tx.exec_driver_sql(_DAYS)).scalars())
    old = [day for day in days if (today - day).days > keep_days]
    return [day for day in old if (await tx.exec_driver_sql(_DROP_DAY, (day,))).scalar_one()]


async def _first_numbers(
    tx: Transaction, streams: Sequence[stream.Stream]
) -> dict[stream.Stream, int]:
    counts = Counter(streams)
    last = await stream.take(tx, counts)
    return {name: last[name] - counts[name] + 1 for name in counts}


def _number(
    events: Sequence[Event],
    streams: Sequence[stream.Stream],
    first: dict[stream.Stream, int],
) -> list[Event]:
    following = dict(first)
    numbered = []
    for event, name in zip(events, streams, strict=True):
        numbered.append(msgspec.structs.replace(event, sequence=following[name]))
        following[name] += 1
    return numbered


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _row(found: tuple[Any, ...]) -> OutboxRow:
    seq, created_on, event_id, topic, key, value, named, created_at = found
    decoded = msgspec.json.decode(named, type=dict[str, str])
    return OutboxRow(seq, created_on, event_id, topic, key, value, decoded, created_at)
