"""The analyst's SQL: unread messages, the words of tickets, and tickets with the same words.

Lock order: messages, requesters, then what `store` says. A message's row lock is the claim on it: it ends
with the transaction, however that ends, so nothing stays claimed by somebody who is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from shared.contracts.vocabulary import Status
from shared.db.engine import Transaction, fetch

from .domain.duplicates import Candidate, Rarity
from .domain.merging import MERGED, PARTED
from .tables import UNREAD

#: A duplicate is looked for among the requester's own tickets, and among everybody's, of so long.
OWN_WINDOW: Final = timedelta(days=30)
SHARED_WINDOW: Final = timedelta(days=90)

#: Tickets looked at for one word, and those with the most words in common that are compared.
MOST_FOR_A_WORD: Final = 300
MOST_COMPARED: Final = 30

#: Counting the line is not worth more than this.
MOST_COUNTED: Final = 10_000

#: The oldest unread messages nobody else reads, each behind all earlier ones of its ticket.
_CLAIM: Final = f"""
WITH claimed AS (
    SELECT message_id, n, ticket_id, body, traceparent FROM message
    WHERE {UNREAD} ORDER BY n LIMIT $1 FOR UPDATE SKIP LOCKED
)
SELECT c.message_id, c.ticket_id, c.body, t.subject, t.customer_id, t.opened_at, t.language,
    w.ticket_id IS NULL AND row_number() OVER (PARTITION BY c.ticket_id ORDER BY c.n) = 1,
    c.traceparent
FROM claimed c JOIN ticket t USING (ticket_id) LEFT JOIN ticket_text w USING (ticket_id)
WHERE NOT EXISTS (
    SELECT 1 FROM message e
    WHERE e.ticket_id = c.ticket_id AND e.n < c.n AND e.{UNREAD}
        AND e.message_id NOT IN (SELECT message_id FROM claimed)
)
ORDER BY c.n
"""

_MARK: Final = "UPDATE message SET analysed_at = $2 WHERE message_id = ANY ($1::uuid[])"

_PENDING: Final = f"""
SELECT count(*) FROM (SELECT 1 FROM message WHERE {UNREAD} LIMIT {MOST_COUNTED}) AS unread
"""

#: One reader at a time for what a requester writes: two tickets read at once would not see each other.
_LOCK_REQUESTERS: Final = """
SELECT pg_advisory_xact_lock(hashtextextended('intake.reading/' || customer_id, 0))
FROM (SELECT DISTINCT unnest($1::text[]) AS customer_id ORDER BY 1) AS asking
"""

_ADD_TEXTS: Final = """
INSERT INTO ticket_text (ticket_id, customer_id, opened_at, text)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[])
ON CONFLICT DO NOTHING
"""

#: How common words are, as PostgreSQL's own statistics of the column know it, and the number of texts.
_RARITY: Final = """
SELECT coalesce(s.most_common_elems::text::text[], '{}'), coalesce(s.most_common_elem_freqs, '{}'),
    c.reltuples
FROM pg_class c LEFT JOIN pg_stats s
    ON s.schemaname = current_schema() AND s.tablename = c.relname AND s.attname = 'search'
