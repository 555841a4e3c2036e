"""The answer to a plain request: one write, past the parser's bookkeeping."""

from __future__ import annotations

from typing import Final

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, RequestResponseCycle

_STATUS_LINES: Final = {
    status: b"HTTP/1.1 %d %s\r\n" % (status, phrase) for status, phrase in STATUS_PHRASES.items()
}

#: Answers that have no body and no length.
_EMPTY: Final = frozenset({204, 304})


class PlainCycle(RequestResponseCycle):
    """A request that is there as a whole, whose answer is sent as a whole: hot paths answer briefly."""

    _status = 0
    _headers: list[tuple[bytes, bytes]]
    _answer = b""

    async def send(self, message: ASGISendEvent) -> None:
        """ASGI's send: keeps what comes until all of it is there."""
        if self.disconnected:
            return
        if message["type"] == "http.response.start" and not self.response_started:
            self.response_started = True
            self._status = message["status"]
            self._headers = self.default_headers + list(message.get("headers", []))
        elif message["type"] == "http.response.body" and self.response_started:
            self._answer += message.get("body", b"")
            if not message.get("more_body", False):
                await self._end()
        else:
            raise RuntimeError(f"Unexpected ASGI message {message['type']!r}.")

    async def _end(self) -> None:
        if self.flow.write_paused:
            await self.flow.drain()
        if self.response_complete:
            raise RuntimeError("The request has been answered.")
        self.response_complete = True
        self.message_event.set()
        self.transport.write(self._head() + self._answer)
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    def _head(self) -> bytes:
        """Status line and headers. Raises ValueError for a header that would be two."""
        names = dict(self._headers)
        if names.get(b"connection") == b"close":
            self.keep_alive = False
        elif not self.keep_alive:
            self._headers.append((b"connection", b"close"))
        if b"content-length" not in names and self._status not in _EMPTY:
            self._headers.append((b"content-length", b"%d" % len(self._answer)))
        lines = [b"%s: %s\r\n" % header for header in self._headers]
        head = b"".join((_STATUS_LINES[self._status], *lines, b"\r\n"))
        if head.count(b"\r") != len(lines) + 2 or head.count(b"\n") != len(lines) + 2:
            raise ValueError("A header has a line end in it.")
        return head
