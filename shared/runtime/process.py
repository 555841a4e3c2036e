"""A service as a process: settings, logs, event loop, exit status. What `services/<name>/__main__.py` calls."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from contextlib import closing
from typing import Final, Protocol, TypeVar

from shared.clock import Clock, SystemClock
from shared.kafka.aio import AioKafka
from shared.kafka.client import Kafka
from shared.kafka.topics import load, partitions
from shared.observability.logging import configure
from shared.observability.recording import tracer_of
from shared.observability.spans import Tracer
from shared.policy import WorkflowError
from shared.settings import ConfigurationError, ServiceSettings, read

from .http_server import PortTakenError
from .service import Service
from .starting import program_version
from .topic_guard import TopicGuard

log = logging.getLogger(__name__)

#: So many new objects make the collector look for cycles among them: more than a busy moment's live ones,
#: and few enough that what hangs on a forgotten error, such as a body, does not pile up.
YOUNG_OBJECTS: Final = 5_000

#: Exit status of a service whose settings, workflow file or port do not let it start.
MISCONFIGURED_STATUS: Final = 2

S_contra = TypeVar("S_contra", bound=ServiceSettings, contravariant=True)
S = TypeVar("S", bound=ServiceSettings)


class Build(Protocol[S_contra]):
    """A service's composition root."""

    def __call__(
        self, settings: S_contra, *, clock: Clock, kafka: Kafka, tracer: Tracer
    ) -> Service:
        """Put the service together."""
        ...


def main(name: str, kind: type[S], build: Build[S]) -> int:
    """Read the settings, build the service, serve until told to stop; the process's exit status.

    0 after an orderly stop, 2 when settings, workflow file or port do not let it start, 3 when migrations
    are pending, 1 when a part of it failed; the reason is in one line of the log.
    """
    try:
        settings = read(kind)
    except ConfigurationError as error:
        sys.stderr.write(f"{name} does not start: {error}\n")
        return MISCONFIGURED_STATUS
    listener = configure(level=settings.log.level, style=settings.log.format, service=name)
    try:
        with closing(_tracer(name, settings)) as tracer:
            return asyncio.run(_serve(name, settings, build, tracer))
    except (PortTakenError, WorkflowError, ConfigurationError) as error:
        log.error("%s does not start: %s", name, error, extra={"action": "not_started"})
        return MISCONFIGURED_STATUS
    except BaseExceptionGroup as error:
        log.critical("Service %s ended", name, exc_info=error, extra={"action": "ended"})
        return 1
    finally:
        listener.stop()


def _tracer(name: str, settings: ServiceSettings) -> Tracer:
    return tracer_of(settings.otel, os.environ, service=name, version=program_version())


async def _serve(name: str, settings: S, build: Build[S], tracer: Tracer) -> int:
    topics = load()
    kafka = AioKafka(settings.kafka, client_id=f"tierline.{name}", partitions=partitions(topics))
    service = build(settings, clock=SystemClock(), kafka=kafka, tracer=tracer)
    service.topics = TopicGuard(kafka, topics, service=name, metrics=service.metrics)
    spare_the_collector()
    return await service.serve()


def spare_the_collector() -> None:
    """What there is once a service is built stays as long as the process: nobody need look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
