"""Several routers and what may happen to them, scaled down: nothing above capacity, doubled or lost."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from services.local import MissingBackendError
from tests.load.router_proof.ground import Ground, given_ground, own_ground
from tests.load.router_proof.plan import Plan, Verdict
from tests.load.router_proof.replicas import Replicas
from tests.load.router_proof.rounds import Proof
from tests.support import databases
from tests.support.backends import Backends
from tests.support.lanes import Lane, chosen
from tests.support.running import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.kafka,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

PLAN = Plan(assignments=3000, agents=50, replicas=2)

#: Longer than a member of the group may be silent.
SILENCE = 8.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, for a socket's path has little room; open, for PostgreSQL may be another user."""
    made = Path(tempfile.mkdtemp(prefix="tierline-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest_asyncio.fixture(loop_scope="module")
async def ground(folder: Path, backends: Backends) -> AsyncIterator[Ground]:
    """A pair of its own with fsync, or a database and topics of its own on given servers."""
    async with AsyncExitStack() as stack:
        try:
            if backends.lane is Lane.EMBEDDED:
                yield await stack.enter_async_context(own_ground(folder))
                return
            name = backends.new_database_name()
            url = await databases.create(backends.server_url, name)
            stack.push_async_callback(databases.drop, backends.server_url, name)
            prefix = {"topic_prefix": backends.new_prefix()}
            yield await given_ground(url, backends.kafka.model_copy(update=prefix))
        except MissingBackendError as error:
            if chosen()[1]:
                pytest.skip(str(error))
            pytest.fail(str(error), pytrace=False)


def wrongs(found: Verdict) -> dict[str, int]:
    """What must never happen, and how often it did."""
    return {
        "above capacity": found.above + found.above_told,
        "doubles": found.doubles + found.doubles_told,
        "lost": found.lost,
        "wrong loads": found.wrong_loads,
        "gaps": found.gaps,
        "parked": found.parked,
        "answered 500": found.commands["500"],
    }


NOTHING = dict.fromkeys(wrongs(Verdict()), 0)


async def test_routers_killed_in_turn_assign_nobody_too_much_nothing_twice_and_lose_nothing(
    ground: Ground, folder: Path
) -> None:
    """3,000 assignments that everybody fights for; `make prove-router` makes a million."""

    async def kill_in_turn(replicas: Replicas, assigned: Callable[[], int]) -> None:
        await until(lambda: assigned() > 700, "they assign", seconds=90)
        replicas.kill(0)
        await until(lambda: assigned() > 1600, "they assign again", seconds=90)
        replicas.kill(1)

    found = await Proof(PLAN, ground, folder, deed=kill_in_turn).run()

    assert NOTHING == wrongs(found)
    assert (2, True) == (found.kills, found.assigned >= PLAN.assignments)
    assert max(found.waiting) > 0, "nobody had to wait: nothing was fought for"


@pytest.mark.own_servers
async def test_whatever_happens_around_them_routers_assign_everything_once(
    ground: Ground, folder: Path
) -> None:
    """One leaves in mid-batch, one sleeps through its session, the database and the broker go and come."""
    assert ground.pair is not None
    postgres, broker = ground.pair.postgres, ground.pair.broker
    assert postgres is not None
    assert broker is not None

    async def disturb(replicas: Replicas, assigned: Callable[[], int]) -> None:
        async def more() -> None:
            goal = assigned() + 250
            await until(lambda: assigned() > goal, "they assign again", seconds=90)

        await more()
        replicas.kill(0, signal.SIGTERM)
        await more()
        await replicas.suspend(1, SILENCE)
        await more()
        await asyncio.to_thread(postgres.stop)
        await asyncio.to_thread(postgres.start)
        await more()
        await asyncio.to_thread(postgres.kill)
        await asyncio.to_thread(postgres.start)
        await more()
        await suspend(broker.pid)

    async def suspend(pid: int | None) -> None:
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(SILENCE)
        finally:
            os.kill(pid, signal.SIGCONT)

    found = await Proof(PLAN, ground, folder, deed=disturb).run()

    assert NOTHING == wrongs(found)
    assert found.assigned >= PLAN.assignments
