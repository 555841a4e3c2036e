"""The directory of recipients and the history of messages, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.api import recipient_routes
from services.notifier.domain.delivery import Outcome, Result
from services.notifier.history import notification_routes
from services.notifier.people_book import PeopleBook
from shared.contracts import SlaBreached, TicketAssigned
from shared.db import audit
from shared.http.app import create_app
from shared.http.auth import Keyring, new_key
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.settings import ApiKey, HttpSettings
from tests.support.builders import OTHER_TICKET, TICKET, a
from tests.support.notifier_bench import Bench

pytestmark = pytest.mark.postgres

KEY, DIGEST = new_key()

MARIA: dict[str, Any] = {
    "name": "Maria",
    "roles": ["manager", "support_manager"],
    "team": "specialists",
    "channels": {"email": "maria@desk.example", "log": True},
    "muted_until": None,
}


@pytest.fixture
def bench(engine_for: Callable[[str], AsyncEngine]) -> Bench:
    return Bench(engine_for("notifier"))


@pytest.fixture
async def client(bench: Bench) -> AsyncIterator[httpx2.AsyncClient]:
    async def ready() -> list[str]:
        return []

    scopes = frozenset({"recipients:read", "recipients:write", "notifications:read"})
    catalogue = Catalogue("notifier")
    app = create_app(
        service="notifier",
        catalogue=catalogue,
        metrics=RuntimeMetrics(catalogue),
        settings=HttpSettings(),
        api_keys=Keyring({"tests": ApiKey(sha256=DIGEST, scopes=scopes)}, clock=bench.clock),
        readiness=ready,
        routes=[
            recipient_routes(bench.engine, PeopleBook(bench.writer)),
            notification_routes(bench.engine),
        ],
    )
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://test", headers={"x-api-key": KEY}
    ) as made:
        yield made


async def test_what_is_put_is_what_is_got(client: httpx2.AsyncClient) -> None:
    put = await client.put("/v1/recipients/maria", json=MARIA)
    got = await client.get("/v1/recipients/maria")

    assert (200, 200) == (put.status_code, got.status_code)
    unsaid = dict.fromkeys(["language", "zone", "quiet", "away"]) | {
        "prefer": {},
        "no_digests": False,
    }
    assert {"recipient_id": "maria", **MARIA, **unsaid} == got.json()


@pytest.mark.parametrize("given", [True, ""])
async def test_a_feed_is_a_channel_that_takes_no_address(
    client: httpx2.AsyncClient, given: object
) -> None:
    put = await client.put("/v1/recipients/maria", json={**MARIA, "channels": {"feed": given}})
    refused = await client.put(
        "/v1/recipients/maria", json={**MARIA, "channels": {"feed": "there"}}
    )

    assert (200, {"feed": True}) == (put.status_code, put.json()["channels"])
    assert 422 == refused.status_code
    assert "feed: it takes no address, only true" in refused.text


async def test_many_are_put_at_once_and_others_stay(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/recipients/maria", json=MARIA)
    ben = {"recipient_id": "ben", "name": "Ben", "channels": {"log": ""}}
    put = await client.put("/v1/recipients", json={"recipients": [ben]})
    everyone = await client.get("/v1/recipients")

    assert {"count": 1} == put.json()
    assert ["ben", "maria"] == [known["recipient_id"] for known in everyone.json()]


async def test_a_recipient_can_be_forgotten(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/recipients/maria", json=MARIA)

    assert 204 == (await client.delete("/v1/recipients/maria")).status_code
    assert 404 == (await client.get("/v1/recipients/maria")).status_code
    assert 404 == (await client.delete("/v1/recipients/maria")).status_code


async def test_every_change_is_in_the_audit_log(bench: Bench, client: httpx2.AsyncClient) -> None:
    await client.put("/v1/recipients/maria", json=MARIA)
    await client.delete("/v1/recipients/maria")

    async with bench.engine.connect() as tx:
        rows = await tx.exec_driver_sql("SELECT principal, action, object FROM audit ORDER BY n")
        intact = await audit.first_broken(tx)
    assert [("tests", "put_recipients", "maria"), ("tests", "delete_recipient", "maria")] == [
        tuple(row) for row in rows
    ]
    assert intact is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"channels": {"email": "maria@desk.example\r\nBcc: x@y.example"}}, "body.channels"),
        ({"channels": {"email": True}}, "body.channels"),
        ({"channels": {"webhook": "ftp://hooks.example/x"}}, "body.channels"),
        ({"channels": {"log": "somewhere"}}, "body.channels"),
        ({"channels": {"pigeon": "home"}}, "body.channels.pigeon"),
        ({"channels": {}}, "body.channels"),
        ({"name": ""}, "body.name"),
        ({"name": "a\x00b"}, "body.name"),
        ({"muted_until": "2026-06-01T10:00:00"}, "body.muted_until"),
        ({"rolls": []}, "body.rolls"),
    ],
)
async def test_a_recipient_who_could_not_be_told_is_refused_and_the_field_named(
    client: httpx2.AsyncClient, change: dict[str, Any], named: str
) -> None:
    answer = await client.put("/v1/recipients/maria", json=MARIA | change)

    assert 422 == answer.status_code
    assert any(fault["field"].startswith(named) for fault in answer.json()["errors"])
    assert [] == (await client.get("/v1/recipients")).json()


async def test_the_same_recipient_twice_in_one_list_is_refused(client: httpx2.AsyncClient) -> None:
    twice = [{"recipient_id": "maria", **MARIA}] * 2
    answer = await client.put("/v1/recipients", json={"recipients": twice})

    assert 422 == answer.status_code


async def test_strangers_are_not_let_in(client: httpx2.AsyncClient) -> None:
    for method, url in (
        ("GET", "/v1/recipients"),
        ("PUT", "/v1/recipients/maria"),
        ("DELETE", "/v1/recipients/maria"),
        ("GET", f"/v1/notifications?ticket_id={TICKET}"),
        ("GET", f"/v1/notifications/{TICKET}/attempts"),
    ):
        answer = await client.request(method, url, json=MARIA, headers={"x-api-key": "wrong"})

        assert 401 == answer.status_code


async def test_the_history_of_a_ticket_shows_every_message_and_every_attempt(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    await bench.know()
    bench.mail.results = [Result(Outcome.RETRY, "smtp 451")]
    await bench.hear(a(TicketAssigned, agent_id="ana", team="specialists"))
    await bench.hear(a(SlaBreached))
    await bench.deliver()

    listed = (await client.get("/v1/notifications", params={"ticket_id": str(TICKET)})).json()
    waiting = next(n for n in listed if n["recipient_id"] == "ana")
    attempts = await client.get(f"/v1/notifications/{waiting['notification_id']}/attempts")

    assert ("sla.breached", "pending", 1) == (
        waiting["fact"],
        waiting["status"],
        waiting["attempts"],
    )
    assert [("retry", "smtp 451")] == [(t["outcome"], t["detail"]) for t in attempts.json()]


async def test_what_is_not_there_is_empty_or_absent(client: httpx2.AsyncClient) -> None:
    listed = await client.get("/v1/notifications", params={"ticket_id": str(OTHER_TICKET)})
    attempts = await client.get(f"/v1/notifications/{OTHER_TICKET}/attempts")

    assert ([], 404) == (listed.json(), attempts.status_code)
