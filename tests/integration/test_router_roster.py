"""The roster as a whole: out as JSON or CSV, in again, and what is said of a faulty table."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from shared.contracts.vocabulary import Presence
from tests.support.router_bench import KEY, RouterOverHttp, a_profile

pytestmark = pytest.mark.postgres

HEADER = "agent_id,name,team,level,skills,channels,capacity,shift,channel_caps,auto_accept"
SOFIA = "sofia,Sofia,specialists,tier_2,billing:5;senior:3,chat;email,10,,phone:1,true"
ZOE = "zoe,'=Zoe,frontline,tier_1,,,8,,,false"

FAULTY = """agent_id,name,team,level,skills,capacity
ana,Ana,frontline,tier_1,api:7,8

ben,Ben,frontline,tier_1,api,many
sofia,Sofia
cleo,,frontline,tier_1,,8
dan,Dan,frontline,tier_1,,8
dan,Dan,frontline,tier_1,,8
"""
FAULTY_PLACES = [
    "line 2, skills.api",
    "line 4, skills.api",
    "line 4, capacity",
    "line 5",
    "line 6, name",
    "line 8, agent_id",
]


@pytest.fixture
async def router(database_url: str) -> AsyncIterator[RouterOverHttp]:
    made = RouterOverHttp(database_url)
    await made.bench.roster(
        a_profile("zoe", name="=Zoe"),
        a_profile(
            "sofia",
            team="specialists",
            level="tier_2",
            skills={"senior": 3, "billing": 5},
            channels=("chat", "email"),
            capacity=10,
            channel_caps={"phone": 1},
            auto_accept=True,
        ),
    )
    yield made
    await made.close()


async def table_call(
    router: RouterOverHttp, method: str, path: str, table: str | None = None
) -> httpx2.Response:
    """One request by somebody who speaks CSV."""
    headers = {"authorization": f"Bearer {KEY}", "accept": "text/csv", "content-type": "text/csv"}
    transport = httpx2.ASGITransport(app=router.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://router") as client:
        content = table.encode() if table is not None else None
        return await client.request(method, path, content=content, headers=headers)


async def put(router: RouterOverHttp, table: str, query: str = "") -> dict[str, object]:
    """The answer to a table that is taken."""
    answer = await table_call(router, "PUT", f"/v1/roster{query}", table)
    assert answer.status_code == 200, answer.text
    told: dict[str, object] = answer.json()
    return told


async def faults(router: RouterOverHttp, table: str) -> list[str]:
    """The places of a faulty table."""
    answer = await table_call(router, "PUT", "/v1/roster", table)
    assert (422, "Invalid table") == (answer.status_code, answer.json()["title"])
    return [fault["field"] for fault in answer.json()["errors"]]


async def test_the_roster_is_a_table_by_its_query_or_by_what_is_accepted(
    router: RouterOverHttp,
) -> None:
    asked = [
        await router.call("GET", "/v1/roster?format=csv"),
        await table_call(router, "GET", "/v1/roster"),
    ]

    assert [f"{HEADER}\n{SOFIA}\n{ZOE}\n"] * 2 == [answer.text for answer in asked]
    assert "text/csv; charset=utf-8" == asked[0].headers["content-type"]


async def test_what_came_out_changes_nothing_when_it_goes_in(router: RouterOverHttp) -> None:
    said = len(await router.bench.said())
    table = (await router.call("GET", "/v1/roster?format=csv")).text
    document = (await router.call("GET", "/v1/roster")).json()

    from_table = await put(router, table)
    from_document = (await router.call("PUT", "/v1/roster", document)).json()

    assert [[], []] == [from_table["changes"], from_document["changes"]]
    assert said == len(await router.bench.said())
    assert "=Zoe" == (await router.bench.agent("zoe")).name


async def test_a_presence_survives_an_import(router: RouterOverHttp) -> None:
    table = (await router.call("GET", "/v1/roster?format=csv")).text
    await router.call("PUT", "/v1/agents/zoe/presence", {"presence": "busy"})

    await put(router, table)

    assert Presence.BUSY is (await router.bench.agent("zoe")).presence


async def test_a_column_that_is_not_there_stays_as_it_is(router: RouterOverHttp) -> None:
    told = await put(router, "agent_id,capacity\nsofia,12\n")

    fields = {"capacity": {"before": 10, "after": 12}}
    assert [{"agent_id": "sofia", "added": False, "fields": fields}] == told["changes"]
    assert {"senior": 3, "billing": 5} == (await router.bench.agent("sofia")).skills


async def test_an_empty_cell_means_nothing(router: RouterOverHttp) -> None:
    await put(router, "agent_id,skills,channels,auto_accept\nsofia,,,\n")

    sofia = await router.bench.agent("sofia")
    assert ({}, (), False) == (sofia.skills, sofia.channels, sofia.auto_accept)


async def test_a_dry_run_tells_what_would_change_and_changes_nothing(
    router: RouterOverHttp,
) -> None:
    table = f"{HEADER}\n{SOFIA.replace(',10,', ',4,')}\nbob,Bob,frontline,tier_1,,,8,,,\n"
    before = await router.bench.rows("SELECT count(*) FROM audit")

    told = await put(router, table, "?dry_run=true")

    assert [
        {
            "agent_id": "sofia",
            "added": False,
            "fields": {"capacity": {"before": 10, "after": 4}},
        },
        {"agent_id": "bob", "added": True, "fields": {}},
    ] == told["changes"]
    assert 404 == (await router.call("GET", "/v1/agents/bob")).status_code
    assert 40 == (await router.bench.agent("sofia")).capacity
    assert before == await router.bench.rows("SELECT count(*) FROM audit")


async def test_a_spreadsheet_of_semicolons_is_read(router: RouterOverHttp) -> None:
    await put(router, '\ufeffagent_id;skills\nsofia;"incident:4;api:2"\n')

    assert {"incident": 4, "api": 2} == (await router.bench.agent("sofia")).skills


async def test_faults_are_told_by_line_and_column(router: RouterOverHttp) -> None:
    assert FAULTY_PLACES == await faults(router, FAULTY)


@pytest.mark.parametrize(
    ("table", "places"),
    [
        ("", ["line 1, agent_id"]),
        ("agent_id,hobby\nana,tea\n", ["line 1, hobby"]),
        ("agent_id,team,team\n", ["line 1, team"]),
        ('agent_id,name\nana,"An\n', ["line 2"]),
    ],
)
async def test_a_table_that_is_none_says_so(
    router: RouterOverHttp, table: str, places: list[str]
) -> None:
    assert places == await faults(router, table)


async def test_nothing_is_changed_by_a_table_with_a_fault(router: RouterOverHttp) -> None:
    await faults(router, "agent_id,capacity\nzoe,4\nsofia,-1\n")

    assert 32 == (await router.bench.agent("zoe")).capacity
