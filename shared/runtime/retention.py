"""What a service does not keep for ever: each kind of row with what forgets it, and after how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.db.engine import Transaction


class Prune(Protocol):
    """Forgets some rows older than `before`, one statement; returns how many, and 0 when none is left."""

    async def __call__(self, tx: Transaction, *, before: datetime) -> int:
        """Forget, in the transaction."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows called `what` (a label of metrics) go through `prune` once they are older than `for_`."""

    what: str
    prune: Prune
    for_: timedelta