WHERE c.oid = 'ticket_text'::regclass
"""

#: Tickets with the most telling words of some tickets, the weightiest first; a long text that has them
#: says less by it. And the requesters' own latest tickets. Those that go on as another one are left out.
#: What is known of the few that remain is looked up one by one: joins would read both tables whole.
_CANDIDATES: Final = """
WITH common AS (
    SELECT a.ticket_id, f.ticket_id AS candidate_id, sum(a.weight) / sqrt(f.size) AS score
    FROM unnest($1::uuid[], $2::text[], $3::float8[]) AS a (ticket_id, word, weight)
    CROSS JOIN LATERAL (
        SELECT w.ticket_id, octet_length(w.text) AS size FROM ticket_text w
        WHERE w.search @@ a.word::tsquery AND w.opened_at >= $4 LIMIT $6
    ) AS f
    WHERE f.ticket_id <> a.ticket_id
    GROUP BY a.ticket_id, f.ticket_id, f.size
), best AS (
    SELECT ticket_id, candidate_id,
        row_number() OVER (PARTITION BY ticket_id ORDER BY score DESC, candidate_id) AS place
    FROM common
), candidates AS (
    SELECT ticket_id, candidate_id FROM best WHERE place <= $7
    UNION
    SELECT n.ticket_id, o.ticket_id FROM ticket_text n
    CROSS JOIN LATERAL (
        SELECT w.ticket_id FROM ticket_text w
        WHERE w.customer_id = n.customer_id AND w.opened_at >= $5 AND w.ticket_id <> n.ticket_id
        ORDER BY w.opened_at DESC LIMIT $7
    ) AS o
    WHERE n.ticket_id = ANY ($8::uuid[])
)
SELECT c.ticket_id, c.candidate_id, o.text, o.customer_id = n.customer_id
FROM candidates c
CROSS JOIN LATERAL (SELECT customer_id FROM ticket_text WHERE ticket_id = c.ticket_id LIMIT 1) AS n
CROSS JOIN LATERAL (
    SELECT customer_id, text FROM ticket_text WHERE ticket_id = c.candidate_id LIMIT 1
) AS o
CROSS JOIN LATERAL (
    SELECT 1 FROM ticket WHERE ticket_id = c.candidate_id AND merged_into IS NULL LIMIT 1
) AS t
"""

_SUGGEST: Final = """
INSERT INTO suggestion (ticket_id, candidate_id, score, at)
SELECT ticket_id, candidate_id, score, $4
FROM unnest($1::uuid[], $2::uuid[], $3::float8[]) AS t (ticket_id, candidate_id, score)
ON CONFLICT (ticket_id, candidate_id) DO UPDATE SET score = excluded.score, at = excluded.at
"""

#: What is suggested for a ticket, with what there is to know of it now.
_SUGGESTIONS: Final = """
SELECT s.candidate_id, s.score, t.subject, t.status, t.merged_into, s.at
FROM suggestion s JOIN ticket t ON t.ticket_id = s.candidate_id
WHERE s.ticket_id = $1 ORDER BY s.score DESC, s.candidate_id
"""

#: Tickets that somebody took apart again: never merged by a rule a second time.
_PARTED: Final = f"""
SELECT DISTINCT ticket_id FROM evidence
WHERE ticket_id = ANY ($1::uuid[]) AND why @> '[{{"field": "{MERGED}", "rule": "{PARTED}"}}]'
"""


@dataclass(frozen=True, slots=True)
class Unread:
    """A message to be read, with what is known of its ticket. `is_first`: the ticket's first to be read."""

    message_id: UUID
    ticket_id: UUID
    body: str
    subject: str
    customer_id: str
    opened_at: datetime
    language: str | None
    is_first: bool
    traceparent: str | None = None

    @property
    def text(self) -> str:
        """What there is to read: with a ticket's first message, its subject."""
        if not self.is_first or self.subject == self.body:
            return self.body
        return f"{self.subject}\n{self.body}"


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that may be about the same; `score` from 0 to 100."""

    ticket_id: UUID
    score: float
    subject: str
    status: Status
    merged_into: UUID | None
    at: datetime


async def claim(tx: Transaction, limit: int) -> list[Unread]:
    """Up to `limit` unread messages in the order they came in, locked until the transaction ends."""
    return [Unread(*row) for row in await fetch(tx, _CLAIM, (limit,))]


async def mark(tx: Transaction, ids: Sequence[UUID], now: datetime) -> None:
    """These messages have been read."""
    await tx.exec_driver_sql(_MARK, (list(ids), now))


async def pending(tx: Transaction) -> int:
    """How many messages wait to be read, counted up to MOST_COUNTED."""
    [(number,)] = await fetch(tx, _PENDING)
    return int(number)


async def lock_requesters(tx: Transaction, customer_ids: Collection[str]) -> None:
    """Be the only reader of what these customers write until the transaction ends."""
    await tx.exec_driver_sql(_LOCK_REQUESTERS, (list(customer_ids),))


async def add_texts(tx: Transaction, texts: Mapping[UUID, tuple[str, datetime, str]]) -> None:
    """Keep what tickets are about: (customer, opening, comparable text), by ticket."""
    columns = zip(*((ticket_id, *kept) for ticket_id, kept in texts.items()), strict=True)
    await tx.exec_driver_sql(_ADD_TEXTS, tuple(list(column) for column in columns))


async def rarity(tx: Transaction) -> Rarity:
    """How rare words are by now; all alike before PostgreSQL has looked at the table."""
    [(words, shares, texts)] = await fetch(tx, _RARITY)
    return Rarity.of(zip(words, shares, strict=False), texts)


async def candidates(
    tx: Transaction, telling: Mapping[UUID, Sequence[tuple[str, float]]], now: datetime
) -> dict[UUID, list[Candidate]]:
    """What may be about the same as some tickets, by their most telling stems and weights."""
    words = [(of, stem, weight) for of, stems in telling.items() for stem, weight in stems]
    columns = (
        [of for of, _, _ in words],
        [f"'{stem}':*" for _, stem, _ in words],
        [weight for _, _, weight in words],
        now - SHARED_WINDOW,
        now - OWN_WINDOW,
        MOST_FOR_A_WORD,
        MOST_COMPARED,
        list(telling),
    )
    found: dict[UUID, list[Candidate]] = {ticket_id: [] for ticket_id in telling}
    for of, candidate_id, text, is_same in await fetch(tx, _CANDIDATES, columns):
        found[of].append(Candidate(candidate_id, text, is_same))
    return found


async def suggest(
    tx: Transaction, pairs: Sequence[tuple[UUID, UUID, float]], now: datetime
) -> None:
    """Keep (ticket, candidate, score) as suggestions."""
    if pairs:
        columns = [list(column) for column in zip(*pairs, strict=True)]
        await tx.exec_driver_sql(_SUGGEST, (*columns, now))


async def suggestions(tx: Transaction, ticket_id: UUID) -> list[Suggestion]:
    """What is suggested for a ticket, the most alike first."""
    names = Suggestion.__struct_fields__
    return [
        Suggestion(**dict(zip(names, row, strict=True)))
        for row in await fetch(tx, _SUGGESTIONS, (ticket_id,))
    ]


async def parted(tx: Transaction, ids: Collection[UUID]) -> set[UUID]:
    """Those of `ids` that were merged and taken apart again."""
    rows = await fetch(tx, _PARTED, (list(ids),)) if ids else []
    return {ticket_id for (ticket_id,) in rows}
