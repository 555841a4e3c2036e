"""Answers given to HTTP commands, so that a repeat gets the same one (`Idempotency-Key`).

Both calls stand in the command's own transaction:

    if (answer := await idempotency.recall(tx, request, now)) is not None:
        return answer
    ... do it ...
    await idempotency.remember(tx, request, answer)
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from .engine import Transaction, fetch

#: Take the key; nothing comes back when somebody has it.
_TAKE: Final = """
INSERT INTO idempotency (principal, key, route, body_sha256, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING key
"""

_ANSWER: Final = """
SELECT route, body_sha256, answer FROM idempotency WHERE principal = $1 AND key = $2
"""

_REMEMBER: Final = "UPDATE idempotency SET answer = $3::json WHERE principal = $1 AND key = $2"

#: Forget the oldest answers up to a limit.
_PRUNE: Final = """
DELETE FROM idempotency WHERE (principal, key) IN (
    SELECT principal, key FROM idempotency WHERE created_at < $1 ORDER BY created_at LIMIT $2)
"""


class KeyReusedError(Exception):
    """The same idempotency key came with another route or body (HTTP 422)."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One command as its caller named it. Keys are a caller's own."""

    principal: str
    key: str
    route: str
    body_sha256: bytes


class Answer(msgspec.Struct, frozen=True):
    """What was answered: status and body."""

    status: int
    body: msgspec.Raw


async def recall(tx: Transaction, request: Request, now: datetime) -> Answer | None:
    """The answer given to an earlier `request` with this key; None: it is new, and ours to do.

    A repeat that arrives while the first is still at work waits for it, at most `lock_timeout`.
    Raises KeyReusedError when the key belongs to another command.
    """
    values = (request.principal, request.key, request.route, request.body_sha256, now)
    if await fetch(tx, _TAKE, values):
        return None
    [(route, body_sha256, answer)] = await fetch(tx, _ANSWER, (request.principal, request.key))
    if (route, body_sha256) != (request.route, request.body_sha256):
        raise KeyReusedError(f"the key {request.key!r} was used for another request")
    return msgspec.json.decode(answer, type=Answer) if answer is not None else None


async def remember(tx: Transaction, request: Request, answer: Answer) -> None:
    """Keep `answer` for repeats of `request`."""
    stored = msgspec.json.encode(answer).decode()
    await tx.exec_driver_sql(_REMEMBER, (request.principal, request.key, stored))


async def prune(tx: Transaction, *, before: datetime, limit: int = 5000) -> int:
    """Forget up to `limit` answers given before `before`; returns how many."""
    return (await tx.exec_driver_sql(_PRUNE, (before, limit))).rowcount
