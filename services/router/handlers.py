"""What the router does with events: fold them into work items, queue, move and release."""

from __future__ import annotations

import logging
from uuid import UUID

from services.router.domain.by_hand import wished_of
from services.router.domain.work import concerns_us
from services.router.metrics import RouterMetrics
from services.router.store import roster, work
from services.router.store.ledger import Ledger
from shared.contracts import FollowUp, NotificationAnswered, TicketAssignmentRequested
from shared.db.engine import Transaction
from shared.policy import WorkflowPolicy
from shared.runtime.batch import Batch

log = logging.getLogger(__name__)


async def handle(
    tx: Transaction, batch: Batch, *, policy: WorkflowPolicy, metrics: RouterMetrics
) -> list[FollowUp]:
    """Apply a batch of tickets, escalations, clocks and answers to pages: at most seven statements.

    Events of these topics about one ticket may come in either order (semantics H9).
    """
    events = [event for event in batch.events if concerns_us(event.payload)]
    items = await work.load(tx, list({UUID(event.subject) for event in events}))
    named = {i.agent_id for i in items.values() if i.agent_id}
    wished = {
        wished_of(event.payload)
        for event in events
        if isinstance(event.payload, TicketAssignmentRequested | NotificationAnswered)
    }
    agents = await roster.lock_some(tx, named | wished)
    ledger = Ledger(items=items, agents=agents, policy=policy, now=batch.now)
    for event in events:
        ledger.hear(event)
    said = await ledger.save(tx)
    for ticket_id, refused in ledger.refused:
        metrics.requests_refused.labels(reason=refused.title).inc()
        log.warning(
            "A wish from outside who should have a ticket was not followed: %s",
            refused,
            extra={"action": "assignment_refused", "ticket_id": str(ticket_id)},
        )
    return said
