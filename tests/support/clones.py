"""Databases for tests, copied from a template while earlier tests still run, and dropped beside later ones."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

import asyncpg

from . import databases

#: Copies that lie ready: one for the next test, one more for a test that takes two.
_AHEAD: Final = 2


class Clones:
    """Copies of `template`, one after the other over one connection. `close` leaves none behind.

    A thread with a loop and a connection for the whole run: a loop for each copy ends while the
    test's own thread collects garbage, and now and then one of its sockets was found unclosed.
    """

    def __init__(self, server_url: str, template: str, new_name: Callable[[], str]) -> None:
        self._server_url = server_url
        self._template = template
        self._new_name = new_name
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="clones", daemon=True)
        self._thread.start()
        self._turn = asyncio.Lock()
        self._connection: asyncpg.Connection | None = None
        self._copies: deque[Future[str]] = deque()
        self._drops: list[Future[None]] = []

    def take(self) -> str:
        """The URL of a database that nobody else has. Raises what the database says."""
        while len(self._copies) <= _AHEAD:
            self._copies.append(asyncio.run_coroutine_threadsafe(self._copy(), self._loop))
        return self._copies.popleft().result()

    def drop(self, url: str) -> None:
        """Nobody needs this one any more."""
        name = databases.name_of(url)
        self._drops.append(asyncio.run_coroutine_threadsafe(self._drop(name), self._loop))

    def close(self) -> None:
        """Drop what nobody has taken. Raises what could not be dropped."""
        try:
            for copy in self._copies:
                self.drop(copy.result())
            for done in self._drops:
                done.result()
            asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _copy(self) -> str:
        name = self._new_name()
        await self._say(databases.creation(name, template=self._template))
        return databases.url_of(self._server_url, name)

    async def _drop(self, name: str) -> None:
        await self._say(databases.removal(name))

    async def _say(self, statement: str) -> None:
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self._server_url)
            await self._connection.execute(statement)

    async def _hang_up(self) -> None:
        if self._connection is not None:
            await self._connection.close()
