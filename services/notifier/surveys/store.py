"""Surveys' links, the ratings that wait for intake, and who wants no surveys."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.db.engine import Transaction, fetch

#: Remember the hashes of tokens.
_ADD: Final = """
INSERT INTO survey_token (token_sha256, notification_id, expires_at)
SELECT token_sha256, notification_id, $3
FROM unnest($1::bytea[], $2::uuid[]) AS t (token_sha256, notification_id)
"""

#: What a token asks about, whom, and what they have said.
_FIND: Final = """
SELECT n.notification_id, n.ticket_id, n.recipient_id, s.expires_at, r.score, f.customer_id IS NOT NULL
FROM survey_token s JOIN notification n USING (notification_id)
LEFT JOIN survey_rating r USING (notification_id)
LEFT JOIN survey_refusal f ON f.customer_id = n.recipient_id
WHERE s.token_sha256 = $1
"""

_RATE: Final = """
INSERT INTO survey_rating (notification_id, ticket_id, score, given_at, due_at, attempts, status)
VALUES ($1, $2, $3, $4, $4, 0, 'pending') ON CONFLICT DO NOTHING
"""

_REFUSE: Final = (
    "INSERT INTO survey_refusal (customer_id, since) VALUES ($1, $2) ON CONFLICT DO NOTHING"
)
_ALLOW: Final = "DELETE FROM survey_refusal WHERE customer_id = $1"
_REFUSED: Final = "SELECT customer_id FROM survey_refusal WHERE customer_id = ANY ($1::text[])"

#: What is due, and nobody else is taking: counted as attempted, and due again when the attempt is lost.
_TAKE: Final = """
UPDATE survey_rating s SET attempts = s.attempts + 1, due_at = $2 FROM (
    SELECT notification_id FROM survey_rating WHERE status = 'pending' AND due_at <= $1
    ORDER BY due_at, notification_id LIMIT $3 FOR UPDATE SKIP LOCKED) due
WHERE s.notification_id = due.notification_id
RETURNING s.notification_id, s.ticket_id, s.score, s.given_at, s.attempts
"""

#: What came of an attempt; only of the latest one.
_SETTLE: Final = """
UPDATE survey_rating SET status = $3, due_at = $4, detail = $5
WHERE notification_id = $1 AND attempts = $2 AND status = 'pending'
"""


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey behind its link: `score` is what the customer has chosen, `refused` that they want no more."""

    notification_id: UUID
    ticket_id: UUID
    customer_id: str
    expires_at: datetime
    score: int | None
    refused: bool


@dataclass(frozen=True, slots=True)
class Due:
    """A rating that intake is to be told now, for the `attempts`-th time."""

    notification_id: UUID
    ticket_id: UUID
    score: int
    given_at: datetime
    attempts: int


async def add(tx: Transaction, tokens: Mapping[UUID, str], expires_at: datetime) -> None:
    """Remember new tokens, by notification id; only their hashes are written."""
    if tokens:
        hashes = [_sha256(token) for token in tokens.values()]
        await tx.exec_driver_sql(_ADD, (hashes, list(tokens), expires_at))


async def find(tx: Transaction, token: str) -> Survey | None:
    """What `token` asks about, also when it has expired."""
    found = await fetch(tx, _FIND, (_sha256(token),))
    return Survey(*found[0]) if found else None


async def rate(tx: Transaction, survey: Survey, score: int, now: datetime) -> None:
    """Write the rating down; one that is there already stays."""
    row = (survey.notification_id, survey.ticket_id, score, now)
    await tx.exec_driver_sql(_RATE, row)


async def refuse(tx: Transaction, customer_id: str, now: datetime, *, refused: bool) -> None:
    """Send this customer no more surveys, or take that back."""
    if refused:
        await tx.exec_driver_sql(_REFUSE, (customer_id, now))
    else:
        await tx.exec_driver_sql(_ALLOW, (customer_id,))


async def refused_by(tx: Transaction, customer_ids: Collection[str]) -> set[str]:
    """Who of them wants no surveys."""
    if not customer_ids:
        return set()
    return {row[0] for row in await fetch(tx, _REFUSED, (sorted(customer_ids),))}


async def take(tx: Transaction, now: datetime, until: datetime, limit: int) -> list[Due]:
    """Up to `limit` ratings that are due; whoever dies with one leaves it to others after `until`."""
    return [Due(*row) for row in await fetch(tx, _TAKE, (now, until, limit))]


async def settle(tx: Transaction, due: Due, status: str, due_at: datetime, detail: str) -> None:
    """Write down what came of an attempt: `told`, `dead`, or `pending` until `due_at`."""
    row = (due.notification_id, due.attempts, status, due_at, detail)
    await tx.exec_driver_sql(_SETTLE, row)


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
