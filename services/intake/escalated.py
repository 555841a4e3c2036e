"""What intake makes of the escalator's facts: it counts a customer's escalations (semantics G12), and solves
what has waited for its customer long enough (Z6).
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from shared.contracts import (
    Author,
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Event,
    FollowUp,
    WaitingOver,
)
from shared.contracts.vocabulary import AuthorKind, EscalationOutcome
from shared.db.engine import Transaction
from shared.policy import WorkflowPolicy
from shared.runtime.batch import Batch

from . import customer_store
from .customer_store import Escalated
from .domain.commands import Resolve
from .domain.delivery import Delivery
from .domain.triage import IntakePolicy
from .handlers import accept
from .metrics import IntakeMetrics

#: The resolution code of a ticket whose customer never answered.
TIMEOUT: Final = "timeout"

#: The source of such deliveries.
SOURCE: Final = "escalator"


async def handle(
    tx: Transaction, batch: Batch, *, policy: IntakePolicy, metrics: IntakeMetrics
) -> list[FollowUp]:
    """Apply a batch of support.escalations: at most two statements, unless tickets are to be solved.

    A starting level is no escalation until it is raised further (G11); one that rested on what never
    happened is withdrawn (T3), and was none.
    """
    counted: dict[UUID, Escalated] = {}
    withdrawn: list[UUID] = []
    for event in batch.events:
        match event.payload:
            case EscalationRaised() | EscalationAdvanced() as said:
                if not _is_starting_level(said, policy.workflow):
                    known = Escalated(said.escalation_id, said.ticket_id, event.time)
                    counted.setdefault(said.escalation_id, known)
            case (
                EscalationResolved(outcome=EscalationOutcome.CANCELLED, reason="withdrawn") as said
            ):
                withdrawn.append(said.escalation_id)
    await customer_store.count_escalations(tx, list(counted.values()))
    await customer_store.uncount_escalations(tx, withdrawn)
    over = [_solution(event) for event in batch.events if isinstance(event.payload, WaitingOver)]
    if not over:
        return []
    accepted, said_then = await accept(tx, over, batch.now, policy=policy)
    metrics.turned(accepted.turns)
    return said_then


def _solution(event: Event) -> Delivery:
    """The wish to solve a ticket whose customer has not written, as a delivery: it counts once."""
    command = Resolve(
        ticket_id=UUID(event.subject),
        by=Author(kind=AuthorKind.SYSTEM),
        occurred_at=event.time,
        resolution_code=TIMEOUT,
        only_waiting=True,
    )
    return Delivery(
        source=SOURCE,
        dedupe_key=str(event.id),
        raw=msgspec.json.encode(command),
        commands=((0, command),),
    )


def _is_starting_level(said: EscalationRaised | EscalationAdvanced, policy: WorkflowPolicy) -> bool:
    """Whether a customer's importance alone put the ticket there, and nobody need acknowledge (G11)."""
    if not isinstance(said, EscalationRaised) or said.acknowledge_by is not None:
        return False
    return any(t.starting and t.name == said.reason for t in policy.escalation.triggers)
