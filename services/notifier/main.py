"""The notifier's composition root."""

from __future__ import annotations

import random
import secrets
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from shared.clock import Clock
from shared.db.engine import create_engine
from shared.http.app import create_app
from shared.http.auth import Keyring
from shared.http.egress import Egress
from shared.kafka.client import Kafka
from shared.observability.metrics import Catalogue
from shared.observability.spans import OFF, Tracer
from shared.policy import WorkflowPolicy, load_workflow
from shared.runtime.service import Service
from shared.settings import ConfigurationError

from .acknowledging import routes as link_routes
from .answering import Answering
from .answers_api import answer_routes
from .api import recipient_routes
from .articles import Articles
from .chat_api import chat_routes, text_routes
from .composing import Composer
from .config import NotifierSection, NotifierSettings
from .contacts import Contacts
from .deliverer import Deliverer
from .domain.templates import TemplateRefusedError, Templates
from .feed import installing as feeds
from .feed.shelf import Feeds
from .handlers import TOPICS, handle
from .handoff import Documents, handoff_routes
from .history import notification_routes
from .leasing import LeaseTerms
from .metrics import NotifierMetrics
from .notes.installing import noting
from .on_call_api import on_call_routes
from .on_call_book import OnCallBook
from .pages import Pages
from .people_book import PeopleBook
from .recording import RecordTerms
from .senders import Means, build_senders
from .senders.email import EmailSender
from .sms_status import status_url
from .stopping import stop_routes
from .store import ageing
from .store.texts import TextDays
from .subscriptions.installing import also_fanning_out, install
from .surveys.installing import surveying
from .targets_api import target_routes
from .trials import Trials, trial_routes
from .watchers_api import watcher_routes


def build(
    settings: NotifierSettings, *, clock: Clock, kafka: Kafka, tracer: Tracer = OFF
) -> Service:
    """Put the notifier together. Raises WorkflowError and ConfigurationError."""
    policy = load_workflow(settings.workflow_file, now=clock.now())
    catalogue = Catalogue("notifier")
    metrics = NotifierMetrics(catalogue)
    engine = create_engine(settings.database, service="notifier", application="tierline/notifier")
    service = Service(
        name="notifier",
        settings=settings,
        clock=clock,
        kafka=kafka,
        engine=engine,
        catalogue=catalogue,
        tracer=tracer,
    )
    service.metrics.workflow_info.labels(digest=policy.digest).set(1)
    egress = Egress(settings.notifier.egress_allowed)
    composer = _composer(settings.notifier, policy, clock, egress)
    deliverer = _deliverer(
        settings.notifier,
        policy,
        service=service,
        clock=clock,
        egress=egress,
        composer=composer,
        metrics=metrics,
    )
    answering = Answering(
        engine, service.writer, clock, metrics, reasons=policy.escalation.manual_reasons.keys()
    )
    worker = service.work("deliverer", deliverer.step, idle_seconds=settings.notifier.idle_seconds)
    hear = partial(handle, policy=policy, channels=deliverer.channels, metrics=metrics)
    hear_and_note, note_workers = noting(
        service, settings.notifier, policy, egress=egress, metrics=metrics, handle=hear
    )
    service.on_stop(deliverer.close)
    subscriptions, couriers = install(
        service,
        settings.notifier.subscriptions,
        clock=clock,
        egress=egress,
        metrics=metrics.subscriptions,
        senders=deliverer.senders,
    )
    service.consume(
        TOPICS,
        also_fanning_out(hear_and_note),
        wakes=[worker, deliverer, *note_workers, *couriers],
    )
    service.on_stop(egress.close)
    service.kept = ageing.kept(days=settings.notifier.keep_days)
    service.app = create_app(
        service="notifier",
        catalogue=catalogue,
        metrics=service.metrics,
        settings=settings.http,
        api_keys=Keyring.of(settings, clock),
        tracer=tracer,
        readiness=service.readiness,
        routes=[
            *_people_routes(settings.notifier, policy, service, clock),
            trial_routes(_trials(settings.notifier, service, deliverer)),
            notification_routes(engine),
            subscriptions,
            target_routes(engine, service.writer, clock),
            link_routes(answering, Pages()),
            stop_routes(engine, service.writer, clock, Pages()),
            *surveying(
                service, settings.notifier, policy, clock=clock, egress=egress, metrics=metrics
            ),
            handoff_routes(answering, Pages(), _documents(settings.notifier, egress)),
            answer_routes(engine, answering),
            *feeds.install(service, settings.notifier.feed, composer=composer, answering=answering),
            *chat_routes(
                settings.notifier, engine=engine, answering=answering, egress=egress, clock=clock
            ),
            *text_routes(settings.notifier, service.writer, deliverer.record_terms),
        ],
    )
    return service


def _documents(section: NotifierSection, egress: Egress) -> Documents | None:
    url, key = section.escalator_url, section.escalator_key.get_secret_value()
    return Documents(egress, url=url, key=key) if url else None


def _people_routes(
    section: NotifierSection, policy: WorkflowPolicy, service: Service, clock: Clock
) -> list[APIRouter]:
    """Who can be told, who is on call, who watches."""
    targets = sorted(section.apprise.targets) if section.apprise else None
    return [
        recipient_routes(service.engine, PeopleBook(service.writer, targets)),
        on_call_routes(OnCallBook(service.engine, service.writer, clock, policy)),
        watcher_routes(service.engine, service.writer),
    ]


def _deliverer(
    section: NotifierSection,
    policy: WorkflowPolicy,
    *,
    service: Service,
    clock: Clock,
    egress: Egress,
    composer: Composer,
    metrics: NotifierMetrics,
) -> Deliverer:
    means = Means(
        egress, TextDays(service.engine), Feeds(service.engine), status_url=status_url(section)
    )
    senders = build_senders(section, means)
    for sender in senders.values():
        if isinstance(sender, EmailSender):
            service.on_stop(sender.close)
    return Deliverer(
        writer=service.writer,
        clock=clock,
        senders=senders,
        composer=composer,
        concurrency=section.concurrency,
        send_seconds=section.send_seconds,
        lease_terms=LeaseTerms(
            per_target=section.per_target,
            lease_for=timedelta(seconds=section.lease_seconds),
            link_for=timedelta(hours=section.link_hours),
            mint=partial(secrets.token_urlsafe, 32),
            limits=section.limits,
            noise=policy.notification.noise,
            is_survey=policy.notification.is_survey,
        ),
        tracer=service.tracer,
        record_terms=RecordTerms(
            policy=policy.notification,
            channels=tuple(senders),
            jitter=random.random,
            limits=section.limits,
        ),
        metrics=metrics,
    )


def _trials(section: NotifierSection, service: Service, deliverer: Deliverer) -> Trials:
    return Trials(
        service.writer,
        deliverer.senders,
        limits=section.limits,
        send_seconds=section.send_seconds,
    )


def _composer(
    section: NotifierSection, policy: WorkflowPolicy, clock: Clock, egress: Egress
) -> Composer:
    url, key = section.intake_url, section.intake_key.get_secret_value()
    return Composer(
        _templates(policy),
        clock,
        public_url=section.public_url,
        zone=ZoneInfo(policy.business_hours.zone),
        contacts=Contacts(egress, url=url, key=key) if url else None,
        articles=Articles(egress, url=url, key=key) if url else None,
        noise=policy.notification.noise,
        ticket_url=section.ticket_url,
    )


def _templates(policy: WorkflowPolicy) -> Templates:
    try:
        return Templates(policy.notification.templates)
    except TemplateRefusedError as error:
        raise ConfigurationError(f"the workflow's {error}") from error
