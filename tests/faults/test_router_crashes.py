"""The router dies right behind its commits: nobody is told twice, nobody is forgotten, no desk too full."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from shared import failpoints
from tests.support import invariants
from tests.support.crashes import crash_at
from tests.support.world import World, a_world

#: A morning is some hundred transactions; on a busy machine they take their time.
pytestmark = pytest.mark.timeout(240)

#: Commits behind which somebody dies, counted from the arrival of an agent: the dispatcher's among them.
COMMITS = range(1, 7)


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(database_url, tmp_path) as made:
        yield made


async def test_F02_a_router_killed_between_its_decision_and_its_telling_tells_it_once(
    world: World,
) -> None:
    accepted: dict[str, UUID] = {}
    for commit in COMMITS:
        name = f"t{commit}"
        customer = {"id": f"customer of {name}", "tier": "professional"}
        accepted[name] = await world.open(name, customer=customer)
        crash_at("writer.after_commit", after=commit)
        await world.agent(f"agent-{commit}", capacity=1)
        failpoints.clear()

    assert "router" in world.crashed
    assert Counter(accepted.values()) == Counter(
        UUID(event.subject) for event in world.events("ticket.assigned")
    )
    assert {f"agent-{commit}": 1 for commit in COMMITS} == await world.agents()
    await invariants.hold(world, accepted)


async def test_F02_a_router_killed_while_an_agent_leaves_hands_everything_over_once(
    world: World,
) -> None:
    await world.agent("ana", capacity=4)
    accepted = {}
    for n in range(3):
        customer = {"id": f"customer of t{n}", "tier": "professional"}
        accepted[f"t{n}"] = await world.open(f"t{n}", customer=customer)
    await world.agent("ben", capacity=4)
    crash_at("writer.after_commit", after=1)
    await world.agent("ana", capacity=4, presence="offline")
    failpoints.clear()

    given = [
        [
            getattr(event.payload, "agent_id", None)
            for event in world.events("ticket.assigned", ticket)
        ]
        for ticket in accepted.values()
    ]
    assert [["ana", "ben"]] * 3 == given
    assert {"ana": 0, "ben": 3} == await world.agents()
    await invariants.hold(world, accepted)
