"""The FastAPI factory of every service: health, readiness, metrics, problems, limits."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.observability.spans import OFF, Tracer
from shared.settings import HttpSettings

from . import problems
from .auth import Keyring
from .direct import DirectRoutes
from .document import Described, completed
from .limits import Allowance, AllowanceOf, BodyLimit, ConcurrencyLimit, HeadLimit
from .traced import Traced

#: FastAPI's own spans and logs would tell paths, which may end in a secret, and what was wrong with a body.
_UNRECORDED: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}

#: Reasons why the service should get no traffic now; empty means ready.
Readiness = Callable[[], Awaitable[list[str]]]


class App(FastAPI):
    """FastAPI behind a `front`: what concerns every request stands before it, not among its layers."""

    front: ASGIApp
    described: Described

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        await self.front(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The document of `/openapi.json`, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = completed(super().openapi(), self.routes, self.described)
        return self.openapi_schema

    async def behind(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what the front has let through and does not answer itself."""
        await super().__call__(scope, receive, send)


def create_app(
    *,
    service: str,
    catalogue: Catalogue,
    metrics: RuntimeMetrics,
    settings: HttpSettings,
    api_keys: Keyring,
    readiness: Readiness,
    routes: Sequence[APIRouter] = (),
    direct: Sequence[Route] = (),
    described: Described | None = None,
    allowance_of: AllowanceOf | None = None,
    tracer: Tracer = OFF,
) -> App:
    """An app with `/healthz`, `/readyz`, `/metrics` and the service's own routes.

    `direct` are its hot paths, served without FastAPI's layers (ADR 0024) and `described` by hand. Bodies
    above `settings.max_body_bytes` get 413, unless `allowance_of` their path says otherwise; requests
    above `settings.max_concurrency` at once get 503; every error is a problem document.
    """
    usual = Allowance(settings.max_body_bytes)
    allowance_of = allowance_of or (lambda _path: usual)
    app = App(title=f"Tierline {service}", docs_url=None, redoc_url=None, telemetry=_UNRECORDED)
    bounded = BodyLimit(
        DirectRoutes(app.behind, routes=direct),
        allowance_of=allowance_of,
        most_in_hand=settings.max_bytes_in_hand,
        count=metrics.turned_away,
    )
    admitted = ConcurrencyLimit(
        bounded,
        limit=settings.max_concurrency,
        allowance_of=allowance_of,
        count=metrics.turned_away,
    )
    measured = Measured(HeadLimit(admitted, count=metrics.turned_away), metrics=metrics)
    app.front = Traced(measured, tracer=tracer) if tracer.is_on else measured
    app.router.routes.extend(direct)
    app.described = described or Described()
    app.state.api_keys = api_keys
    problems.install(app)
    app.include_router(_operations(catalogue, readiness))
    for router in routes:
        app.include_router(router)
    return app


def _operations(catalogue: Catalogue, readiness: Readiness) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """The process is alive; says nothing about what it depends on."""
        return {"status": "alive"}

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        """503 with the reasons while the service should get no traffic."""
        reasons = await readiness()
        status = "not ready" if reasons else "ready"
        return JSONResponse({"status": status, "reasons": reasons}, 503 if reasons else 200)

    @router.get("/metrics")
    async def metrics() -> Response:
        """Prometheus' text format."""
        return Response(generate_latest(catalogue.registry), media_type=CONTENT_TYPE_LATEST)

    return router


class Measured:
    """Counts and times requests by route template, never by path."""

    def __init__(self, app: ASGIApp, *, metrics: RuntimeMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request and record how long it took and how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = problems.route_of(scope)
            self._metrics.http_requests.labels(route=route, status=str(status)).inc()
            self._metrics.http_seconds.labels(route=route).observe(time.perf_counter() - began)
