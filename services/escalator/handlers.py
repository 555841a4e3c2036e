"""What the escalator does with events: fold them into cases, say what the clocks and the ladder say."""

from __future__ import annotations

from uuid import UUID

from services.escalator import store
from services.escalator.domain.merging import merging_of
from services.escalator.ledger import Ledger
from services.escalator.metrics import EscalatorMetrics
from shared.contracts import (
    Event,
    FollowUp,
    NotificationAcknowledged,
    NotificationAnswered,
    NotificationSuppressed,
    TicketMerged,
)
from shared.contracts.notifications import NotificationPayload
from shared.db.engine import Transaction
from shared.policy import WorkflowPolicy
from shared.runtime.batch import Batch


async def handle(
    tx: Transaction, batch: Batch, *, policy: WorkflowPolicy, metrics: EscalatorMetrics
) -> list[FollowUp]:
    """Apply a batch of tickets, assignments and notifications: at most four statements.

    What is heard of a ticket before its opening waits in its case until that comes (semantics H9). A
    merge concerns two tickets: both are locked, and the one that goes on takes the promises over (M2).
    """
    events = [event for event in batch.events if _matters(event)]
    partitions = {UUID(event.subject): batch.partitions[event.subject] for event in events}
    joined = {into: batch.partitions[event.subject] for event in events if (into := _into(event))}
    stored = await store.load(tx, partitions, guests=joined)
    ledger = Ledger(stored, policy=policy, metrics=metrics, now=batch.now)
    for event in events:
        ticket_id, into = UUID(event.subject), _into(event)
        merging = merging_of(ledger.case(ticket_id), event, policy) if into else None
        ledger.hear(ticket_id, event, event.cause)
        if into and merging:
            ledger.hear(into, merging, event.cause)
    return await ledger.save(tx)


def _into(event: Event) -> UUID | None:
    """The ticket that the event's ticket goes on as."""
    return event.payload.into_ticket_id if isinstance(event.payload, TicketMerged) else None


def _matters(event: Event) -> bool:
    """Of notifications only the answers of people, and that nobody could be told of a fact: what was sent or
    failed moves no clock and no ladder.
    """
    match event.payload:
        case NotificationAcknowledged() | NotificationAnswered():
            return True
        case NotificationSuppressed(nobody_told=True):
            return True
    return not isinstance(event.payload, NotificationPayload)
