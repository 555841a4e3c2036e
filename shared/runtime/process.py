"""A service as a process: logs, event loop, exit status. What `services/<name>/__main__.py` calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from shared.observability.logging import configure
from shared.policy import WorkflowError
from shared.settings import ServiceSettings

from .http_server import PortTakenError
from .service import Service

log = logging.getLogger(__name__)


def run(name: str, settings: ServiceSettings, build: Callable[[], Service]) -> int:
    """Build the service and serve until it is told to stop; the process's exit status.

    0 after an orderly stop, 2 when its port is taken or the workflow file has mistakes, 3 when migrations
    are pending, 1 when a part of it failed; the reason is in the log.
    """
    listener = configure(level=settings.log.level, style=settings.log.format, service=name)
    try:
        return asyncio.run(_serve(build))
    except (PortTakenError, WorkflowError) as error:
        log.error("%s", error, extra={"action": "not_started"})
        return 2
    except BaseExceptionGroup as error:
        log.critical("Service %s ended", name, exc_info=error, extra={"action": "ended"})
        return 1
    finally:
        listener.stop()


async def _serve(build: Callable[[], Service]) -> int:
    return await build().serve()
