"""HTTP/1.1 for callers of any kind: who owes us bytes has only so long to send them (security S08)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from shared.settings import HttpSettings

from .gate import BUSY, Gate
from .turnstile import Turnstile

#: Bytes of a head that is not complete; what is complete is measured again, by `HeadLimit`.
HEAD_BYTES: Final = 32 * 1024


#: Nothing asked and nothing owed.
_BETWEEN: Final = {h11.CLIENT: h11.IDLE, h11.SERVER: h11.IDLE}


def patient(settings: HttpSettings, gate: Gate | None) -> type[H11Protocol]:
    """The protocol with the time limits of `settings`, and with a gate if there is one."""

    class Patient(PatientProtocol):
        """With its limits."""

        allowed = MappingProxyType(
            {h11.IDLE: settings.head_seconds, h11.SEND_BODY: settings.body_seconds}
        )
        turnstile = Turnstile()

    Patient.gate = gate
    return Patient


class PatientProtocol(H11Protocol):
    """uvicorn's protocol, and an end to waiting: it has a time limit only between requests.

    The limit is on the whole head or the whole body, so that a byte now and then buys no time. Whoever
    sends all of a request at once, as nearly everybody does, costs no timer.
    """

    #: Seconds for the state that the caller is in.
    allowed: ClassVar[Mapping[object, float]] = {}

    #: Where all connections of the server pass.
    turnstile: ClassVar[Turnstile]

    #: Where some are turned away unparsed.
    gate: ClassVar[Gate | None] = None

    _owed: object = None
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody came, and owes us a request."""
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        """Some bytes came; perhaps all that were owed."""
        self.turnstile.enter(self._take, data)

    def _take(self, data: bytes) -> None:
        if self.transport.is_closing() or (self.gate and self._turned_away(self.gate, data)):
            return
        super().data_received(data)
        self._look()

    def _turned_away(self, gate: Gate, data: bytes) -> bool:
        """Between two requests, a whole plain one may be answered without a look at more than its path."""
        if not gate.is_full() or self.conn.states != _BETWEEN or self.conn.trailing_data[0]:
            return False
        if not gate.is_closed_to(data):
            return False
        self._settle()
        self._unset_keepalive_if_required()
        self.transport.write(BUSY)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )
        return True

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
