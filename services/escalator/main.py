"""The escalator's composition root: the one place that knows all of its parts."""

from __future__ import annotations

from functools import partial

from services.escalator import api, handoff_api, retention, workflow_api
from services.escalator.commands import Commands
from services.escalator.config import EscalatorSettings
from services.escalator.configuration import LOOK_SECONDS, Configuration
from services.escalator.gauges import Gauges
from services.escalator.handlers import handle
from services.escalator.handoffs import Handoffs
from services.escalator.metrics import EscalatorMetrics
from services.escalator.timers import Timers
from shared.clock import Clock
from shared.contracts import ASSIGNMENTS, NOTIFICATIONS, TICKETS
from shared.db.engine import create_engine
from shared.http.app import create_app
from shared.http.auth import Keyring
from shared.kafka.client import Kafka
from shared.observability.metrics import Catalogue
from shared.observability.spans import OFF, Tracer
from shared.policy import load_workflow
from shared.policy.loader import PACKAGED
from shared.policy.source import read_text
from shared.runtime.gauge_reader import GaugeReader
from shared.runtime.service import Service

#: How long the timers sleep when nothing is due: the floor of how late a deadline is announced.
IDLE_SECONDS = 0.25


def build(
    settings: EscalatorSettings, *, clock: Clock, kafka: Kafka, tracer: Tracer = OFF
) -> Service:
    """The escalator, ready to serve. Raises WorkflowError for a workflow file with mistakes."""
    workflow = load_workflow(settings.workflow_file, now=clock.now())
    catalogue = Catalogue("escalator")
    engine = create_engine(settings.database, service="escalator", application="tierline/escalator")
    service = Service(
        name="escalator",
        settings=settings,
        clock=clock,
        kafka=kafka,
        engine=engine,
        catalogue=catalogue,
        tracer=tracer,
    )
    service.metrics.workflow_info.labels(digest=workflow.digest).set(1)
    text = read_text(settings.workflow_file or PACKAGED)
    configuration = Configuration(service.writer, workflow, text)
    service.on_start.append(configuration.begin)
    service.work("configuration", configuration.step, idle_seconds=LOOK_SECONDS)
    policy = configuration.policy
    metrics = EscalatorMetrics(catalogue)
    metrics.promise(policy)
    timers = Timers(service.writer, service.watermark, policy, metrics)
    worker = service.work("timers", timers.step, idle_seconds=IDLE_SECONDS)
    service.consume(
        [TICKETS, ASSIGNMENTS, NOTIFICATIONS],
        partial(handle, policy=policy, metrics=metrics),
        wakes=[worker],
    )
    gauges = GaugeReader(engine, Gauges(policy, metrics).read)
    service.work("gauges", gauges.step, idle_seconds=gauges.idle_seconds)
    service.kept = retention.kept(handoff_days=settings.escalator.handoff_days)
    commands = Commands(service.writer, policy, metrics)
    service.app = create_app(
        service="escalator",
        catalogue=catalogue,
        metrics=service.metrics,
        settings=settings.http,
        api_keys=Keyring.of(settings, clock),
        tracer=tracer,
        readiness=service.readiness,
        routes=[
            api.routes(commands, engine, policy, clock),
            handoff_api.routes(Handoffs(service.writer, policy, metrics), engine, policy, clock),
            workflow_api.routes(configuration, engine, clock),
        ],
    )
    return service
