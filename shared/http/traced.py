"""The span of a request: its method, its route's template, how it was answered. Never its path, which may
carry a secret, nor anything of its body.
"""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.observability.spans import Kind, Tracer
from shared.observability.tracing import inside

from . import problems

#: Asked every few seconds by machines that look after us.
_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Traced:
    """Records requests; goes on from a caller's valid `traceparent`, and heeds its sampling flag."""

    def __init__(self, app: ASGIApp, *, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, inside a span of its own."""
        if scope["type"] != "http" or scope["path"] in _QUIET:
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        span = self._tracer.start(
            method, Kind.SERVER, _caller(scope), {"http.request.method": method}
        )
        status, error = 500, None

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            with inside(span.traceparent):
                await self._app(scope, receive, watched)
        except Exception as raised:
            error = type(raised).__name__
            raise
        finally:
            route = problems.route_of(scope)
            span.end(
                name=f"{method} {route}",
                attributes={"http.route": route, "http.response.status_code": status},
                error=error or (str(status) if status >= 500 else None),
            )


def _caller(scope: Scope) -> str | None:
    """The caller's traceparent, where there is exactly one."""
    found = [value for name, value in scope["headers"] if name == b"traceparent"]
    return found[0].decode("latin-1").strip() if len(found) == 1 else None
