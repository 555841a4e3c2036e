"""The router's composition root: the one place that knows all of its parts."""

from __future__ import annotations

from functools import partial

from services.router.api import agents, assignments, presence, previews, queues, roster
from services.router.api import shifts as shift_routes
from services.router.commands import Commands
from services.router.config import RouterSettings
from services.router.dispatcher import Dispatcher
from services.router.handlers import handle
from services.router.metrics import RouterMetrics
from services.router.rota import Rota
from services.router.store import acquaintances
from services.router.store.shifts import Shifts
from services.router.timekeeper import Timekeeper
from shared.clock import Clock
from shared.contracts import ESCALATIONS, NOTIFICATIONS, SLA, TICKETS
from shared.db.engine import create_engine
from shared.http.app import create_app
from shared.http.auth import Keyring
from shared.kafka.client import Kafka
from shared.observability.metrics import Catalogue
from shared.observability.spans import OFF, Tracer
from shared.policy import load_workflow
from shared.runtime.retention import Kept
from shared.runtime.service import Service

#: How long the dispatcher sleeps when nobody wakes it: what another replica has queued.
IDLE_SECONDS = 1.0


def build(settings: RouterSettings, *, clock: Clock, kafka: Kafka, tracer: Tracer = OFF) -> Service:
    """The router, ready to serve. Raises WorkflowError for a workflow file with mistakes."""
    policy = load_workflow(settings.workflow_file, now=clock.now())
    catalogue = Catalogue("router")
    engine = create_engine(settings.database, service="router", application="tierline/router")
    service = Service(
        name="router",
        settings=settings,
        clock=clock,
        kafka=kafka,
        engine=engine,
        catalogue=catalogue,
        tracer=tracer,
    )
    service.metrics.workflow_info.labels(digest=policy.digest).set(1)
    metrics = RouterMetrics(catalogue)
    metrics.begin(policy)
    shifts = Shifts(policy.calendars)
    dispatcher = Dispatcher(service.writer, policy, metrics)
    worker = service.work("dispatcher", dispatcher.step, idle_seconds=IDLE_SECONDS)
    heard = partial(handle, policy=policy, metrics=metrics)
    service.consume([TICKETS, ESCALATIONS, SLA, NOTIFICATIONS], heard, wakes=[worker])
    timekeeper = Timekeeper(service.writer, policy, metrics, shifts, worker.wake)
    service.work("timekeeper", timekeeper.step, idle_seconds=timekeeper.idle_seconds)
    service.kept = [Kept("acquaintances", acquaintances.forget, acquaintances.REMEMBERED)]
    commands = Commands(service.writer, policy, worker.wake, shifts=shifts)
    rota = Rota(service.writer, policy, worker.wake, engine=engine, clock=clock, shifts=shifts)
    service.app = create_app(
        service="router",
        catalogue=catalogue,
        metrics=service.metrics,
        settings=settings.http,
        api_keys=Keyring.of(settings, clock),
        tracer=tracer,
        readiness=service.readiness,
        routes=[
            agents.routes(commands, engine),
            presence.routes(rota, policy),
            shift_routes.routes(rota, engine, clock, shifts),
            roster.routes(commands, engine),
            queues.routes(engine, policy, clock),
            assignments.routes(commands, engine, policy, clock),
            previews.routes(engine, policy, clock),
        ],
    )
    return service
