"""How much at once: requests beyond a limit are turned away before their body is read."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import DomainError, problem

#: These answer however busy the service is.
ALWAYS_SERVED = frozenset({"/healthz", "/readyz", "/metrics"})

TOO_LARGE: Final = "Body too large"


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


class BodyLimit:
    """Answers 413 to a body of more than `limit` bytes: unread when it is announced, else on the way."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or turn it away."""
        length = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if length.isdecimal() and int(length) > self._limit:
            too_large = DomainError(413, TOO_LARGE, self._detail)
            await problem(too_large)(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise HTTPException(413, self._detail)  # of a kind that FastAPI lets pass
            return message

        await self._app(scope, counted, send)

    @property
    def _detail(self) -> str:
        return f"At most {self._limit} bytes are read."
