"""`kill -9` of any service under load: it comes back, and nothing is lost, doubled or out of order."""

from __future__ import annotations

import contextlib

import httpx2
import pytest

from services.fleet import Member
from services.installation import PORTS
from tests.support.load import under_load
from tests.support.running import Running, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

#: How often each is killed, and how many tickets have had their life in between.
TIMES = 2
TICKETS = 4


@pytest.mark.parametrize("service", PORTS)
async def test_a_service_killed_under_load_loses_and_doubles_nothing(
    tierline: Running, service: str
) -> None:
    member = tierline.installation.fleet.members[service]
    async with under_load(tierline, f"without-{service}") as load:
        for _ in range(TIMES):
            await load.more(TICKETS)
            await killed_and_back(member)
        await load.more(TICKETS)

    account = await tierline.settled()
    assert ([], []) == (account.lost, account.duplicated)
    assert {} == tierline.sender.tally.refused
    await tierline.installation.fleet.ready()


async def killed_and_back(member: Member) -> None:
    """`kill -9`, and wait until the fleet has started it again and it listens."""
    before = member.restarts
    member.kill()
    await until(lambda: member.restarts > before, f"{member.name} is started again")
    await until(lambda: is_alive(member), f"{member.name} answers again", seconds=60)


async def is_alive(member: Member) -> bool:
    """Its HTTP server answers; ready it may not be yet."""
    async with httpx2.AsyncClient(trust_env=False, timeout=2.0) as client:
        with contextlib.suppress(httpx2.TransportError):
            return (await client.get(f"{member.url}/healthz")).is_success
    return False
