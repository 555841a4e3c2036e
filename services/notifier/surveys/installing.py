"""How the notifier gets its surveys: the page of the link, and the worker that brings ratings to intake."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from services.notifier.config import NotifierSection
from services.notifier.metrics import NotifierMetrics
from services.notifier.pages import Pages
from shared.clock import Clock
from shared.http.egress import Egress
from shared.policy import WorkflowPolicy
from shared.runtime.service import Service

from .api import survey_routes
from .passing import RatingBearer

_IDLE_SECONDS: Final = 2.0


def surveying(
    service: Service,
    section: NotifierSection,
    policy: WorkflowPolicy,
    *,
    clock: Clock,
    egress: Egress,
    metrics: NotifierMetrics,
) -> list[APIRouter]:
    """Let `service` take ratings. Without an intake no customer can be written to, and nobody has a link."""
    if not section.intake_url:
        return []
    bearer = RatingBearer(
        service.writer,
        egress,
        metrics,
        url=section.intake_url,
        key=section.intake_key.get_secret_value(),
        backoff=policy.notification.backoff,
    )
    worker = service.work("ratings", bearer.step, idle_seconds=_IDLE_SECONDS)
    return [survey_routes(service.engine, service.writer, clock, Pages(), rated=worker.wake)]
