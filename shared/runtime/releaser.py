"""Lets parked events follow: by themselves when a gap has closed, or because an operator asked.

It runs between the batches of the consumer, through the same handler, one parked event of a key after
the other, so that the order within a ticket holds.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.db import dead_letters, stream
from shared.db.dead_letters import Parked
from shared.db.engine import Transaction
from shared.kafka.records import Record

from .decoding import Unreadable, read
from .errors import is_transient
from .handling import Applier, last_of
from .isolation import told
from .traced import Traced

log = logging.getLogger(__name__)

#: Time between two looks when nothing was parked meanwhile.
LOOK_EVERY: Final = timedelta(seconds=1)

#: One event of every key is a round; after so many the consumer polls again before the next.
ROUNDS: Final = 100


class Releaser:
    """Applies parked events of `topics` whose turn has come; other letters are not its to read."""

    def __init__(
        self, engine: AsyncEngine, clock: Clock, applier: Applier, *, topics: Collection[str]
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._applier = applier
        self._topics = topics
        self._looked: datetime | None = None

    async def release_some(self, *, hurry: bool) -> bool:
        """Look for released events every second, with `hurry` at once; True when some were applied.

        A transient error is logged and left to the next look.
        """
        now = self._clock.now()
        if not hurry and self._looked is not None and abs(now - self._looked) < LOOK_EVERY:
            return False
        self._looked = now
        applied = 0
        try:
            for _ in range(ROUNDS):
                released = await self._release_heads()
                applied += released
                if not released:
                    break
            else:
                self._looked = None
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning(
                "Parked events wait a little longer: %s",
                error,
                extra={"action": "release_delayed", "reason": type(error).__name__},
            )
        return applied > 0

    async def _release_heads(self) -> int:
        """Try the first parked event of every key that may go; how many were applied."""
        with self._applier.traced() as traced:
            async with self._engine.begin() as tx:
                heads = await dead_letters.heads(tx, of=self._topics)
                return sum([await self._release(tx, parked, traced) for parked in heads])

    async def _release(self, tx: Transaction, parked: Parked, traced: Traced) -> bool:
        """Apply one parked event; when it fails again it waits for a person, with the new error."""
        now = self._clock.now()
        entry = read(_record(parked))
        if isinstance(entry, Unreadable):
            await dead_letters.mark_failed(tx, parked.id, entry.error)
            return False
        try:
            async with tx.begin_nested():
                await stream.applied(tx, [entry.stream])
                await self._applier.apply(tx, [entry], now, traced)
                await stream.advance(tx, last_of([entry]))
        except Exception as error:
            if is_transient(error):
                raise
            await dead_letters.mark_failed(tx, parked.id, told(error))
            return False
        await dead_letters.mark_released(tx, [parked.id], now)
        log.info(
            "A parked event was released",
            extra={
                "action": "event_released",
                "ticket_id": parked.key,
                "event_id": parked.event_id,
            },
        )
        return True


def _record(parked: Parked) -> Record:
    return Record(
        topic=parked.topic,
        partition=parked.partition,
        offset=parked.offset,
        key=parked.key,
        value=parked.raw,
        headers={},
        timestamp=parked.parked_at,
    )
