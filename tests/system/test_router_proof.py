"""Several routers and what may happen to them, scaled down: nothing above capacity, doubled or lost."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.load.router_proof.ground import Ground
from tests.load.router_proof.plan import Plan, Verdict
from tests.load.router_proof.replicas import Replicas
from tests.load.router_proof.rounds import Proof
from tests.support.running import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.kafka,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

SERVICE = "router"

PLAN = Plan(assignments=3000, agents=50, replicas=2)

#: Longer than a member of the group may be silent.
SILENCE = 8.0


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
