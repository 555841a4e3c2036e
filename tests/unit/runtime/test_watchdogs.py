"""Watchdogs end a process that does not get on, and leave every other alone."""

import asyncio
import logging
import time

import pytest

from shared.kafka.client import BrokerUnavailableError
from shared.runtime.watchdogs import (
    BLOCKED_STATUS,
    STALLED_STATUS,
    EventLoopWatchdog,
    ProgressWatchdog,
)


class Scene:
    """What the progress watchdog looks at."""

    def __init__(self) -> None:
        self.lag = 1
        self.committed = 0
        self.now = 0.0
        self.exits: list[int] = []
        self.broker_is_away = False

    async def broker(self) -> None:
        if self.broker_is_away:
            raise BrokerUnavailableError

    def watchdog(self) -> ProgressWatchdog:
        return ProgressWatchdog(
            lag=lambda: self.lag,
            committed=lambda: self.committed,
            stall_seconds=60,
            broker=self.broker,
            exit=self.exits.append,
            monotonic=lambda: self.now,
        )


async def test_a_consumer_that_stands_still_with_work_waiting_ends_the_process() -> None:
    scene = Scene()
    dog = scene.watchdog()
    scene.now = 59.9
    await dog.check()
    assert [] == scene.exits
    scene.now = 60
    await dog.check()

    assert [STALLED_STATUS] == scene.exits


async def test_a_consumer_that_commits_is_left_alone() -> None:
    scene = Scene()
    dog = scene.watchdog()
    for second in range(200):
        scene.now = second
        scene.committed = second // 50
        await dog.check()

    assert [] == scene.exits


async def test_an_idle_or_halted_consumer_is_left_alone() -> None:
    scene = Scene()
    scene.lag = 0
    dog = scene.watchdog()
    scene.now = 1000
    await dog.check()
    scene.lag = 1
    scene.now = 1059
    await dog.check()

    assert [] == scene.exits


async def test_a_consumer_whose_broker_is_away_is_left_alone() -> None:
    scene = Scene()
    scene.broker_is_away = True
    dog = scene.watchdog()
    for scene.now in (60, 120, 180):
        await dog.check()
    scene.broker_is_away = False
    scene.now = 239
    await dog.check()
    assert [] == scene.exits
    scene.now = 240
    await dog.check()

    assert [STALLED_STATUS] == scene.exits


async def test_a_blocked_event_loop_is_logged_with_its_stack_and_ends_the_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    exits: list[int] = []
    dog = EventLoopWatchdog(
        limit_seconds=0.3, exit=exits.append, slow_seconds=0.1, tick_seconds=0.02
    )
    running = asyncio.create_task(dog.run())
    await asyncio.sleep(0.05)
    with caplog.at_level(logging.WARNING):
        time.sleep(0.6)  # noqa: ASYNC251 -- blocking the loop is what is tested
    running.cancel()

    assert [BLOCKED_STATUS] == exits
    assert "test_a_blocked_event_loop_is_logged" in caplog.text


async def test_an_event_loop_that_ticks_is_left_alone() -> None:
    exits: list[int] = []
    dog = EventLoopWatchdog(limit_seconds=0.3, exit=exits.append, tick_seconds=0.02)
    running = asyncio.create_task(dog.run())
    await asyncio.sleep(0.5)
    running.cancel()

    assert [] == exits
