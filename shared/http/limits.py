"""How much at once: what is beyond a limit is turned away before its body is read, or while it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import DomainError, of_http, problem

#: These answer however busy the service is.
ALWAYS_SERVED: Final = frozenset({"/healthz", "/readyz", "/metrics"})

#: Headers of one request, and the bytes of their names and values (security S08).
MOST_HEADERS: Final = 100
MOST_HEADER_BYTES: Final = 16 * 1024

#: One slot in so many is kept for callers who would not try again (webhooks 4).
RESERVE: Final = 8

_NOW: Final = {"Retry-After": "1"}

#: Told why a request was turned away, in a word for the metrics.
Count: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a request may take: so many bytes of body, and the reserve if nobody will repeat it."""

    most_bytes: int
    from_reserve: bool = False


#: The allowance of a path.
AllowanceOf: TypeAlias = Callable[[str], Allowance]


class HeadLimit:
    """Turns away what has too many or too large headers, or two opinions about its body's length.

    A body that is chunked *and* has a length is how one request is hidden in another behind a proxy
    (security S36): refused, and its connection closed.
    """

    def __init__(self, app: ASGIApp, *, count: Count) -> None:
        self._app = app
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or turn it away unread."""
        if scope["type"] == "http" and (refusal := _refused_head(scope["headers"])):
            self._count("head")
            await problem(refusal)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _refused_head(headers: list[tuple[bytes, bytes]]) -> DomainError | None:
    size = 0
    framings = set()
    for name, value in headers:
        size += len(name) + len(value)
        if name in {b"content-length", b"transfer-encoding"}:
            framings.add(name)
    close = {"Connection": "close"}
    if len(framings) > 1:
        detail = "Send either Content-Length or Transfer-Encoding."
        return DomainError(400, "Ambiguous length", detail, headers=close)
    if size > MOST_HEADER_BYTES or len(headers) > MOST_HEADERS:
        detail = f"At most {MOST_HEADERS} headers of {MOST_HEADER_BYTES} bytes are read."
        return DomainError(431, "Headers too large", detail, headers=close)
    return None


class ConcurrencyLimit:
    """Answers 503 with Retry-After when `limit` requests are in hand (reliability 2.13).

    The last of them, one in eight, are kept for requests that are allowed the reserve.
    """

    def __init__(
        self, app: ASGIApp, *, limit: int, allowance_of: AllowanceOf, count: Count
    ) -> None:
        self._app = app
        self._limit = limit
        self._common = limit - limit // RESERVE
        self._allowance_of = allowance_of
        self._count = count
        self._in_hand = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or turn it away unread."""
        if scope["type"] != "http" or scope["path"] in ALWAYS_SERVED:
            await self._app(scope, receive, send)
            return
        if self._in_hand >= self._common and self._is_full_for(scope["path"]):
            self._count("crowded")
            busy = DomainError(503, "Too busy", "Too many requests at once.", headers=_NOW)
            await problem(busy)(scope, receive, send)
            return
        self._in_hand += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._in_hand -= 1

    def _is_full_for(self, path: str) -> bool:
        return self._in_hand >= self._limit or not self._allowance_of(path).from_reserve


class BodyLimit:
    """Answers 413 to a body that is larger than its path allows: unread when it is announced, else on
    the way; and 503 when the bodies of all requests in hand would take more than `most_in_hand` bytes.

    A body counts until its request is answered, so that what waits for the database counts as well.
    """

    def __init__(
        self, app: ASGIApp, *, allowance_of: AllowanceOf, most_in_hand: int, count: Count
    ) -> None:
        self._app = app
        self._allowance_of = allowance_of
        self._most_in_hand = most_in_hand
        self._count = count
        self._in_hand = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or turn it away."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._allowance_of(scope["path"]).most_bytes
        if refusal := self._refused(_announced(scope), most, mine=0):
            await problem(of_http(refusal))(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            size = len(message.get("body", b""))
            if refusal := self._refused(received + size, most, mine=received):
                raise refusal
            received += size
            self._in_hand += size
            return message

        try:
            await self._app(scope, counted, send)
        finally:
            self._in_hand -= received

    def _refused(self, size: int, most: int, *, mine: int) -> HTTPException | None:
        """Why a body of `size` bytes, `mine` of them in hand, is not read; FastAPI lets these pass."""
        if size > most:
            self._count("large")
            return HTTPException(413, f"At most {most} bytes are read.")
        if self._in_hand - mine + size > self._most_in_hand:
            self._count("memory")
            return HTTPException(503, "Too many bytes at once.", headers=_NOW)
        return None


def _announced(scope: Scope) -> int:
    """The Content-Length, 0 without one; uvicorn has checked that it is a number and only one."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0
