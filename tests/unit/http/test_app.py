"""Every service answers health, readiness, metrics and errors in the same way."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import httpx2
import pytest
from asyncpg.exceptions import LockNotAvailableError, UndefinedTableError
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DBAPIError

from shared.clock import FakeClock
from shared.http.app import create_app
from shared.http.auth import Keyring, Principal, fingerprint, require
from shared.http.problems import DomainError
from shared.observability.logging import JsonFormatter
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.settings import ApiKey, HttpSettings

KEY = "tl_test"


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


def routes() -> APIRouter:
    router = APIRouter()

    @router.post("/v1/things/{thing_id}")
    async def make(
        thing_id: str, body: Thing, who: Annotated[Principal, Depends(require("tickets:write"))]
    ) -> dict[str, str]:
        return {"id": thing_id, "name": body.name, "by": who.name}

    @router.get("/v1/gone")
    async def gone() -> None:
        raise DomainError(404, "No such thing", "There is no thing 7.")

    @router.get("/v1/broken/{token}")
    async def broken(token: str) -> None:
        raise RuntimeError(f"secret detail of {len(token)} letters")

    @router.get("/v1/without-database")
    async def without_database() -> None:
        raise ConnectionRefusedError("secret address of the database")

    @router.get("/v1/overtaken")
    async def overtaken() -> None:
        raise DBAPIError("secret statement", None, LockNotAvailableError("lock timeout"))

    @router.get("/v1/wrong-statement")
    async def wrong_statement() -> None:
        raise DBAPIError("secret statement", None, UndefinedTableError("no such table"))

    @router.get("/v1/slow")
    async def slow() -> None:
        await asyncio.sleep(0.2)

    return router


@pytest.fixture
async def client(clock: FakeClock) -> AsyncIterator[httpx2.AsyncClient]:
    catalogue = Catalogue("router")
    app = create_app(
        service="router",
        catalogue=catalogue,
        metrics=RuntimeMetrics(catalogue),
        settings=HttpSettings(max_body_bytes=1024, max_concurrency=1),
        api_keys=Keyring(
            {
                "writer": ApiKey(sha256=fingerprint(KEY), scopes=frozenset({"tickets:write"})),
                "reader": ApiKey(
                    sha256=fingerprint("tl_reader"), scopes=frozenset({"tickets:read"})
                ),
            },
            clock=clock,
        ),
        readiness=not_yet,
        routes=[routes()],
    )
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def not_yet() -> list[str]:
    return ["database: not reachable"]


def as_writer() -> dict[str, str]:
    return {"authorization": f"Bearer {KEY}"}


async def test_health_says_alive_while_readiness_names_what_is_missing(
    client: httpx2.AsyncClient,
) -> None:
    assert (await client.get("/healthz")).json() == {"status": "alive"}

    ready = await client.get("/readyz")

    assert ready.status_code == 503
    assert ready.json()["reasons"] == ["database: not reachable"]


async def test_a_caller_with_the_scope_gets_in(client: httpx2.AsyncClient) -> None:
    made = await client.post("/v1/things/7", json={"name": "x"}, headers=as_writer())

    assert made.json() == {"id": "7", "name": "x", "by": "writer"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Basic x"}, 401),
        ({"x-api-key": "tl_reader"}, 403),
    ],
)
async def test_a_stranger_is_401_and_a_caller_without_the_scope_403(
    client: httpx2.AsyncClient, headers: dict[str, str], status: int
) -> None:
    answer = await client.post("/v1/things/7", json={"name": "x"}, headers=headers)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unknown_field_is_named(client: httpx2.AsyncClient) -> None:
    answer = await client.post(
        "/v1/things/7", json={"name": "x", "colour": "red"}, headers=as_writer()
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.colour"


async def test_a_domain_error_is_a_problem_with_its_status(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/gone")

    assert answer.json() == {
        "type": "urn:tierline:problem:no-such-thing",
        "title": "No such thing",
        "status": 404,
        "detail": "There is no thing 7.",
    }


async def test_an_unexpected_error_tells_nothing_internal(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/broken/7")

    assert answer.status_code == 500
    assert "secret detail" not in answer.text


@pytest.mark.parametrize("path", ["/v1/without-database", "/v1/overtaken"])
async def test_who_asks_while_the_database_is_away_is_told_to_come_again(
    client: httpx2.AsyncClient, path: str
) -> None:
    answer = await client.get(path)

    assert (503, "1") == (answer.status_code, answer.headers["retry-after"])
    assert "secret" not in answer.text


async def test_a_statement_that_is_wrong_is_no_trouble_of_the_database(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get("/v1/wrong-statement")

    assert answer.status_code == 500
    assert "secret" not in answer.text


async def test_S07_an_unexpected_error_is_logged_by_its_route_and_never_by_its_path(
    client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    await client.get("/v1/broken/a-token")

    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert vars(record)["url"] == "/v1/broken/{token}"
    assert "a-token" not in JsonFormatter("router").format(record)


async def test_a_body_above_the_limit_is_413_and_a_problem(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/things/7", content=b"x" * 5000, headers=as_writer())

    assert (413, "Body too large") == (answer.status_code, answer.json()["title"])


async def test_a_body_of_unknown_length_above_the_limit_is_413(client: httpx2.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"x" * 100

    answer = await client.post("/v1/things/7", content=pieces(), headers=as_writer())

    assert 413 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]


async def test_requests_beyond_the_limit_get_503_and_are_told_when_to_come_again(
    client: httpx2.AsyncClient,
) -> None:
    first = asyncio.create_task(client.get("/v1/slow"))
    await asyncio.sleep(0.05)

    second = await client.get("/v1/slow")

    assert second.status_code == 503
    assert second.headers["retry-after"] == "1"
    assert (await client.get("/healthz")).status_code == 200
    await first


async def test_requests_are_counted_by_route_and_never_by_path(client: httpx2.AsyncClient) -> None:
    await client.post("/v1/things/7", json={"name": "x"}, headers=as_writer())

    text = (await client.get("/metrics")).text

    assert 'tierline_http_requests_total{route="/v1/things/{thing_id}"' in text
    assert "/v1/things/7" not in text
