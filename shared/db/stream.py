"""The last sequence of every (topic, key): written for our own topics, applied for consumed ones.

Sequences are gapless from 1 per key and topic (ruling 2). A row's lock is held to the end of the
transaction, so two writers of one ticket cannot take the same number. Lock order: applied rows before
written ones, each in key order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from .engine import Transaction, fetch

#: A topic and a key in it.
Stream = tuple[str, str]

#: The last sequences of some streams, their rows locked in key order.
_LAST: Final = """
SELECT s.topic, s.key, s.sequence FROM stream s
JOIN unnest($1::text[], $2::text[]) AS t (topic, key) USING (topic, key)
ORDER BY s.key, s.topic FOR UPDATE OF s
"""

#: Move streams forward to the sequences given; never back.
_ADVANCE: Final = """
INSERT INTO stream AS s (topic, key, sequence)
SELECT topic, key, sequence FROM unnest($1::text[], $2::text[], $3::bigint[]) AS t (topic, key, sequence)
ORDER BY key, topic
ON CONFLICT (topic, key) DO UPDATE SET sequence = greatest(s.sequence, excluded.sequence)
"""

#: Take the next n numbers of streams; answers with the last number taken of each.
_TAKE: Final = """
INSERT INTO stream AS s (topic, key, sequence)
SELECT topic, key, n FROM unnest($1::text[], $2::text[], $3::bigint[]) AS t (topic, key, n)
ORDER BY key, topic
ON CONFLICT (topic, key) DO UPDATE SET sequence = s.sequence + excluded.sequence
RETURNING s.topic, s.key, s.sequence
"""


class Place(StrEnum):
    """Where an unclaimed event stands in its stream (reliability 2.6)."""

    NEXT = "next"
    TRUNCATED = "truncated"  # the first we see of this stream is not its first: retention passed it
    GAP = "gap"
    LATE = "late"  # at or below the last applied, under an id we do not know


def place(last: int | None, sequence: int) -> Place:
    """Where `sequence` stands after `last`, the last one applied (None: nothing yet). Pure."""
    if last is None:
        return Place.NEXT if sequence == 1 else Place.TRUNCATED
    if sequence == last + 1:
        return Place.NEXT
    return Place.GAP if sequence > last else Place.LATE


async def applied(tx: Transaction, streams: Iterable[Stream]) -> dict[Stream, int]:
    """The last sequence applied of each of `streams`, rows locked; a stream never met is left out."""
    wanted = sorted(set(streams))
    if not wanted:
        return {}
    rows = await fetch(tx, _LAST, ([w[0] for w in wanted], [w[1] for w in wanted]))
    return {(topic, key): sequence for topic, key, sequence in rows}


async def advance(tx: Transaction, sequences: Mapping[Stream, int]) -> None:
    """Remember that everything up to `sequences` has been applied."""
    if sequences:
        await tx.exec_driver_sql(_ADVANCE, _columns(sequences))


async def take(tx: Transaction, counts: Mapping[Stream, int]) -> dict[Stream, int]:
    """Take the next `counts` numbers of each stream; returns the last one taken of each."""
    if not counts:
        return {}
    rows = await fetch(tx, _TAKE, _columns(counts))
    return {(topic, key): sequence for topic, key, sequence in rows}


def _columns(numbers: Mapping[Stream, int]) -> tuple[list[str], list[str], list[int]]:
    return [s[0] for s in numbers], [s[1] for s in numbers], list(numbers.values())
