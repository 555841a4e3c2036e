"""What would happen to a ticket that does not exist: the route, the agent, the others, or why nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.contracts.vocabulary import Presence
from tests.support.desks import a_ticket
from tests.support.router_bench import RouterOverHttp, a_profile

pytestmark = pytest.mark.postgres

CRITICAL = {"priority": "critical", "category": "technical"}


@pytest.fixture
async def router(database_url: str) -> AsyncIterator[RouterOverHttp]:
    made = RouterOverHttp(database_url)
    await made.bench.roster(
        a_profile("ana", skills={"billing": 4}),
        a_profile("ben"),
        a_profile("emil", level="tier_3", skills={"incident": 5}, presence=Presence.OFFLINE),
    )
    yield made
    await made.close()


async def preview(router: RouterOverHttp, **facts: Any) -> dict[str, Any]:
    """The answer to a preview."""
    answer = await router.call("POST", "/v1/routing:preview", facts)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_an_ordinary_ticket_goes_to_the_one_whom_matching_would_choose(
    router: RouterOverHttp,
) -> None:
    told = await preview(router)
    await router.bench.hear(a_ticket())
    await router.bench.dispatch()

    [had] = await router.bench.history(a_ticket().ticket_id)
    assert ("general", None) == (told["route"]["queue"], told["wait"])
    assert had.agent_id == told["agent_id"] == told["candidates"][0]["agent_id"]


async def test_G9_a_ticket_tells_its_rule_and_all_that_follows(router: RouterOverHttp) -> None:
    told = (await preview(router, **CRITICAL))["route"]

    assert ("technical_senior", {"incident": 4}, 900.0, ["manager_escalation"]) == (
        told["queue"],
        told["required_skills"],
        told["sla_target_seconds"],
        told["notify"],
    )
    assert None is not told["rule"]


async def test_G5_nobody_is_said_with_the_reason(router: RouterOverHttp) -> None:
    told = await preview(router, **CRITICAL)

    assert (None, "nobody_on_shift") == (told["agent_id"], told["wait"]["reason"])
    assert [("emil", "offline")] == [(one["agent_id"], one["reason"]) for one in told["refused"]]
    assert {"level": 2, "offline": 1} == told["refused_for"]


async def test_the_roster_can_be_imagined_otherwise(router: RouterOverHttp) -> None:
    online = await preview(router, **CRITICAL, roster_changes={"emil": {"presence": "online"}})
    full = await preview(
        router, **CRITICAL, roster_changes={"emil": {"presence": "online", "capacity": 0}}
    )
    off_shift = await preview(
        router, **CRITICAL, roster_changes={"emil": {"presence": "online", "on_shift": False}}
    )

    assert ["emil", None, None] == [one["agent_id"] for one in (online, full, off_shift)]
    assert ["full", "off_shift"] == [one["refused"][0]["reason"] for one in (full, off_shift)]


async def test_C7_business_hours_follow_the_opening(router: RouterOverHttp) -> None:
    who = {"tier": "enterprise"}

    rules = [
        (await preview(router, customer=who, opened_at=at))["route"]["rule"]
        for at in ("2026-06-01T10:00:00Z", "2026-05-31T02:00:00Z")
    ]

    assert rules[0] != rules[1]


async def test_a_preview_writes_nothing(router: RouterOverHttp) -> None:
    tables = ("work_item", "assignment", "outbox", "audit", "agent")
    counted = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
    before = await router.bench.rows(counted)

    await preview(router, **CRITICAL, roster_changes={"emil": {"presence": "online"}})

    assert before == await router.bench.rows(counted)
    assert Presence.OFFLINE is (await router.bench.agent("emil")).presence


#: What is asked, and the status and field of the refusal.
REFUSALS: list[tuple[dict[str, Any], int, str]] = [
    ({"category": "gardening"}, 422, "body.category"),
    ({"customer": {"tier": "platinum-plus"}}, 422, "body.customer.tier"),
    ({"priority": "huge"}, 422, "body.priority"),
    ({"opened_at": "2026-06-01T10:00:00"}, 422, "body.opened_at"),
    ({"opened_at": "0001-01-01T00:00:00+14:00"}, 422, "body.opened_at"),
    ({"roster_changes": {"zoe": {}}}, 404, "body.roster_changes.zoe"),
    ({"roster_changes": {"ana": {"capacity": -1}}}, 422, "body.roster_changes.ana.capacity"),
    ({"favourite": "tea"}, 422, "body.favourite"),
]


async def test_what_no_ticket_could_be_is_refused_by_its_field(router: RouterOverHttp) -> None:
    for facts, status, field in REFUSALS:
        refused = await router.call("POST", "/v1/routing:preview", facts)

        named = [fault["field"] for fault in refused.json()["errors"]]
        assert (status, [field]) == (refused.status_code, named)
