"""The clock guard: three clocks, and what their disagreement means (semantics T7)."""

import asyncio
import time
from datetime import datetime, timedelta

import pytest

from shared.runtime.clock_guard import ClockGuard, ClockReading, disagreement
from tests.support.builders import MONDAY_10


def a_reading(wall: float = 0, database: float = 0, monotonic: float = 0) -> ClockReading:
    return ClockReading(
        wall=MONDAY_10 + timedelta(seconds=wall),
        database=MONDAY_10 + timedelta(seconds=database),
        monotonic=monotonic,
    )


def test_clocks_that_go_together_are_trusted() -> None:
    assert disagreement(a_reading(), a_reading(1, 1, 1)) is None


@pytest.mark.parametrize("offset", [-5.1, 5.1, 7200])
def test_T7_a_clock_far_from_postgresql_is_not_trusted(offset: float) -> None:
    assert "off PostgreSQL" in str(disagreement(None, a_reading(wall=offset)))


def test_T7_a_jump_of_both_clocks_is_seen_once() -> None:
    jumped = a_reading(3600, 3600, 1)

    assert "stepped by +3599.0 s" in str(disagreement(a_reading(), jumped))
    assert disagreement(jumped, a_reading(3601, 3601, 2)) is None


def test_T7_a_step_back_is_not_trusted() -> None:
    assert "stepped by -2.0 s" in str(disagreement(a_reading(), a_reading(-1, 1, 1)))


async def test_T7_the_guard_opens_again_at_the_first_good_reading() -> None:
    readings = iter(
        [a_reading(0, 0, 0), a_reading(100, 1, 1), a_reading(2, 2, 2), a_reading(3, 3, 3)]
    )

    async def read() -> ClockReading:
        return next(readings)

    guard = ClockGuard(read)
    held = []
    for _ in range(4):
        await guard.step()
        held.append(guard.is_held())

    assert [False, True, True, False] == held


class MonotonicAndOffset:
    """A clock that goes as the machine does, `offset` away from the beginning of the tests."""

    def __init__(self) -> None:
        self.offset = timedelta(0)
        self._began = time.monotonic()

    def now(self) -> datetime:
        return MONDAY_10 + self.offset + timedelta(seconds=time.monotonic() - self._began)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def a_guard(clock: MonotonicAndOffset) -> ClockGuard:
    async def read() -> ClockReading:
        now = clock.now()
        return ClockReading(wall=now, database=now - clock.offset, monotonic=time.monotonic())

    return ClockGuard(read, clock=clock)


async def test_T7_before_its_first_reading_the_guard_is_closed() -> None:
    guard = a_guard(MonotonicAndOffset())

    assert guard.is_held()
    await guard.step()
    assert not guard.is_held()


@pytest.mark.parametrize("hours", [-2, 2])
async def test_T7_a_step_between_two_readings_closes_the_guard_at_once(hours: int) -> None:
    clock = MonotonicAndOffset()
    guard = a_guard(clock)
    await guard.step()

    clock.offset = timedelta(hours=hours)

    assert guard.is_held()
    assert "stepped by" in str(guard.held)
    await guard.step()
    assert guard.is_held()


async def test_T7_a_step_that_was_taken_back_is_forgotten_at_the_next_good_reading() -> None:
    clock = MonotonicAndOffset()
    guard = a_guard(clock)
    await guard.step()
    clock.offset = timedelta(hours=2)
    assert guard.is_held()
    clock.offset = timedelta(0)

    await guard.step()

    assert not guard.is_held()
