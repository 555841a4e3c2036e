"""A service on a port of its own, in a thread of its own, for clients that know nothing of asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from shared.runtime.http_server import HttpServer
from shared.runtime.service import Service
from shared.settings import HttpSettings


@dataclass
class _Running:
    """What the thread tells."""

    url: str = ""
    error: BaseException | None = None
    ready: threading.Event = field(default_factory=threading.Event)
    stop: Callable[[], object] = lambda: None


@contextmanager
def served(build: Callable[[], Service]) -> Iterator[str]:
    """The URL of a service that runs inside, without its consumers and workers."""
    running = _Running()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(build, running)))
    thread.start()
    running.ready.wait(30)
    try:
        if running.error is not None:
            raise running.error
        yield running.url
    finally:
        running.stop()
        thread.join(30)


async def _serve(build: Callable[[], Service], running: _Running) -> None:
    try:
        service = build()
        assert service.app is not None
        server = HttpServer(service.app, HttpSettings(port=0))
    except BaseException as error:
        running.error = error
        running.ready.set()
        return
    running.url = server.url
    running.stop = server.stop
    running.ready.set()
    await server.run()
    await service.engine.dispose()
