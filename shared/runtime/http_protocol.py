"""HTTP/1.1 for callers of any kind: who owes us bytes has only so long to send them (security S08)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from shared.settings import HttpSettings

#: Bytes of a head that is not complete; what is complete is measured again, by `HeadLimit`.
HEAD_BYTES: Final = 32 * 1024


def patient(settings: HttpSettings) -> type[H11Protocol]:
    """The protocol with the time limits of `settings`."""

    class Patient(PatientProtocol):
        """With its limits."""

        allowed = MappingProxyType(
            {h11.IDLE: settings.head_seconds, h11.SEND_BODY: settings.body_seconds}
        )

    return Patient


class PatientProtocol(H11Protocol):
    """uvicorn's protocol, and an end to waiting: it has a time limit only between requests.

    The limit is on the whole head or the whole body, so that a byte now and then buys no time. Whoever
    sends all of a request at once, as nearly everybody does, costs no timer.
    """

    #: Seconds for the state that the caller is in.
    allowed: ClassVar[Mapping[object, float]] = {}

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
        if owed in self.allowed and not self.transport.is_closing():
            self._owed = owed
            self._timer = self.loop.call_later(self.allowed[owed], self._give_up)

    def _settle(self) -> None:
        self._owed = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        """Say 408 if nothing was said yet, and hang up."""
        self._timer = None
        if self.cycle is not None:  # whoever waits for the rest of the body waits no longer
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            answer = h11.Response(
                status_code=408, headers=[("connection", "close"), ("content-length", "0")]
            )
            self.transport.write(self.conn.send(answer) or b"")
            self.transport.write(self.conn.send(h11.EndOfMessage()) or b"")
        self.transport.close()
