"""Intake's composition root: the one place that knows all of its parts."""

from __future__ import annotations

from functools import partial

from services.intake import escalated, retention
from services.intake.admission import PREFIX, Admission, turning_away
from services.intake.analyst import Analyst
from services.intake.api import (
    addresses,
    articles,
    commands,
    conversations,
    customers,
    entries,
    importing,
    tickets,
    triage,
)
from services.intake.config import IntakeSettings, channels_of, rates_of
from services.intake.desk import Desk
from services.intake.directory import Directory
from services.intake.domain.triage import IntakePolicy
from services.intake.gauges import Gauges
from services.intake.joining import Joiner
from services.intake.keeper import Keeper
from services.intake.languages import Languages
from services.intake.metrics import IntakeMetrics
from services.intake.webhook_document import described
from services.intake.webhooks import PATH, Webhooks
from shared.clock import Clock
from shared.contracts import ESCALATIONS
from shared.db.engine import create_engine
from shared.http.app import create_app
from shared.http.auth import Keyring
from shared.http.limits import Allowance, AllowanceOf
from shared.kafka.client import Kafka
from shared.observability.metrics import Catalogue
from shared.observability.spans import OFF, Tracer
from shared.policy import load_workflow
from shared.runtime.gate import Gate
from shared.runtime.gauge_reader import GaugeReader
from shared.runtime.service import Service

#: How long the keeper sleeps: an operator's release is done within this time.
IDLE_SECONDS = 1.0

#: How long the analyst sleeps with nothing to read: what was written is understood within this time.
READ_SECONDS = 0.5


def build(settings: IntakeSettings, *, clock: Clock, kafka: Kafka, tracer: Tracer = OFF) -> Service:
    """Intake, ready to serve. Raises SourceError and WorkflowError for what it cannot start with."""
    channels = channels_of(settings.intake.sources)
    workflow = load_workflow(settings.workflow_file, now=clock.now())
    catalogue = Catalogue("intake")
    engine = create_engine(settings.database, service="intake", application="tierline/intake")
    service = Service(
        name="intake",
        settings=settings,
        clock=clock,
        kafka=kafka,
        engine=engine,
        catalogue=catalogue,
        tracer=tracer,
        kafka_matters=False,
    )
    service.metrics.workflow_info.labels(digest=workflow.digest).set(1)
    metrics = IntakeMetrics(catalogue)
    metrics.begin(workflow)
    policy = IntakePolicy.of(workflow, Languages().detect)
    desk = Desk(service.writer, policy, metrics, lanes=settings.intake.lanes)
    keeper = Keeper(service.writer, channels, policy)
    service.work("keeper", keeper.step, idle_seconds=IDLE_SECONDS)
    analyst = Analyst(service.writer, policy, metrics, is_crowded=lambda: desk.is_crowded)
    gauges = GaugeReader(engine, Gauges(metrics, clock).read)
    service.work("gauges", gauges.step, idle_seconds=gauges.idle_seconds)
    service.work("analyst", analyst.step, idle_seconds=READ_SECONDS)
    service.consume([ESCALATIONS], partial(escalated.handle, policy=policy, metrics=metrics))
    service.kept = retention.kept(
        texts_days=settings.intake.texts_days, search_days=settings.intake.search_days
    )
    admission = Admission(
        channels,
        rates_of(settings.intake.sources),
        metrics,
        clock,
        is_full=lambda: desk.is_full,
        slots=settings.http.max_concurrency,
        most_body_bytes=settings.http.max_body_bytes,
    )
    webhooks = Webhooks(channels, admission, desk, metrics, clock)
    directory = Directory(service.writer, workflow)
    service.hot_paths = PREFIX
    busy = service.metrics.http_requests.labels(route=PATH, status="503")
    service.gate = Gate(lambda: desk.is_full, turning_away(admission, busy))
    service.app = create_app(
        service="intake",
        catalogue=catalogue,
        metrics=service.metrics,
        settings=settings.http,
        api_keys=Keyring.of(settings, clock),
        tracer=tracer,
        readiness=service.readiness,
        direct=webhooks.routes,
        described=described(),
        allowance_of=_allowances(admission),
        routes=[
            commands.routes(desk),
            tickets.routes(engine),
            conversations.routes(Joiner(service.writer, policy, metrics), channels),
            addresses.routes(directory, engine),
            importing.routes(directory, workflow.customers),
            customers.routes(engine),
            entries.routes(directory, engine, workflow.customers),
            articles.routes(engine, clock),
            triage.routes(engine, policy, clock),
        ],
    )
    return service


def _allowances(admission: Admission) -> AllowanceOf:
    """What a request to a path may take: a table of customers is larger than anything else."""
    table = Allowance(importing.MOST_BYTES)
    return lambda path: table if path == importing.PATH else admission.allowance_of(path)
