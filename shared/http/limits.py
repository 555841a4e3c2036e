"""How much at once: requests beyond the limit are turned away before their body is read."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from .problems import DomainError, problem

#: These answer however busy the service is.
ALWAYS_SERVED = frozenset({"/healthz", "/readyz", "/metrics"})


class ConcurrencyLimit:
    """Answers 503 with Retry-After when `limit` requests are already in hand (reliability 2.13)."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._in_hand = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or turn it away unread."""
        if scope["type"] != "http" or scope["path"] in ALWAYS_SERVED:
            await self._app(scope, receive, send)
            return
        if self._in_hand >= self._limit:
            busy = DomainError(
                503, "Too busy", "Too many requests at once.", headers={"Retry-After": "1"}
            )
            await problem(busy)(scope, receive, send)
            return
        self._in_hand += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._in_hand -= 1
