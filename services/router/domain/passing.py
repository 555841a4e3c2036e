"""What the passing of time makes of a ticket: less is asked for, and silence gives it back.

Every instant at which that happens is known in advance (`next_due`) and kept beside the ticket, so that
whoever keeps time looks only at what is due.
"""

from __future__ import annotations

from datetime import datetime

from shared.contracts import Payload
from shared.contracts.vocabulary import QueueReason, UnassignDetail, UnassignReason
from shared.policy import WorkflowPolicy

from .accepting import given_back_at
from .decide import give_back
from .line import next_climb
from .relaxing import next_relaxation, relaxations
from .work import WorkItem


def next_due(item: WorkItem, policy: WorkflowPolicy, now: datetime) -> datetime | None:
    """When time next changes something about the ticket: its place in the line (G2), what it asks for
    (G4), or who has it (G8). None when it never does by itself.
    """
    instants = (
        next_climb(item, policy, now),
        next_relaxation(item, policy),
        given_back_at(item, policy),
    )
    return min((at for at in instants if at is not None), default=None)


def passed(item: WorkItem, policy: WorkflowPolicy, now: datetime) -> list[Payload]:
    """What is due to be said first by `now`; once that is said, more may be due.

    A climb in the line is said with nothing: the row is renewed.
    """
    back_at = given_back_at(item, policy)
    if back_at is not None and back_at <= now:
        why, detail = UnassignReason.DECLINED, UnassignDetail.NOT_ACCEPTED
        return give_back(item, why, QueueReason.RELEASED, policy, detail)
    step = next(relaxations(item, policy, now), None)
    return [] if step is None else [step]
