"""Attempts under way: what ends the wait for them, and what becomes of their outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.notifier.in_flight import InFlight

#: Nobody waits as long as this: a wait that lasts so long fails the test.
LONG = 60.0


@pytest.fixture(autouse=True)
async def in_time() -> AsyncIterator[None]:
    async with asyncio.timeout(LONG / 2):
        yield


async def ends_as(outcome: str) -> str:
    return outcome


async def never() -> str:
    await asyncio.Event().wait()
    raise AssertionError


async def fails() -> str:
    raise ValueError("as it should")


async def test_an_attempt_that_hangs_does_not_hide_one_that_ends() -> None:
    flight: InFlight[str] = InFlight()
    flight.begin([never(), ends_as("sent")])
    await flight.wait(LONG)

    assert (["sent"], 1) == (flight.ended, len(flight))
    await flight.finish(0)


async def test_who_wakes_ends_the_wait_for_one_that_hangs() -> None:
    flight: InFlight[str] = InFlight()
    flight.begin([never()])
    waiting = asyncio.create_task(flight.wait(LONG))
    await asyncio.sleep(0)
    flight.wake()
    await waiting

    assert ([], 1) == (flight.ended, len(flight))
    await flight.finish(0)


async def test_a_wake_before_the_wait_is_not_lost_and_counts_once() -> None:
    flight: InFlight[str] = InFlight()
    flight.begin([never()])
    flight.wake()
    await flight.wait(LONG)
    await flight.wait(0)

    assert 1 == len(flight)
    await flight.finish(0)


async def test_what_does_not_end_in_time_is_cancelled() -> None:
    flight: InFlight[str] = InFlight()
    flight.begin([never(), ends_as("sent")])
    await flight.finish(0.05)

    assert (["sent"], 0) == (flight.ended, len(flight))


async def test_a_failure_is_raised_and_costs_no_other_outcome() -> None:
    flight: InFlight[str] = InFlight()
    flight.begin([fails(), ends_as("sent")])
    with pytest.raises(ValueError, match="as it should"):
        await flight.finish(LONG)

    assert ["sent"] == flight.ended
