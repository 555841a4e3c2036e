"""What the router does with events: fold them into work items, queue, move and release."""

from __future__ import annotations

from uuid import UUID

from services.router.domain.work import HEARD
from services.router.store import roster, work
from services.router.store.ledger import Ledger
from shared.contracts import FollowUp
from shared.db.engine import Transaction
from shared.policy import WorkflowPolicy
from shared.runtime.batch import Batch


async def handle(tx: Transaction, batch: Batch, *, policy: WorkflowPolicy) -> list[FollowUp]:
    """Apply a batch of support.tickets and support.escalations: at most seven statements.

    Events of the two topics about one ticket may come in either order (semantics H9).
    """
    events = [event for event in batch.events if isinstance(event.payload, HEARD)]
    items = await work.load(tx, list({UUID(event.subject) for event in events}))
    agents = await roster.lock_some(tx, (i.agent_id for i in items.values() if i.agent_id))
    ledger = Ledger(items=items, agents=agents, policy=policy, now=batch.now)
    for event in events:
        ledger.hear(event)
    return await ledger.save(tx)
