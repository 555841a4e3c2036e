"""How the notifier gets its subscriptions: workers, routes, and a handler that also fans out."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from fastapi import APIRouter

from services.notifier.senders.base import Sender
from shared.clock import Clock
from shared.contracts import FollowUp
from shared.db.engine import Transaction
from shared.http.egress import Egress
from shared.runtime.batch import Batch, Handler
from shared.runtime.service import Service
from shared.runtime.writer import Wakeable

from .api import subscription_routes
from .courier import Courier
from .fanning import fan_out
from .managing import Managing
from .metrics import SubscriptionMetrics
from .notices import Notices
from .settings import SubscriptionSettings
from .tidying import Tidier

#: Seconds between two counts, and between two looks for owners who are to be told something.
_TIDY_SECONDS: Final = 15.0
_NOTICE_SECONDS: Final = 5.0


def install(
    service: Service,
    settings: SubscriptionSettings,
    *,
    clock: Clock,
    egress: Egress,
    metrics: SubscriptionMetrics,
    senders: Mapping[str, Sender],
) -> tuple[APIRouter, list[Wakeable]]:
    """Give `service` the workers of subscriptions; returns their routes, and what to wake when something was
    fanned out. `egress` is closed by the caller, after what this asks to be closed.
    """
    courier = Courier(
        writer=service.writer,
        clock=clock,
        egress=egress,
        settings=settings,
        jitter=random.random,
        metrics=metrics,
    )
    tidier = Tidier(writer=service.writer, clock=clock, settings=settings, metrics=metrics)
    worker = service.work("courier", courier.step, idle_seconds=settings.idle_seconds)
    service.work("tidier", tidier.step, idle_seconds=_TIDY_SECONDS)
    service.work("notices", Notices(service.writer, senders).step, idle_seconds=_NOTICE_SECONDS)
    service.on_stop(courier.close)
    managing = Managing(service.writer, timedelta(days=settings.keep_days))
    return subscription_routes(service.engine, managing), [worker, courier]


def also_fanning_out(handle: Handler) -> Handler:
    """`handle`, and after it, in the same transaction, the deliveries to subscriptions."""

    async def both(tx: Transaction, batch: Batch) -> Sequence[FollowUp]:
        said = await handle(tx, batch)
        await fan_out(tx, batch)
        return said

    return both
