"""The HTTP server of a service: uvicorn on a socket bound beforehand, stopped when we say so."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from shared.settings import HttpSettings

from .gate import Gate
from .http_protocol import HEAD_BYTES, patient

#: Seconds that requests in hand may take once the server stops.
GRACEFUL_SECONDS: Final = 10

BACKLOG: Final = 2048

#: Looks at what has come before the listener is closed, and seconds between two: who is connected and not
#: read yet would be cut off. Looks, because a process without a processor has seconds without a look.
LAST_LOOKS: Final = 10
LOOK_SECONDS: Final = 0.01


class PortTakenError(RuntimeError):
    """Nothing else may listen on the service's address."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone: the service has its own order of stopping."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hear whoever came before the stop, then accept nothing more and finish what is in hand."""
        for _ in range(LAST_LOOKS):
            await asyncio.sleep(LOOK_SECONDS)
        await super().shutdown(sockets)


class HttpServer:
    """Serves `app` from the moment it is made until `stop`. Raises PortTakenError.

    At `gate` the busiest of services turn requests away before they are parsed. Plain requests to paths
    that begin with `hot_paths` go to the app past the parser.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: HttpSettings,
        gate: Gate | None = None,
        *,
        hot_paths: str | None = None,
    ) -> None:
        self._socket = _bind(settings.host, settings.port)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        self._server = _Server(
            uvicorn.Config(
                app,
                http=patient(settings, gate, hot_paths),
                ws="none",
                h11_max_incomplete_event_size=HEAD_BYTES,
                log_config=None,
                access_log=False,
                lifespan="off",
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=GRACEFUL_SECONDS,
            )
        )

    async def run(self) -> None:
        """Serve until `stop`, then finish the requests in hand."""
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            # cancelled, uvicorn leaves its listeners to the loop, which would go on watching a closed socket
            for listener in getattr(self._server, "servers", []):
                listener.close()
            self._socket.close()

    def stop(self) -> None:
        """Accept nothing more; `run` returns when the requests in hand are answered."""
        self._server.should_exit = True


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise PortTakenError(f"cannot listen on {host}:{port}: {error.strerror}") from error
