"""The router over HTTP: the roster, presence, queues, assigning by hand, and every refusal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from shared.contracts import TicketOpened
from shared.contracts.vocabulary import Priority
from tests.support.builders import OTHER_TICKET, TICKET
from tests.support.desks import a_ticket, ticket_id
from tests.support.router_bench import RouterOverHttp

pytestmark = pytest.mark.postgres

ANA = {"name": "Ana", "team": "frontline", "level": "tier_1", "presence": "online"}


@pytest.fixture
async def router(database_url: str) -> AsyncIterator[RouterOverHttp]:
    made = RouterOverHttp(database_url)
    yield made
    await made.close()


def critical(ticket: UUID = TICKET) -> TicketOpened:
    return a_ticket(ticket, priority=Priority.CRITICAL, category="technical")


def assignment(ticket: UUID = TICKET) -> str:
    return f"/v1/tickets/{ticket}/assignment"


async def test_an_agent_is_added_and_shown(router: RouterOverHttp) -> None:
    body = {**ANA, "skills": {"billing": 4}, "channels": ["email"], "capacity": 6}

    added = await router.call("PUT", "/v1/agents/ana", body)
    shown = await router.call("GET", "/v1/agents/ana")

    assert 200 == added.status_code
    assert added.json() == shown.json()
    assert {"skills": {"billing": 4}, "capacity": 6.0, "load": 0.0, "presence": "online"} == {
        name: shown.json()[name] for name in ("skills", "capacity", "load", "presence")
    }


async def test_putting_the_same_agent_again_changes_and_says_nothing(
    router: RouterOverHttp,
) -> None:
    for _ in range(2):
        await router.call("PUT", "/v1/agents/ana", ANA)

    assert 1 == len(await router.bench.said())


async def test_new_skills_take_the_place_of_the_old(router: RouterOverHttp) -> None:
    await router.call("PUT", "/v1/agents/ana", {**ANA, "skills": {"billing": 4, "api": 2}})
    await router.call("PUT", "/v1/agents/ana", {**ANA, "skills": {"api": 3}})

    assert {"api": 3} == (await router.call("GET", "/v1/agents/ana")).json()["skills"]


async def test_a_level_may_be_named_by_its_alias(router: RouterOverHttp) -> None:
    added = await router.call("PUT", "/v1/agents/ana", {**ANA, "level": "tier_2_specialist"})

    assert "tier_2" == added.json()["level"]


async def test_a_roster_comes_in_one_call_and_leaves_others_alone(router: RouterOverHttp) -> None:
    await router.call("PUT", "/v1/agents/zoe", ANA)
    members = [{**ANA, "agent_id": name} for name in ("ben", "ana")]

    brought = await router.call("PUT", "/v1/roster", {"agents": members})
    everybody = await router.call("GET", "/v1/agents")

    assert ["ben", "ana"] == [one["agent_id"] for one in brought.json()["agents"]]
    assert ["ana", "ben", "zoe"] == [one["agent_id"] for one in everybody.json()["agents"]]


async def test_a_capacity_below_the_load_becomes_a_target(router: RouterOverHttp) -> None:
    await router.call("PUT", "/v1/agents/ana", {**ANA, "capacity": 3})
    await router.bench.hear(*(a_ticket(ticket_id(n)) for n in (1, 2, 3)))
    await router.bench.dispatch()

    lowered = (await router.call("PUT", "/v1/agents/ana", {**ANA, "capacity": 1})).json()

    assert (3.0, 1.0, 3.0) == (lowered["capacity"], lowered["capacity_target"], lowered["load"])


async def test_presence_is_set_and_going_offline_returns_the_tickets(
    router: RouterOverHttp,
) -> None:
    await router.call("PUT", "/v1/agents/ana", ANA)
    await router.bench.hear(a_ticket())
    await router.bench.dispatch()

    left = await router.call("PUT", "/v1/agents/ana/presence", {"presence": "offline"})

    assert ("offline", 0.0) == (left.json()["presence"], left.json()["load"])
    where = (await router.call("GET", assignment())).json()
    assert ("waiting", "nobody_on_shift") == (where["status"], where["wait"]["reason"])


async def test_the_queues_tell_how_many_wait_and_what_for(router: RouterOverHttp) -> None:
    await router.call("PUT", "/v1/agents/ana", {**ANA, "capacity": 1})
    await router.bench.hear(a_ticket(ticket_id(1)), a_ticket(ticket_id(2)), critical(ticket_id(3)))
    await router.bench.dispatch()

    listed = (await router.call("GET", "/v1/queues")).json()["queues"]
    queues: dict[str, Any] = {queue["queue"]: queue for queue in listed}

    assert router.bench.policy.routing.queues.keys() == queues.keys()
    assert (1, {"full_desks": 1}) == (queues["general"]["waiting"], queues["general"]["reasons"])
    assert ["incident"] == queues["technical_senior"]["missing_skills"]
    assert 0 == queues["billing"]["waiting"]


async def test_G16_a_waiting_ticket_says_why(router: RouterOverHttp) -> None:
    await router.bench.hear(critical())

    shown = (await router.call("GET", assignment())).json()

    assert ("waiting", "technical_senior", {"incident": 4}) == (
        shown["status"],
        shown["queue"],
        shown["required_skills"],
    )
    assert {
        "reason": "missing_skill",
        "candidates": 0,
        "with_room": 0,
        "missing_skills": ["incident"],
    } == shown["wait"]


async def test_G16_an_assigned_ticket_says_what_it_rests_on(router: RouterOverHttp) -> None:
    await router.call("PUT", "/v1/agents/ana", ANA)
    await router.bench.hear(a_ticket())
    await router.bench.dispatch()

    shown = (await router.call("GET", assignment())).json()

    assert ("assigned", "ana", None) == (shown["status"], shown["agent_id"], shown["wait"])
    assert 1 == shown["history"][0]["explanation"]["candidates"]


async def test_a_ticket_is_assigned_by_hand_and_released(router: RouterOverHttp) -> None:
    await router.call("PUT", "/v1/agents/ana", ANA)
    await router.bench.hear(critical())

    given = await router.call("PUT", assignment(), {"agent_id": "ana"})
    released = await router.call("DELETE", assignment())
    again = await router.call("DELETE", assignment())

    assert ("assigned", "ana") == (given.json()["status"], given.json()["agent_id"])
    assert ("waiting", "ana") == (released.json()["status"], released.json()["previous_agent_id"])
    assert (200, "waiting") == (again.status_code, again.json()["status"])
    assert ["queued", "assigned", "unassigned", "queued"] == (
        await router.bench.said_about_tickets()
    )
    assert [("assign", f"{TICKET} ana"), ("release", str(TICKET))] == await router.bench.rows(
        "SELECT action, object FROM audit WHERE action <> 'put_agents' ORDER BY n LIMIT 2"
    )


async def test_a_ticket_moves_from_hand_to_hand(router: RouterOverHttp) -> None:
    for name in ("ana", "ben"):
        await router.call("PUT", f"/v1/agents/{name}", ANA)
    await router.bench.hear(a_ticket())
    for name in ("ana", "ben"):
        await router.call("PUT", assignment(), {"agent_id": name})

    loads = [(await router.bench.agent(name)).load for name in ("ana", "ben")]

    assert [0, 4] == loads
    assert ["ben", "ana"] == [one.agent_id for one in await router.bench.history(TICKET)]


async def test_G6_beyond_the_capacity_is_a_conflict(router: RouterOverHttp) -> None:
    await router.call("PUT", "/v1/agents/ana", {**ANA, "capacity": 0})
    await router.bench.hear(a_ticket())

    refused = await router.call("PUT", assignment(), {"agent_id": "ana"})

    assert (409, "Beyond capacity") == (refused.status_code, refused.json()["title"])
    assert "application/problem+json" == refused.headers["content-type"]


#: What is asked, and the status and field of the refusal.
REFUSALS: list[tuple[str, str, Any, int, str]] = [
    ("GET", "/v1/agents/nobody", None, 404, "path.agent_id"),
    ("PUT", "/v1/agents/nobody/presence", {"presence": "online"}, 404, "path.agent_id"),
    ("PUT", assignment(), {"agent_id": "nobody"}, 404, "body.agent_id"),
    ("PUT", assignment(OTHER_TICKET), {"agent_id": "ana"}, 404, "path.ticket_id"),
    ("GET", assignment(OTHER_TICKET), None, 404, "path.ticket_id"),
    ("DELETE", assignment(OTHER_TICKET), None, 404, "path.ticket_id"),
    ("PUT", "/v1/agents/ana", {**ANA, "level": "tier_9"}, 422, "body.level"),
    ("PUT", "/v1/agents/ana", {**ANA, "favourite": "tea"}, 422, "body.favourite"),
    ("PUT", "/v1/agents/ana", {**ANA, "name": "A\u0000na"}, 422, "body.name"),
    ("PUT", "/v1/agents/ana", {**ANA, "skills": {"api": 6}}, 422, "body.skills.api"),
    ("PUT", "/v1/agents/ana", {**ANA, "capacity": -1}, 422, "body.capacity"),
    ("PUT", "/v1/agents/ana/presence", {"presence": "asleep"}, 422, "body.presence"),
    ("PUT", "/v1/roster", {"agents": [{**ANA}]}, 422, "body.agents.0.agent_id"),
    ("GET", "/v1/tickets/4711/assignment", None, 422, "path.ticket_id"),
]


async def test_a_refusal_names_the_field_and_changes_nothing(router: RouterOverHttp) -> None:
    await router.bench.hear(a_ticket())

    for method, path, body, status, field in REFUSALS:
        refused = await router.call(method, path, body)

        named = [fault["field"] for fault in refused.json()["errors"]]
        assert (path, status, [field]) == (path, refused.status_code, named)
    assert [] == await router.bench.rows("SELECT agent_id FROM agent")


async def test_strangers_are_not_let_in(router: RouterOverHttp) -> None:
    assert 401 == (await router.call("GET", "/v1/agents", key=None)).status_code
    assert 401 == (await router.call("GET", "/v1/queues", key="wrong")).status_code


async def test_everything_but_the_broker_is_ready_to_be_asked(router: RouterOverHttp) -> None:
    alive = await router.call("GET", "/healthz", key=None)
    shown = await router.call("GET", "/metrics", key=None)

    assert 200 == alive.status_code
    assert "tierline_dispatch_matches" in shown.text
