"""The span of a request: whose child it is, what it is called, what it says."""

from __future__ import annotations

import httpx2
import pytest
from fastapi import APIRouter, Request

from shared.clock import FakeClock
from shared.http.app import create_app
from shared.http.auth import Keyring
from shared.http.problems import DomainError
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.observability.spans import OFF, Tracer
from shared.observability.tracing import of_request, trace_id
from shared.settings import HttpSettings
from tests.support.traces import Recorder, attributes, id_of, parent_id, trace_of

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def routes() -> APIRouter:
    router = APIRouter()

    @router.get("/v1/tickets/{ticket_id}")
    async def here(ticket_id: str, request: Request) -> dict[str, str]:
        return {"id": ticket_id, "here": of_request(request.headers.get("traceparent"))}

    @router.get("/v1/full")
    async def full() -> None:
        raise DomainError(503, "Too busy", "Come again.")

    @router.get("/v1/refused")
    async def refused() -> None:
        raise DomainError(401, "Not authentic", "Who are you?")

    return router


async def ask(tracer: Tracer, path: str, *traceparents: str, clock: FakeClock) -> httpx2.Response:
    """One request of an app of ours, with so many traceparent headers."""
    catalogue = Catalogue("router")

    async def ready() -> list[str]:
        return []

    app = create_app(
        service="router",
        catalogue=catalogue,
        metrics=RuntimeMetrics(catalogue),
        settings=HttpSettings(),
        api_keys=Keyring({}, clock=clock),
        readiness=ready,
        routes=[routes()],
        tracer=tracer,
    )
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://site") as client:
        return await client.get(path, headers=[("traceparent", one) for one in traceparents])


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


async def test_a_request_is_told_by_its_routes_template_and_never_by_its_path(
    recorder: Recorder, clock: FakeClock
) -> None:
    await ask(recorder.tracer("router"), "/v1/tickets/a-secret", clock=clock)

    (span,) = recorder.spans
    assert "GET /v1/tickets/{ticket_id}" == span.name
    assert {
        "http.request.method": "GET",
        "http.route": "/v1/tickets/{ticket_id}",
        "http.response.status_code": 200,
    } == attributes(span)


async def test_a_callers_traceparent_is_gone_on_from(recorder: Recorder, clock: FakeClock) -> None:
    await ask(recorder.tracer("router"), "/v1/tickets/7", CALLER, clock=clock)

    (span,) = recorder.spans
    assert (TRACE, int("b7ad6b7169203331", 16)) == (trace_of(span), parent_id(span))


async def test_what_a_request_brings_about_carries_the_requests_own_span(
    recorder: Recorder, clock: FakeClock
) -> None:
    answer = await ask(recorder.tracer("router"), "/v1/tickets/7", CALLER, clock=clock)

    (span,) = recorder.spans
    assert f"00-{TRACE}-{id_of(span):016x}-01" == answer.json()["here"]


async def test_a_caller_who_does_not_sample_is_not_recorded_and_its_trace_goes_on(
    recorder: Recorder, clock: FakeClock
) -> None:
    unsampled = CALLER[:-1] + "0"
    answer = await ask(recorder.tracer("router"), "/v1/tickets/7", unsampled, clock=clock)

    assert [] == recorder.spans
    assert unsampled == answer.json()["here"]


@pytest.mark.parametrize(
    "headers",
    [
        ["junk"],
        [CALLER.upper()],
        [f"00-{'0' * 32}-b7ad6b7169203331-01"],
        [f"00-{TRACE}-{'0' * 16}-01"],
        [CALLER + "-more"],
        [CALLER, CALLER.replace("b7", "c7")],
    ],
    ids=["junk", "upper", "no-trace", "no-span", "too-long", "two"],
)
async def test_a_traceparent_that_is_none_is_passed_over(
    headers: list[str], recorder: Recorder, clock: FakeClock
) -> None:
    answer = await ask(recorder.tracer("router"), "/v1/tickets/7", *headers, clock=clock)

    (span,) = recorder.spans
    assert 200 == answer.status_code
    assert parent_id(span) is None
    assert TRACE != trace_of(span)


@pytest.mark.parametrize(("path", "failed"), [("/v1/full", "503"), ("/v1/refused", None)])
async def test_only_what_is_our_own_fault_counts_as_an_error(
    path: str, failed: str | None, recorder: Recorder, clock: FakeClock
) -> None:
    await ask(recorder.tracer("router"), path, clock=clock)

    (span,) = recorder.spans
    assert failed == attributes(span).get("error.type")
    assert (failed is None) == span.status.is_unset


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_what_machines_ask_every_few_seconds_is_not_recorded(
    path: str, recorder: Recorder, clock: FakeClock
) -> None:
    await ask(recorder.tracer("router"), path, clock=clock)

    assert [] == recorder.spans


async def test_without_traces_a_callers_trace_goes_on_all_the_same(clock: FakeClock) -> None:
    answer = await ask(OFF, "/v1/tickets/7", CALLER, clock=clock)

    here = answer.json()["here"]
    assert TRACE == trace_id(here)
    assert CALLER != here
