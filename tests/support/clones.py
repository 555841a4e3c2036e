"""Databases for tests, copied from a template while earlier tests still run, and dropped beside later ones."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from . import databases

#: Copies that lie ready: one for the next test, one more for a test that takes two.
_AHEAD: Final = 2


class Clones:
    """Copies of `template`, one after the other by a thread of their own. `close` leaves none behind."""

    def __init__(self, server_url: str, template: str, new_name: Callable[[], str]) -> None:
        self._server_url = server_url
        self._template = template
        self._new_name = new_name
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="clones")
        self._copies: deque[Future[str]] = deque()
        self._drops: list[Future[None]] = []

    def take(self) -> str:
        """The URL of a database that nobody else has. Raises what the database says."""
        while len(self._copies) <= _AHEAD:
            self._copies.append(self._thread.submit(self._copy))
        return self._copies.popleft().result()

    def drop(self, url: str) -> None:
        """Nobody needs this one any more."""
        self._drops.append(self._thread.submit(self._drop, url))

    def close(self) -> None:
        """Drop what nobody has taken. Raises what could not be dropped."""
        for copy in self._copies:
            if not copy.cancel():
                self.drop(copy.result())
        self._copies.clear()
        for done in self._drops:
            done.result()
        self._thread.shutdown()

    def _copy(self) -> str:
        name = self._new_name()
        return asyncio.run(databases.create(self._server_url, name, template=self._template))

    def _drop(self, url: str) -> None:
        asyncio.run(databases.drop(self._server_url, databases.name_of(url)))
