"""HTTP/1.1 for callers of any kind: who owes us bytes has only so long to send them (security S08)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final
from urllib.parse import unquote

import h11
from uvicorn._types import HTTPScope
from uvicorn.protocols.http.h11_impl import H11Protocol

from shared.settings import HttpSettings

from .gate import BUSY, Gate
from .plain_cycle import PlainCycle
from .plain_request import PlainRequest, plain_request
from .turnstile import Turnstile

#: Bytes of a head that is not complete; what is complete is measured again, by `HeadLimit`.
HEAD_BYTES: Final = 32 * 1024


def patient(settings: HttpSettings, gate: Gate | None, hot_paths: str | None) -> type[H11Protocol]:
    """The protocol with the time limits of `settings`, with a gate if there is one, and with what hot
    paths begin with.
    """

    class Patient(PatientProtocol):
        """With its limits."""

        allowed = MappingProxyType(
            {h11.IDLE: settings.head_seconds, h11.SEND_BODY: settings.body_seconds}
        )
        turnstile = Turnstile()

    Patient.gate = gate
    Patient.hot = f"POST {hot_paths}".encode() if hot_paths else None
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

    #: How requests begin that are read by `plain_request` if they are plain.
    hot: ClassVar[bytes | None] = None

    _plain: PlainCycle | None = None
    _later = b""
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
        if self.transport.is_closing():
            return
        if self._plain is not None:
            self._later += data
            self.flow.pause_reading()
        elif not self._is_between() or not (self._turned_away(data) or self._taken_plain(data)):
            super().data_received(data)
            self._look()

    def _is_between(self) -> bool:
        """Whether nothing was asked that is not answered, and no part of anything has come."""
        conn = self.conn
        return (
            conn.their_state is h11.IDLE
            and conn.our_state is h11.IDLE
            and not conn.trailing_data[0]
        )

    def _turned_away(self, data: bytes) -> bool:
        """Between two requests, a whole plain one may be answered without a look at more than its path."""
        if self.gate is None or not self.gate.is_closed_to(data):
            return False
        self._settle()
        self._unset_keepalive_if_required()
        self.transport.write(BUSY)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )
        return True

    def _taken_plain(self, data: bytes) -> bool:
        """Between two requests, a whole plain one on a hot path goes to the app past the parser."""
        if self.hot is None or not data.startswith(self.hot) or not (read := plain_request(data)):
            return False
        self._settle()
        self._unset_keepalive_if_required()
        self._plain = self.cycle = cycle = PlainCycle(
            scope=self._scope(read),
            conn=self.conn,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            on_response=self._plain_answered,
        )
        cycle.body = bytearray(read.body)
        cycle.more_body = False
        cycle.message_event.set()
        task = self.loop.create_task(cycle.run_asgi(self.app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        return True

    def _scope(self, read: PlainRequest) -> HTTPScope:
        raw_path, _, query = read.target.partition(b"?")
        assert self.scheme is not None  # known since the connection was made
        return {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": "POST",
            "root_path": self.root_path,
            "path": self.root_path + unquote(raw_path.decode("ascii")),
            "raw_path": self.root_path.encode("ascii") + raw_path,
            "query_string": query,
            "headers": read.headers,
            "state": self.app_state.copy(),
        }

    def _plain_answered(self) -> None:
        self._plain = None
        self.on_response_complete()
        later, self._later = self._later, b""
        if later:
            self._take(later)

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
