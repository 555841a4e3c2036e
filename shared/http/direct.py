"""Hot paths without FastAPI's own layers, which cost a small request more than its work does.

A route served here has no dependencies, no validation and no exit stack: its endpoint takes the request
and returns the response. Everything else goes on to the app.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import ClientDisconnect, Request
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .problems import answer_to


class DirectRoutes:
    """Serves `routes` itself and passes on what matches none of them, other methods included."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[Route]) -> None:
        self._app = app
        self._routes = tuple(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request; every error is answered as a problem."""
        for route in self._routes if scope["type"] == "http" else ():
            matched, parameters = route.matches(scope)
            if matched is Match.FULL:
                scope.update(parameters, route=route)
                await _serve(route, scope, receive, send)
                return
        await self._app(scope, receive, send)


async def whole_body(request: Request) -> bytes:
    """The body, once all of it is there: what `Request.body` does, without its stream. Raises
    ClientDisconnect when the caller goes before its end.
    """
    parts = []
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _serve(route: Route, scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    try:
        response = await route.endpoint(request)
    except Exception as error:
        response = answer_to(request, error)
    await response(scope, receive, send)
