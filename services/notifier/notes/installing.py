"""How the notifier gets its notes: a handler that also plans them, and the worker that writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.notifier.config import NotifierSection
from services.notifier.metrics import NotifierMetrics
from services.notifier.store import deliveries
from shared.contracts import FollowUp, SlaWarning, SlaWithdrawn
from shared.db.engine import Transaction
from shared.http.egress import Egress
from shared.policy import WorkflowPolicy
from shared.runtime.batch import Batch, Handler
from shared.runtime.service import Service
from shared.runtime.worker import Worker

from . import store
from .note import changes
from .writing import NoteWriter

_IDLE_SECONDS: Final = 2.0


def noting(
    service: Service,
    section: NotifierSection,
    policy: WorkflowPolicy,
    *,
    egress: Egress,
    metrics: NotifierMetrics,
    handle: Handler,
) -> tuple[Handler, list[Worker]]:
    """Let `service` write notes; returns `handle` with the planning of them after it, and who writes them.
    Without an intake there is nobody to write to, and nothing is planned.
    """
    if not section.intake_url:
        return handle, []
    writer = NoteWriter(
        service.writer,
        egress,
        metrics,
        url=section.intake_url,
        key=section.intake_key.get_secret_value(),
        backoff=policy.notification.backoff,
    )
    worker = service.work("notes", writer.step, idle_seconds=_IDLE_SECONDS)
    return also_noting(handle, policy), [worker]


def also_noting(handle: Handler, policy: WorkflowPolicy) -> Handler:
    """`handle`, and after it, in the same transaction, the notes that follow, without those whose warning is
    withdrawn. Three statements more at most, in a batch that has either; none in others.
    """

    async def both(tx: Transaction, batch: Batch) -> Sequence[FollowUp]:
        said = await handle(tx, batch)
        told = [e for e in batch.events if isinstance(e.payload, SlaWarning | SlaWithdrawn)]
        if told:
            warned = {UUID(e.subject) for e in told if isinstance(e.payload, SlaWarning)}
            known = await deliveries.tickets(tx, warned) if warned else {}
            tickets = {ticket_id: ticket for ticket_id, (ticket, _) in known.items()}
            notes, withdrawn = changes(told, tickets, policy)
            await store.drop(tx, withdrawn)
            await store.plan(tx, notes, batch.now)
        return said

    return both
