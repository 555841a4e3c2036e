"""Starting levels are no escalations (semantics G11): a customer's importance put the ticket there, and nobody
need acknowledge it. What is counted of escalations leaves them out.
"""

from __future__ import annotations

from shared.contracts import EscalationRaised
from shared.contracts.vocabulary import EscalationOutcome
from shared.policy import WorkflowPolicy

from .case import Case
from .escalation import Escalation


def is_starting(raised: EscalationRaised | Escalation, policy: WorkflowPolicy) -> bool:
    """Is it a starting level, as far as it has come?"""
    if raised.acknowledge_by is not None:
        return False
    return any(t.starting and t.name == raised.reason for t in policy.escalation.triggers)


def was_escalated(case: Case, policy: WorkflowPolicy) -> bool:
    """Was the ticket ever raised above the level it began at? What rested on nothing does not count (T3)."""
    last = case.escalation
    if last is None:
        return False
    if case.escalations > 1:
        return True
    return last.outcome is not EscalationOutcome.CANCELLED and not is_starting(last, policy)
