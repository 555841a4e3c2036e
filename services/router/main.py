"""The router's composition root: the one place that knows all of its parts."""

from __future__ import annotations

from functools import partial

from services.router.api import agents, assignments, previews, queues, roster
from services.router.commands import Commands
from services.router.config import RouterSettings
from services.router.dispatcher import Dispatcher
from services.router.handlers import handle
from services.router.metrics import RouterMetrics
from shared.clock import Clock
from shared.contracts import ESCALATIONS, SLA, TICKETS
from shared.db.engine import create_engine
from shared.http.app import create_app
from shared.http.auth import Keyring
from shared.kafka.client import Kafka
from shared.observability.metrics import Catalogue
from shared.policy import load_workflow
from shared.runtime.service import Service

#: How long the dispatcher sleeps when nobody wakes it: what another replica has queued.
IDLE_SECONDS = 1.0


def build(settings: RouterSettings, *, clock: Clock, kafka: Kafka) -> Service:
    """The router, ready to serve. Raises WorkflowError for a workflow file with mistakes."""
    policy = load_workflow(settings.workflow_file)
    catalogue = Catalogue("router")
    engine = create_engine(settings.database, service="router", application="tierline/router")
    service = Service(
        name="router",
        settings=settings,
        clock=clock,
        kafka=kafka,
        engine=engine,
        catalogue=catalogue,
    )
    service.metrics.workflow_info.labels(digest=policy.digest).set(1)
    metrics = RouterMetrics(catalogue)
    dispatcher = Dispatcher(service.writer, policy, metrics)
    worker = service.work("dispatcher", dispatcher.step, idle_seconds=IDLE_SECONDS)
    heard = partial(handle, policy=policy, metrics=metrics)
    service.consume([TICKETS, ESCALATIONS, SLA], heard, wakes=[worker])
    commands = Commands(service.writer, policy, worker.wake)
    service.app = create_app(
        service="router",
        catalogue=catalogue,
        metrics=service.metrics,
        settings=settings.http,
        api_keys=Keyring.of(settings, clock),
        readiness=service.readiness,
        routes=[
            agents.routes(commands, engine),
            roster.routes(commands, engine),
            queues.routes(engine, policy, clock),
            assignments.routes(commands, engine, policy, clock),
            previews.routes(engine, policy, clock),
        ],
    )
    return service
