"""The broker gone under load: intake goes on, and afterwards everything arrives, once and in order."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from tests.support.load import under_load
from tests.support.outage import OUTAGE_SECONDS, take_the_broker_away
from tests.support.running import Running

pytestmark = pytest.mark.asyncio(loop_scope="package")

#: What intake may take to answer without a broker, in seconds, on a busy machine.
PROMPT = 5.0


async def test_intake_accepts_while_the_broker_is_away_and_all_of_it_arrives(
    tierline: Running,
) -> None:
    tally = tierline.sender.tally
    calls, tries = tally.calls, tally.tries
    async with under_load(tierline, "without-a-broker") as load:
        await load.more(6)
        before = load.finished
        outage = asyncio.create_task(take_the_broker_away(tierline))
        readiness = await readiness_until(outage, tierline.url("intake"))
        meanwhile = load.finished - before
        await load.more(6)

    assert meanwhile > OUTAGE_SECONDS
    assert {200} == readiness
    assert ({}, tally.calls - calls) == (tally.refused, tally.tries - tries)
    assert max(tally.seconds[calls:]) < PROMPT
    await tierline.watch_anew()
    account = await tierline.settled(seconds=90)
    assert ([], []) == (account.lost, account.duplicated)
    await tierline.installation.fleet.ready()


async def readiness_until(outage: asyncio.Task[None], url: str) -> set[int]:
    """What a load balancer hears from the service until the outage is over."""
    heard = set()
    async with httpx2.AsyncClient(trust_env=False, timeout=PROMPT) as client:
        while not outage.done():
            heard.add((await client.get(f"{url}/readyz")).status_code)
            await asyncio.wait([outage], timeout=0.25)
    await outage
    return heard
