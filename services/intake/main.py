"""Intake's composition root: the one place that knows all of its parts."""

from __future__ import annotations

from services.intake.api import commands, customers, tickets
from services.intake.config import IntakeSettings, channels_of
from services.intake.desk import Desk
from services.intake.domain.triage import IntakePolicy
from services.intake.metrics import IntakeMetrics
from services.intake.webhooks import Webhooks
from shared.clock import Clock
from shared.db.engine import create_engine
from shared.http.app import create_app
from shared.kafka.client import Kafka
from shared.observability.metrics import Catalogue
from shared.policy import load_workflow
from shared.runtime.service import Service


def build(settings: IntakeSettings, *, clock: Clock, kafka: Kafka) -> Service:
    """Intake, ready to serve. Raises SourceError and WorkflowError for what it cannot start with."""
    channels = channels_of(settings.intake.sources)
    workflow = load_workflow(settings.workflow_file)
    catalogue = Catalogue("intake")
    engine = create_engine(settings.database, service="intake", application="tierline/intake")
    service = Service(
        name="intake",
        settings=settings,
        clock=clock,
        kafka=kafka,
        engine=engine,
        catalogue=catalogue,
        kafka_matters=False,
    )
    service.metrics.workflow_info.labels(digest=workflow.digest).set(1)
    metrics = IntakeMetrics(catalogue)
    desk = Desk(service.writer, IntakePolicy.of(workflow), metrics, lanes=settings.intake.lanes)
    webhooks = Webhooks(channels, desk, metrics, clock)
    service.app = create_app(
        service="intake",
        catalogue=catalogue,
        metrics=service.metrics,
        settings=settings.http,
        api_keys=settings.api_keys,
        readiness=service.readiness,
        routes=[
            webhooks.routes(),  # first: the hot path should not be compared with all the others
            commands.routes(desk),
            tickets.routes(engine),
            customers.routes(engine),
        ],
    )
    return service
