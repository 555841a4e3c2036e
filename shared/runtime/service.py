"""A service: HTTP, consumer, relay and workers under one roof, started, watched and stopped together.

`services/<name>/main.py: build` puts one together; `serve` runs it until SIGTERM.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Final

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.kafka.client import Kafka
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.observability.spans import OFF, Tracer
from shared.settings import ServiceSettings

from . import clock_guard, housekeeping, retention
from .batch import Handler
from .consumer import BatchConsumer
from .gate import Gate
from .http_server import HttpServer
from .relay import Relay
from .sight import Sight
from .starting import program_version, wait_for_database
from .stopping import ended, on_signals
from .topic_guard import TopicGuard
from .watchdogs import EventLoopWatchdog, Exit, ProgressWatchdog
from .watermark import Watermark
from .worker import Idle, Step, Worker
from .writer import Wakeable, Writer

log = logging.getLogger(__name__)

#: Limits of a stop, in seconds (reliability 2.8): requests, workers and batch in hand, relay; then all.
HTTP_SECONDS: Final = 10
BATCH_SECONDS: Final = 10
RELAY_SECONDS: Final = 3
HARD_EXIT_SECONDS: Final = 25

#: Exit status when the database lacks migrations.
PENDING_STATUS: Final = 3


class SideTaskEndedError(RuntimeError):
    """A part of the service ended although nobody asked it to."""


class Service:
    """What `main.build` puts together and `serve` runs.

    Made with its resources, then given its parts::

        service = Service(name="router", settings=settings, clock=clock, kafka=kafka, engine=engine,
                          catalogue=catalogue)
        dispatcher = service.work("dispatcher", dispatch_once, idle_seconds=1.0)
        service.consume([TICKETS], handle, wakes=[dispatcher])
        service.app = create_app(..., metrics=service.metrics, readiness=service.readiness)

    `writer`, `relay`, `watermark` and `metrics` are there from the beginning for handlers and workers to
    use. With `kafka_matters=False` (intake) the broker never makes the service unready.
    """

    app: FastAPI

    #: Where the HTTP server turns away unparsed what is too much.
    gate: Gate | None = None
    #: What the paths begin with that must keep up with a storm.
    hot_paths: str | None = None
    #: Compares the topics with the catalogue; None where nobody else makes topics.
    topics: TopicGuard | None = None
    kept: Sequence[retention.Kept] = ()  # what of its own it does not keep for ever

    def __init__(
        self,
        *,
        name: str,
        settings: ServiceSettings,
        clock: Clock,
        kafka: Kafka,
        engine: AsyncEngine,
        catalogue: Catalogue,
        kafka_matters: bool = True,
        hard_exit: Exit = os._exit,
        tracer: Tracer = OFF,
    ) -> None:
        self.name = name
        self.settings = settings
        self.engine = engine
        self.metrics = RuntimeMetrics(catalogue)
        self.metrics.build_info.labels(version=program_version()).set(1)
        volatile = settings.kafka.volatile
        self.tracer = tracer
        self.relay = Relay(
            engine, kafka, clock, metrics=self.metrics, volatile=volatile, tracer=tracer
        )
        self.writer = Writer(engine, clock, source=f"/{name}", relay=self.relay, tracer=tracer)
        self.guard = clock_guard.ClockGuard(
            clock_guard.reader(engine, clock), clock=clock, metrics=self.metrics
        )
        self.watermark = Watermark(clock, held=self.guard.is_held)
        self.consumer: BatchConsumer | None = None
        self.workers: list[Worker] = []
        #: Called once the database is ready, before any event is handled and any worker runs.
        self.on_start: list[Callable[[], Awaitable[None]]] = []
        self.port: int | None = None
        self._clock = clock
        self._kafka = kafka
        self._kafka_matters = kafka_matters
        self._hard_exit = hard_exit
        self._stop = asyncio.Event()
        #: For those whose requests never end by themselves.
        self.is_stopping = self._stop.is_set
        self._prepared = False
        self._on_stop: list[Callable[[], Awaitable[None]]] = []

    def consume(
        self, topics: Sequence[str], handler: Handler, *, wakes: Iterable[Wakeable] = ()
    ) -> BatchConsumer:
        """Handle the events of `topics` with `handler`; `wakes` are woken after every commit."""
        self.consumer = BatchConsumer(
            engine=self.engine,
            kafka=self._kafka,
            clock=self._clock,
            service=self.name,
            topics=topics,
            handler=handler,
            wakes=[self.relay, *wakes],
            watermark=self.watermark,
            settings=self.settings,
            metrics=self.metrics,
            tracer=self.tracer,
        )
        return self.consumer

    def work(self, name: str, step: Step, *, idle_seconds: Idle) -> Worker:
        """Run `step` in the background; see `Worker`."""
        worker = Worker(name, step, idle_seconds=idle_seconds, metrics=self.metrics)
        self.workers.append(worker)
        return worker

    def on_stop(self, close: Callable[[], Awaitable[None]]) -> None:
        """Call `close` once the workers have ended, e.g. of an HTTP client; it may still write."""
        self._on_stop.append(close)

    async def readiness(self) -> list[str]:
        """Why this service should get no traffic now; empty when it should."""
        reasons = []
        if self._stop.is_set():
            reasons.append("stopping")
        if not self._prepared:
            reasons.append("starting")
        if problem := await housekeeping.database_problem(self.engine):
            reasons.append(problem)
        reasons += [worker.failing for worker in self.workers if worker.failing]
        if self._kafka_matters:
            reasons += self._kafka_problems()
        return reasons

    def _kafka_problems(self) -> list[str]:
        problems = [*self.topics.problems] if self.topics else []
        if self.guard.held:
            problems.append(f"held: {self.guard.held}")
        if self.relay.worker.failing:
            problems.append(self.relay.worker.failing)
        if self.consumer is not None and self.consumer.problem:
            problems.append(self.consumer.problem)
        return problems

    def stop(self) -> None:
        """Begin an orderly stop. `serve` returns within HARD_EXIT_SECONDS or the process ends."""
        self._stop.set()

    async def serve(self) -> int:
        """Run until SIGTERM, SIGINT or `stop`; returns the exit status.

        0 after an orderly stop, PENDING_STATUS when the database lacks migrations. Raises what ended a
        part of the service: one part dies, the process dies whole.
        """
        on_signals(self.stop)
        server = HttpServer(self.app, self.settings.http, self.gate, hot_paths=self.hot_paths)
        self.port = server.port
        async with asyncio.TaskGroup() as group:
            http = group.create_task(self._part("http", server.run()))
            loop = EventLoopWatchdog(
                limit_seconds=self.settings.kafka.session_timeout_ms / 2000,
                exit=self._hard_exit,
                metrics=self.metrics,
            )
            watching = [group.create_task(loop.run())]
            self._prepared = await wait_for_database(self.engine, self.name, self._stop)
            parts = []
            if self._prepared and not self._stop.is_set():
                for begin in self.on_start:
                    await begin()
                watching += [group.create_task(dog) for dog in self._watchdogs()]
                parts = [group.create_task(self._part(*part)) for part in self._parts()]
                log.info(
                    "Service %s listens", self.name, extra={"action": "started", "url": server.url}
                )
                await self._stop.wait()
            self._stop.set()
            await self._drain(server, http, parts)
            for task in watching:
                task.cancel()
        log.info("Service %s has stopped", self.name, extra={"action": "stopped"})
        return 0 if self._prepared else PENDING_STATUS

    def _parts(self) -> Iterable[tuple[str, Coroutine[object, object, None]]]:
        """What runs besides HTTP, by name."""
        yield "relay", self.relay.run()
        for worker in self.workers:
            yield worker.name, worker.run()
        if self.consumer is not None:
            yield "consumer", self.consumer.run()

    def _watchdogs(self) -> Iterable[Coroutine[object, object, None]]:
        keeper = housekeeping.Housekeeper(
            database=self.engine,
            clock=self._clock,
            metrics=self.metrics,
            watermark=self.watermark,
            keep_days=self.settings.outbox.keep_days,
            letters_days=self.settings.dead_letters.keep_days,
            kept=self.kept,
        )
        sight = Sight(self.engine, self.readiness, self.metrics)
        yield Worker("clock_guard", self.guard.step, idle_seconds=1.0, metrics=self.metrics).run()
        yield Worker("housekeeping", keeper.step, idle_seconds=5.0, metrics=self.metrics).run()
        yield Worker("sight", sight.step, idle_seconds=5.0, metrics=self.metrics).run()
        if self.topics is not None:
            idle = self.topics.idle_seconds
            yield Worker("topics", self.topics.step, idle_seconds=idle, metrics=self.metrics).run()
        if self.consumer is not None:
            yield ProgressWatchdog(
                lag=self.consumer.lag,
                committed=self.consumer.committed_batches,
                stall_seconds=self.settings.consumer.stall_seconds,
                broker=self._kafka.ping,
                exit=self._hard_exit,
            ).run()

    async def _part(self, name: str, running: Coroutine[object, object, None]) -> None:
        """Run one part; its end is an error unless the service is stopping."""
        await running
        if not self._stop.is_set():
            raise SideTaskEndedError(f"{name} of {self.name} has ended by itself")

    async def _drain(
        self, server: HttpServer, http: asyncio.Task[None], parts: Sequence[asyncio.Task[None]]
    ) -> None:
        """Stop in order: requests, workers and the batch in hand, the relay, connections."""
        hard = threading.Timer(HARD_EXIT_SECONDS, self._hard_exit, args=(1,))
        hard.daemon = True
        hard.start()
        log.info("Service %s stops", self.name, extra={"action": "stopping"})
        try:
            server.stop()
            await ended([http], HTTP_SECONDS)
            for worker in self.workers:
                worker.stop()
            if self.consumer is not None:
                self.consumer.stop()
            self.relay.worker.stop()
            await ended(parts, BATCH_SECONDS)
            await self.close()
        finally:
            hard.cancel()

    async def close(self) -> None:
        """Let go of everything, once nothing runs any more: what it still has to say is published."""
        for close in self._on_stop:
            try:
                await close()
            except Exception as error:
                log.warning("Something was not closed: %s", error, extra={"action": "not_closed"})
        await self._flush()
        await self.relay.stop()
        if self.consumer is not None:
            await self.consumer.close()
        await self.engine.dispose()

    async def _flush(self) -> None:
        """Publish what the last batch has said, if the broker takes it in time."""
        try:
            async with asyncio.timeout(RELAY_SECONDS):
                while self._prepared and await self.relay.step():
                    continue
        except Exception as error:
            log.warning(
                "What is unpublished waits in the outbox for the next start: %s",
                error,
                extra={"action": "relay_not_flushed", "reason": type(error).__name__},
            )
