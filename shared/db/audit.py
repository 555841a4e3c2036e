"""Who did what, in the transaction that did it: append-only, each row sealed by the one before.

The service's role may insert and read, not change or delete (security 9).
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

import msgspec

from .engine import Transaction, fetch

#: One writer at a time, to the end of the transaction: a chain has one end.
_TURN: Final = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.audit'))"

_COLUMNS: Final = """
n, at, principal, action, object, reason, before_sha256, after_sha256, previous_hash, hash
"""

_LAST: Final = "SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1"

_ADD: Final = f"INSERT INTO audit ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"

_AFTER: Final = f"SELECT {_COLUMNS} FROM audit WHERE n > $1 ORDER BY n LIMIT 1000"

_GENESIS: Final = bytes(32)


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did: an action on an object, why, and digests of the object before and after."""

    principal: str
    action: str
    object: str
    reason: str | None = None
    before_sha256: bytes | None = None
    after_sha256: bytes | None = None


async def record(tx: Transaction, deed: Deed, now: datetime) -> None:
    """Write `deed` at the end of the chain. Other writers wait until this transaction ends."""
    await tx.exec_driver_sql(_TURN)
    last = await fetch(tx, _LAST)
    n, previous = (last[0][0] + 1, last[0][1]) if last else (1, _GENESIS)
    sealed = _seal(n, now, deed, previous)
    values = (deed.principal, deed.action, deed.object, deed.reason)
    digests = (deed.before_sha256, deed.after_sha256)
    await tx.exec_driver_sql(_ADD, (n, now, *values, *digests, previous, sealed))


async def first_broken(tx: Transaction) -> int | None:
    """The number of the first row that does not follow from the one before; None: the chain holds.

    Rows cut off at the end cannot be seen: compare the last hash with one kept elsewhere.
    """
    n, previous = 0, _GENESIS
    while rows := await fetch(tx, _AFTER, (n,)):
        for number, at, principal, action, what, reason, before, after, claimed, sealed in rows:
            deed = Deed(
                principal=principal,
                action=action,
                object=what,
                reason=reason,
                before_sha256=before,
                after_sha256=after,
            )
            follows = number == n + 1 and claimed == previous
            if not follows or sealed != _seal(number, at, deed, previous):
                return int(number)
            n, previous = number, sealed
    return None


def _seal(n: int, at: datetime, deed: Deed, previous: bytes) -> bytes:
    """The hash of one row: of all its values and of the row before."""
    return hashlib.sha256(msgspec.json.encode([n, at, deed, previous])).digest()
