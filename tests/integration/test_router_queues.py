"""Queues over HTTP: how deep, how fast, and who stands where in the line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.router.api.queues import estimated_wait
from shared.clock import FakeClock
from shared.contracts.vocabulary import Presence, Priority
from tests.support.builders import MONDAY_10
from tests.support.desks import a_ticket, ticket_id
from tests.support.router_bench import RouterOverHttp, a_profile

pytestmark = pytest.mark.postgres


@pytest.fixture
async def router(database_url: str) -> AsyncIterator[RouterOverHttp]:
    made = RouterOverHttp(database_url, FakeClock(MONDAY_10))
    yield made
    await made.close()


async def queue(router: RouterOverHttp, name: str = "general") -> dict[str, Any]:
    """One of the queues."""
    listed = (await router.call("GET", "/v1/queues")).json()["queues"]
    return next(one for one in listed if one["queue"] == name)


async def line(router: RouterOverHttp, query: str = "", name: str = "general") -> dict[str, Any]:
    """The line of a queue."""
    told: dict[str, Any] = (await router.call("GET", f"/v1/queues/{name}/tickets{query}")).json()
    return told


async def test_the_estimated_wait_is_the_line_over_the_pace_of_the_last_hour(
    router: RouterOverHttp,
) -> None:
    await router.bench.roster(a_profile("ana", capacity=4))
    await router.bench.hear(*(a_ticket(ticket_id(n)) for n in range(1, 11)))
    await router.bench.dispatch()

    told = await queue(router)

    assert (6, 4, 5400.0) == (
        told["waiting"],
        told["assigned_last_hour"],
        told["estimated_wait_seconds"],
    )


async def test_without_a_pace_there_is_no_estimate(router: RouterOverHttp) -> None:
    await router.bench.roster(a_profile("ana", capacity=1))
    await router.bench.hear(a_ticket(ticket_id(1)), a_ticket(ticket_id(2)))
    await router.bench.dispatch()
    await router.bench.clock.advance(timedelta(hours=1, seconds=1))

    told = await queue(router)

    assert (1, 0, None) == (
        told["waiting"],
        told["assigned_last_hour"],
        told["estimated_wait_seconds"],
    )


def test_an_empty_line_has_no_wait_once_there_is_a_pace() -> None:
    assert (0.0, None) == (estimated_wait(0, 3), estimated_wait(0, 0))


async def test_the_people_of_a_queue_are_those_at_work_who_serve_it(
    router: RouterOverHttp,
) -> None:
    await router.bench.roster(
        a_profile("ana"),
        a_profile("ben", presence=Presence.BUSY),
        a_profile("cleo", presence=Presence.OFFLINE),
        a_profile("emil", level="tier_3"),
    )

    told = await queue(router)

    assert (2, 1) == (told["people"], told["online"])


async def test_G5_what_nobody_could_take_is_counted_apart(router: RouterOverHttp) -> None:
    await router.bench.hear(a_ticket(ticket_id(1)), a_ticket(ticket_id(2)))

    told = await queue(router)

    assert (2, 2, {"nobody_on_shift": 2}) == (
        told["waiting"],
        told["unroutable"],
        told["reasons"],
    )


async def test_G2_a_line_is_told_in_the_order_in_which_it_is_served(
    router: RouterOverHttp,
) -> None:
    for number, priority in ((1, Priority.LOW), (2, Priority.HIGH), (3, Priority.MEDIUM)):
        await router.bench.hear(a_ticket(ticket_id(number), priority=priority))

    told = (await line(router))["tickets"]

    assert [(1, "high", 1), (2, "medium", 2), (3, "low", 3)] == [
        (one["position"], one["priority"], one["priority_class"]) for one in told
    ]
    assert [str(ticket_id(n)) for n in (2, 3, 1)] == [one["ticket_id"] for one in told]


async def test_G2_ageing_lifts_a_ticket_in_the_line(router: RouterOverHttp) -> None:
    await router.bench.hear(a_ticket(ticket_id(1), priority=Priority.LOW))
    await router.bench.clock.advance(timedelta(days=3))

    [told] = (await line(router))["tickets"]

    assert ("low", 0, 3 * 86400) == (
        told["priority"],
        told["priority_class"],
        told["waited_seconds"],
    )


async def test_a_line_is_cut_and_says_how_long_it_is(router: RouterOverHttp) -> None:
    await router.bench.hear(*(a_ticket(ticket_id(n)) for n in range(1, 4)))

    told = await line(router, "?limit=2")

    assert (3, 2) == (told["waiting"], len(told["tickets"]))


async def test_every_ticket_of_a_line_says_what_it_waits_for(router: RouterOverHttp) -> None:
    await router.bench.roster(a_profile("ana", capacity=1))
    await router.bench.hear(a_ticket(ticket_id(1)), a_ticket(ticket_id(2)))
    await router.bench.dispatch()

    [told] = (await line(router))["tickets"]

    assert ("full_desks", 1) == (told["wait"]["reason"], told["wait"]["candidates"])


async def test_an_unknown_queue_is_said_to_be_unknown(router: RouterOverHttp) -> None:
    refused = await router.call("GET", "/v1/queues/nowhere/tickets")

    assert (404, "path.queue") == (refused.status_code, refused.json()["errors"][0]["field"])


async def test_what_an_agent_has_is_told(router: RouterOverHttp) -> None:
    await router.bench.roster(a_profile("ana", auto_accept=True))
    await router.bench.hear(a_ticket(ticket_id(1)))
    await router.bench.dispatch()

    told = (await router.call("GET", "/v1/agents/ana/tickets")).json()
    agent = (await router.call("GET", "/v1/agents/ana")).json()

    [ticket] = told["tickets"]
    assert (ticket_id(1), "general", None) == (
        UUID(ticket["ticket_id"]),
        ticket["queue"],
        ticket["accept_by"],
    )
    assert {"email": 1} == agent["held"]
