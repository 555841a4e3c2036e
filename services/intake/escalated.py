"""What intake remembers of the escalator's facts: when a customer's tickets were escalated (semantics G12)."""

from __future__ import annotations

from uuid import UUID

from shared.contracts import (
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    FollowUp,
)
from shared.contracts.vocabulary import EscalationOutcome
from shared.db.engine import Transaction
from shared.policy import WorkflowPolicy
from shared.runtime.batch import Batch

from . import customer_store
from .customer_store import Escalated


async def handle(tx: Transaction, batch: Batch, *, policy: WorkflowPolicy) -> list[FollowUp]:
    """Apply a batch of support.escalations: at most two statements.

    A starting level is no escalation until it is raised further (G11); one that rested on what never
    happened is withdrawn (T3), and was none.
    """
    counted: dict[UUID, Escalated] = {}
    withdrawn: list[UUID] = []
    for event in batch.events:
        match event.payload:
            case EscalationRaised() | EscalationAdvanced() as said:
                if not _is_starting_level(said, policy):
                    known = Escalated(said.escalation_id, said.ticket_id, event.time)
                    counted.setdefault(said.escalation_id, known)
            case (
                EscalationResolved(outcome=EscalationOutcome.CANCELLED, reason="withdrawn") as said
            ):
                withdrawn.append(said.escalation_id)
    await customer_store.count_escalations(tx, list(counted.values()))
    await customer_store.uncount_escalations(tx, withdrawn)
    return []


def _is_starting_level(said: EscalationRaised | EscalationAdvanced, policy: WorkflowPolicy) -> bool:
    """Whether a customer's importance alone put the ticket there, and nobody need acknowledge (G11)."""
    if not isinstance(said, EscalationRaised) or said.acknowledge_by is not None:
        return False
    return any(t.starting and t.name == said.reason for t in policy.escalation.triggers)
