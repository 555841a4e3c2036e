"""What agents say of their tickets over HTTP: claim, accept, decline; and what each ticket tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from shared.contracts import SlaStarted
from shared.contracts.vocabulary import Metric
from tests.support.builders import MONDAY_10, OTHER_TICKET, TICKET, a
from tests.support.desks import a_ticket
from tests.support.router_bench import RouterOverHttp, a_profile

pytestmark = pytest.mark.postgres


@pytest.fixture
async def router(database_url: str) -> AsyncIterator[RouterOverHttp]:
    made = RouterOverHttp(database_url)
    await made.bench.roster(a_profile("ana"), a_profile("ben"))
    yield made
    await made.close()


async def say(router: RouterOverHttp, word: str, agent: str = "ana") -> httpx2.Response:
    """An agent says something of the ticket."""
    return await router.call("POST", f"/v1/tickets/{TICKET}/{word}", {"agent_id": agent})


async def stand(router: RouterOverHttp, query: str = "") -> dict[str, Any]:
    """Where the ticket stands."""
    shown: dict[str, Any] = (
        await router.call("GET", f"/v1/tickets/{TICKET}/assignment{query}")
    ).json()
    return shown


async def deeds(router: RouterOverHttp) -> list[tuple[str, str]]:
    """What was done to tickets, as the audit has it."""
    rows = await router.bench.rows("SELECT action, object FROM audit ORDER BY n")
    return [(action, what) for action, what in rows if action != "put_agents"]


async def test_a_claimed_ticket_counts_as_accepted(router: RouterOverHttp) -> None:
    await router.bench.hear(a_ticket())

    claimed = (await say(router, "claim")).json()

    assert ("ana", True, None) == (claimed["agent_id"], claimed["accepted"], claimed["accept_by"])
    assert [("claim", f"{TICKET} ana")] == await deeds(router)


async def test_claiming_again_changes_nothing(router: RouterOverHttp) -> None:
    await router.bench.hear(a_ticket())

    answers = [await say(router, "claim") for _ in range(2)]

    assert [200, 200] == [answer.status_code for answer in answers]
    assert ["queued", "assigned"] == await router.bench.said_about_tickets()


async def test_what_somebody_has_cannot_be_claimed(router: RouterOverHttp) -> None:
    await router.bench.hear(a_ticket())
    await say(router, "claim")

    refused = await say(router, "claim", "ben")

    assert (409, "Somebody has it", "ana has the ticket.") == (
        refused.status_code,
        refused.json()["title"],
        refused.json()["detail"],
    )


async def test_G8_a_given_ticket_waits_to_be_accepted(router: RouterOverHttp) -> None:
    await router.bench.hear(a_ticket())
    await router.bench.dispatch()

    before = await stand(router)
    accepted = [(await say(router, "accept")).json() for _ in range(2)]

    assert (False, "ana") == (before["accepted"], before["agent_id"])
    assert before["accept_by"] > before["assigned_at"]
    assert [True, True] == [one["accepted"] for one in accepted]
    assert ["queued", "assigned", "accepted"] == await router.bench.said_about_tickets()


async def test_G8_a_declined_ticket_goes_to_somebody_else(router: RouterOverHttp) -> None:
    await router.bench.hear(a_ticket())
    await router.bench.dispatch()

    declined = [await say(router, "decline") for _ in range(2)]
    await router.bench.dispatch()

    assert [200, 200] == [answer.status_code for answer in declined]
    assert ("waiting", ["ana"]) == (
        declined[0].json()["status"],
        declined[0].json()["declined"],
    )
    assert "ben" == (await stand(router))["agent_id"]
    assert ["queued", "assigned", "unassigned", "queued", "assigned"] == (
        await router.bench.said_about_tickets()
    )
    assert ["decline", "decline"] == [action for action, _ in await deeds(router)]


@pytest.mark.parametrize("word", ["accept", "decline"])
async def test_nobody_speaks_for_a_ticket_they_do_not_have(
    router: RouterOverHttp, word: str
) -> None:
    await router.bench.hear(a_ticket())
    await router.bench.dispatch()

    refused = await say(router, word, "ben")

    assert (409, "Not their ticket") == (refused.status_code, refused.json()["title"])
    assert [] == await deeds(router)


@pytest.mark.parametrize("word", ["claim", "accept", "decline"])
async def test_who_and_what_is_not_there_is_named(router: RouterOverHttp, word: str) -> None:
    await router.bench.hear(a_ticket())

    nobody = await say(router, word, "zoe")
    nothing = await router.call("POST", f"/v1/tickets/{OTHER_TICKET}/{word}", {"agent_id": "ana"})

    assert [(404, "body.agent_id"), (404, "path.ticket_id")] == [
        (answer.status_code, answer.json()["errors"][0]["field"]) for answer in (nobody, nothing)
    ]


async def test_G2_a_ticket_tells_its_deadlines_and_its_slack(router: RouterOverHttp) -> None:
    deadline = MONDAY_10 + timedelta(hours=2)
    await router.bench.hear(
        a_ticket(), a(SlaStarted, ticket_id=TICKET, metric=Metric.FIRST_RESPONSE, deadline=deadline)
    )

    shown = await stand(router)

    effort = router.bench.policy.routing.assigning.effort.response
    assert ["first_response"] == list(shown["deadlines"])
    assert (timedelta(hours=2) - effort).total_seconds() == shown["slack_seconds"]
    assert (1, 0) == (shown["entry"], shown["relaxed"])


async def test_G16_a_ticket_tells_how_everybody_stands_to_it_when_asked(
    router: RouterOverHttp,
) -> None:
    await router.bench.roster(
        a_profile("emil", level="tier_3"), a_profile("cleo", capacity=0), a_profile("dan")
    )
    await router.bench.hear(a_ticket())

    shown = await stand(router, "?explain=true")
    people = shown["people"]

    assert None is (await stand(router))["people"]
    assert [("ana", 1), ("ben", 2), ("dan", 3)] == [
        (one["agent_id"], one["place"]) for one in people["candidates"]
    ]
    assert [("cleo", "full")] == [(one["agent_id"], one["reason"]) for one in people["refused"]]
    assert {"level": 1, "full": 1} == people["refused_for"]
