"""Brings what is new in feeds to everybody who follows one: one look at the database for all of them.

Every replica serves its own followers and looks by itself, so it does not matter where a message was sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.composing import Composer

from . import store
from .items import Item, read

#: Brought to everybody at one look.
_AT_ONCE: Final = 500

#: Waiting for one follower. Who reads more slowly is let go, and comes back to where they were.
QUEUED: Final = 100

#: Shown to who comes without saying where they were, and to who was away for more than that.
SHOWN: Final = 50


class FullError(Exception):
    """As many follow as this process has room for."""


class Follower:
    """Somebody who follows a feed: `next` gives what is new, None when it is over."""

    def __init__(self, recipient_id: str, seen: int) -> None:
        self.recipient_id = recipient_id
        self._seen = seen
        self._queue: asyncio.Queue[Item | None] = asyncio.Queue(QUEUED + 1)

    async def next(self) -> Item | None:
        """The next message not seen yet. Waits for it."""
        while True:
            item = await self._queue.get()
            if item is None or item.seq > self._seen:
                self._seen = item.seq if item else self._seen
                return item

    def offer(self, item: Item) -> bool:
        """Take `item` into the queue; False when it is full and everything ends."""
        if self._queue.qsize() >= QUEUED:
            self.end()
            return False
        self._queue.put_nowait(item)
        return True

    def saw(self, items: Sequence[Item]) -> None:
        """They have these already."""
        self._seen = max([self._seen, *(item.seq for item in items)])

    def end(self) -> None:
        """Nothing more comes."""
        if not self._queue.full():
            self._queue.put_nowait(None)


class Hub:
    """The followers of one process; `room` for so many. `step` is the worker that brings them what is new."""

    def __init__(
        self,
        engine: AsyncEngine,
        composer: Composer,
        *,
        room: int,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._engine = engine
        self._composer = composer
        self._room = room
        self._is_stopping = is_stopping
        self._followers: set[Follower] = set()
        self._seq = 0
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def follow(
        self, recipient_id: str, seen: int | None
    ) -> AsyncIterator[tuple[list[Item], Follower]]:
        """What lies in the feed behind `seen` (else the newest there is), and what comes from now on.

        Raises FullError.
        """
        follower = await self._begin(recipient_id, seen)
        try:
            async with self._engine.connect() as tx:
                places = await store.last(tx, recipient_id, SHOWN, behind=seen or 0)
                items = [item for _, item in await read(tx, places, self._composer)]
            follower.saw(items)
            yield items, follower
        finally:
            self._followers.discard(follower)

    async def step(self) -> bool:
        """Bring what is new to everybody. True when there may be more."""
        if self._is_stopping():
            for follower in self._followers:
                follower.end()
            return False
        # in turn with who begins to follow: whoever is not among these reads what they miss by themselves
        async with self._turn:
            followers = list(self._followers)
            if not followers:
                return False
            async with self._engine.connect() as tx:
                names = {follower.recipient_id for follower in followers}
                places = await store.after(tx, self._seq, names, _AT_ONCE)
                found = await read(tx, places, self._composer)
            if places:
                self._seq = max(self._seq, places[-1].seq)
        for place, item in found:
            for follower in followers:
                if follower.recipient_id == place.recipient_id and not follower.offer(item):
                    self._followers.discard(follower)
        return len(places) == _AT_ONCE

    async def _begin(self, recipient_id: str, seen: int | None) -> Follower:
        """From here on nothing is missed: what is laid down between this and the first look comes twice, and
        is shown once.
        """
        async with self._turn:
            if self._is_stopping() or len(self._followers) >= self._room:
                raise FullError
            if not self._followers:
                async with self._engine.connect() as tx:
                    self._seq = await store.newest(tx)
            follower = Follower(recipient_id, seen or 0)
            self._followers.add(follower)
            return follower
