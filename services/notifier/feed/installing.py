"""How the notifier gets its feeds: the worker that looks for what is new, the routes, the page."""

from __future__ import annotations

from fastapi import APIRouter

from services.notifier.answering import Answering
from services.notifier.composing import Composer
from services.notifier.senders.settings import FeedSettings
from shared.runtime.service import Service

from .api import feed_routes
from .hub import Hub
from .page import page_routes


def install(
    service: Service, settings: FeedSettings | None, *, composer: Composer, answering: Answering
) -> list[APIRouter]:
    """Give `service` its feeds; returns their routes, none without settings."""
    if settings is None:
        return []
    engine = service.engine
    hub = Hub(engine, composer, room=settings.followers, is_stopping=service.is_stopping)
    service.work("feeds", hub.step, idle_seconds=settings.idle_seconds)
    return [feed_routes(engine, service.writer, hub, answering), page_routes()]
