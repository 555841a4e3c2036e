"""Links that stop somebody's summaries, by the hash of their token (security S48)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from shared.db.engine import Transaction, fetch

#: A link in a mail is good for so long; senders of lists must keep theirs for a month at least.
LIFE: Final = timedelta(days=90)

#: Remember the hashes of tokens, of recipients who are still there.
_ADD: Final = """
INSERT INTO stop_token (token_sha256, recipient_id, made_at)
SELECT t.token_sha256, r.recipient_id, $3
FROM unnest($1::bytea[], $2::text[]) AS t (token_sha256, recipient_id)
JOIN recipient r USING (recipient_id)
"""

#: Forget those of the same recipients that are good for nothing any more.
_TIDY: Final = "DELETE FROM stop_token WHERE recipient_id = ANY ($1::text[]) AND made_at <= $2"

_FIND: Final = """
SELECT r.recipient_id, r.name, r.no_digests FROM stop_token s JOIN recipient r USING (recipient_id)
WHERE s.token_sha256 = $1 AND s.made_at > $2
"""

_SET: Final = "UPDATE recipient SET no_digests = $2 WHERE recipient_id = $1 AND no_digests <> $2"


async def add(tx: Transaction, tokens: Mapping[str, str], now: datetime) -> None:
    """Remember new tokens: token → recipient id. Only hashes are written."""
    if tokens:
        people = sorted(set(tokens.values()))
        await tx.exec_driver_sql(_TIDY, (people, now - LIFE))
        hashes = [_sha256(token) for token in tokens]
        await tx.exec_driver_sql(_ADD, (hashes, list(tokens.values()), now))


async def find(tx: Transaction, token: str, now: datetime) -> tuple[str, str, bool] | None:
    """Whom `token` stands for: their id, their name, whether their summaries are stopped; None for nobody."""
    found = await fetch(tx, _FIND, (_sha256(token), now - LIFE))
    return (found[0][0], found[0][1], found[0][2]) if found else None


async def stop(tx: Transaction, recipient_id: str, *, stopped: bool) -> bool:
    """Stop somebody's summaries, or take that back; False when it is so already."""
    return (await tx.exec_driver_sql(_SET, (recipient_id, stopped))).rowcount > 0


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
