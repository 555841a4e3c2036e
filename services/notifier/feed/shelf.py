"""The feeds in the database, as senders and readers use them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.trouble import KINDS, is_database_trouble

from . import store


class Feeds:
    """Lays messages into feeds, each in a transaction of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, recipient_id: str, ids: Sequence[UUID], now: datetime) -> bool:
        """Lay messages into a feed, each once. False while the database is away."""
        try:
            async with self._engine.begin() as tx:
                await store.put(tx, recipient_id, ids, now)
        except KINDS as error:
            if not is_database_trouble(error):
                raise
            return False
        return True
