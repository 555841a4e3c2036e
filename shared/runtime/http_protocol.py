"""HTTP/1.1 for callers of any kind: who owes us bytes has only so long to send them (security S08)."""

from __future__ import annotations

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Seconds for a request's line and headers, from the connection's beginning or their first byte.
HEAD_SECONDS: Final = 10.0

#: Seconds for the body, from the end of the headers; also when the answer was given without it.
BODY_SECONDS: Final = 30.0

#: Bytes of a head that is not complete; what is complete is measured again, by `HeadLimit`.
HEAD_BYTES: Final = 32 * 1024

_ALLOWED: Final = {h11.IDLE: HEAD_SECONDS, h11.SEND_BODY: BODY_SECONDS}


class PatientProtocol(H11Protocol):
    """uvicorn's protocol, and an end to waiting: it has a time limit only between requests.

    The limit is on the whole head or the whole body, so that a byte now and then buys no time. Whoever
    sends all of a request at once, as nearly everybody does, costs no timer.
    """

    _owed: object = None
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody came, and owes us a request."""
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        """Some bytes came; perhaps all that were owed."""
        super().data_received(data)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """They went, or were sent away."""
        self._settle()
        super().connection_lost(exc)

    def _look(self) -> None:
        owed = self.conn.their_state
        if owed is self._owed:
            return
        self._settle()
        if owed in _ALLOWED and not self.transport.is_closing():
            self._owed = owed
            self._timer = self.loop.call_later(_ALLOWED[owed], self._give_up)

    def _settle(self) -> None:
        self._owed = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        """Say 408 if nothing was said yet, and hang up."""
        self._timer = None
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            answer = h11.Response(
                status_code=408, headers=[("connection", "close"), ("content-length", "0")]
            )
            self.transport.write(self.conn.send(answer) or b"")
            self.transport.write(self.conn.send(h11.EndOfMessage()) or b"")
        self.transport.close()
