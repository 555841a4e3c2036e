"""The loop of every background worker."""

import asyncio

import pytest

from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.runtime.worker import Worker


async def until_at_rest(worker: Worker, running: asyncio.Task[None]) -> None:
    worker.stop()
    async with asyncio.timeout(5):
        await running


async def test_a_worker_goes_on_at_once_while_it_finds_work() -> None:
    left = [True, True, True, False]
    done = asyncio.Event()

    async def step() -> bool:
        if len(left) == 1:
            done.set()
        return left.pop(0) if len(left) > 1 else left[0]

    worker = Worker("toy", step, idle_seconds=1000)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(5):
        await done.wait()
    await until_at_rest(worker, running)

    assert [False] == left


async def test_a_worker_that_knows_when_there_is_work_sleeps_until_then() -> None:
    naps = [0.0, 0.0, 1000.0]
    slept_last = asyncio.Event()

    async def step() -> bool:
        return False

    def idle_seconds() -> float:
        if len(naps) == 1:
            slept_last.set()
        return naps.pop(0)

    worker = Worker("toy", step, idle_seconds=idle_seconds)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(5):
        await slept_last.wait()
    await until_at_rest(worker, running)

    assert [] == naps


async def test_a_woken_worker_does_not_wait_for_its_idle_time() -> None:
    steps = 0
    stepped = asyncio.Event()

    async def step() -> bool:
        nonlocal steps
        steps += 1
        stepped.set()
        return False

    worker = Worker("toy", step, idle_seconds=1000)
    running = asyncio.create_task(worker.run())
    for _ in range(3):
        async with asyncio.timeout(5):
            await stepped.wait()
        stepped.clear()
        worker.wake()
    await until_at_rest(worker, running)

    assert steps >= 3


async def test_a_wake_during_a_step_is_not_lost() -> None:
    steps = 0
    twice = asyncio.Event()

    async def step() -> bool:
        nonlocal steps
        steps += 1
        if steps == 1:
            worker.wake()
        else:
            twice.set()
        return False

    worker = Worker("toy", step, idle_seconds=1000)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(5):
        await twice.wait()
    await until_at_rest(worker, running)

    assert steps == 2


async def test_a_step_that_fails_is_tried_again_and_seen_meanwhile() -> None:
    seen: list[str | None] = []
    done = asyncio.Event()

    async def step() -> bool:
        seen.append(worker.failing)
        if len(seen) < 3:
            raise ValueError("not yet")
        done.set()
        return False

    worker = Worker("toy", step, idle_seconds=1000)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(5):
        await done.wait()
    await until_at_rest(worker, running)

    assert [None, "worker toy: ValueError", "worker toy: ValueError"] == seen
    assert worker.failing is None


async def test_failing_steps_are_counted_from_nought() -> None:
    catalogue = Catalogue("router")
    counted: list[float | None] = []
    done = asyncio.Event()

    async def step() -> bool:
        labels = {"service": "router", "worker": "toy"}
        counted.append(
            catalogue.registry.get_sample_value("tierline_worker_failures_total", labels)
        )
        if len(counted) < 3:
            raise ValueError("not yet")
        done.set()
        return False

    worker = Worker("toy", step, idle_seconds=1000, metrics=RuntimeMetrics(catalogue))
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(5):
        await done.wait()
    await until_at_rest(worker, running)

    assert counted == [0, 1, 2]


async def test_one_step_by_hand_raises_what_the_step_raises() -> None:
    async def step() -> bool:
        raise ValueError("now")

    with pytest.raises(ValueError, match="now"):
        await Worker("toy", step, idle_seconds=1).run_once()
