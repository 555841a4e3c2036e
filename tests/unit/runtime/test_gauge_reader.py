"""Gauges over tables are read by a worker that may neither cost much nor stop anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.engine import Transaction
from shared.runtime.gauge_reader import EVERY_SECONDS, REST, GaugeReader


class NoDatabase:
    """Gives transactions that nobody uses."""

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[None]:
        yield


def reader(read: Any) -> GaugeReader:
    return GaugeReader(cast(AsyncEngine, NoDatabase()), read)


async def test_it_never_has_more_to_do_at_once_and_rests_a_while() -> None:
    async def read(_: Transaction) -> None:
        return

    gauges = reader(read)

    assert not await gauges.step()
    assert EVERY_SECONDS == gauges.idle_seconds()


async def test_a_reading_that_took_long_is_followed_by_a_longer_rest() -> None:
    async def read(_: Transaction) -> None:
        await asyncio.sleep(0.6)

    gauges = reader(read)
    await gauges.step()

    assert gauges.idle_seconds() >= REST * 0.6 > EVERY_SECONDS


async def test_a_reading_that_fails_stops_nothing() -> None:
    async def read(_: Transaction) -> None:
        raise ConnectionError("gone")

    assert not await reader(read).step()
