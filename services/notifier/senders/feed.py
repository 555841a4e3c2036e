"""The feed: a message is laid into its recipient's feed, where it is read live and answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.message import Message


class Shelf(Protocol):
    """Where feeds are kept."""

    async def put(self, recipient_id: str, ids: Sequence[UUID], now: datetime) -> bool:
        """Lay messages into a feed, each once. False while the database is away."""
        ...


class FeedSender:
    """Lays messages down, those of a bundle one by one."""

    channel = "feed"
    recognises_repeats = True

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def send(self, message: Message) -> Result:
        """Lay `message` down. A repeat finds its place taken."""
        ids = [line.notification_id for line in message.lines] or [message.notification_id]
        if await self._shelf.put(message.recipient_id, ids, message.sent_at):
            return Result(Outcome.SENT, "in the feed")
        return Result(Outcome.RETRY, "the feed cannot be written now")
