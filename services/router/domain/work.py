"""The router's view of a ticket: a work item, folded from everything heard and said about it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from shared.contracts import (
    Cause,
    EscalationAdvanced,
    EscalationRaised,
    FollowUp,
    Payload,
    TicketAssigned,
    TicketAssignmentRequested,
    TicketClosed,
    TicketMerged,
    TicketOpened,
    TicketPaused,
    TicketQueued,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketUnassigned,
    TicketUnmerged,
    TicketUnroutable,
    type_of,
)
from shared.contracts.vocabulary import (
    Complexity,
    Grade,
    Priority,
    UnassignReason,
    UnroutableCause,
)
from shared.ids import derived_id

#: The events of other services that mean something here.
HEARD: Final = (
    TicketOpened,
    TicketReclassified,
    TicketPaused,
    TicketResumed,
    TicketResolved,
    TicketReopened,
    TicketClosed,
    TicketMerged,
    TicketUnmerged,
    TicketAssignmentRequested,
    EscalationRaised,
    EscalationAdvanced,
)

#: Quarters in one weight unit: a paused ticket costs a quarter, and sums must stay exact (G1).
UNIT: Final = 4

#: Who gave a ticket back is not asked again in the same round (semantics G1, G8).
_GIVEN_BACK: Final = frozenset({UnassignReason.DECLINED, UnassignReason.MANUAL})

replace = msgspec.structs.replace


class WorkStatus(StrEnum):
    """Where a ticket stands for the router."""

    UNOPENED = "unopened"
    WAITING = "waiting"
    ASSIGNED = "assigned"
    DONE = "done"


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something heard or said: when it happened, and itself as the cause of what follows."""

    payload: Payload
    at: datetime
    cause: Cause


class Raise(msgspec.Struct, frozen=True, kw_only=True):
    """A level an escalation named, and whether the ticket moves there (None: the ladder decides)."""

    level: str
    transfer: bool | None = None


class WorkItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One ticket. `place` is the last `ticket.queued`, `queued` that event as a cause.

    `opened_at` is the opening's engine time. `told` are the causes of `ticket.unroutable` published
    since it was queued, `declined` the agents not to be asked again in this round. `merged`: it was
    open when it went on as another ticket, and is again when it goes its own way (semantics M4).
    """

    ticket_id: UUID
    status: WorkStatus = WorkStatus.UNOPENED
    opened: TicketOpened | None = None
    opened_at: datetime | None = None
    paused: bool = False
    place: TicketQueued | None = None
    queued: Cause | None = None
    waiting_since: datetime | None = None
    agent_id: str | None = None
    previous_agent_id: str | None = None
    raised: tuple[Raise, ...] = ()
    boosted: bool = False
    told: tuple[UnroutableCause, ...] = ()
    declined: tuple[str, ...] = ()
    merged: bool = False

    @property
    def is_open(self) -> bool:
        """Somebody works on it or it waits for somebody."""
        return self.status in {WorkStatus.WAITING, WorkStatus.ASSIGNED}

    @property
    def weight(self) -> int:
        """What it costs, in weight units; 0 before it is queued."""
        return self.place.weight if self.place else 0

    @property
    def cost(self) -> int:
        """What it costs of an agent's capacity now, in quarters of a unit (semantics G1)."""
        return self.weight if self.paused else self.full_cost

    @property
    def full_cost(self) -> int:
        """What it costs when nobody else has to act, in quarters of a unit."""
        return UNIT * self.weight

    @property
    def priority_class(self) -> int:
        """0 for critical; one better once an escalation has lifted it (semantics G2)."""
        rank = self.opened.priority.rank if self.opened else 0
        return max(0, rank - 1) if self.boosted else rank

    @property
    def lane(self) -> str:
        """Tickets of one lane ask the same of an agent: the same people qualify for all of them."""
        if self.place is None or self.opened is None:
            return ""
        place = self.place
        asked = (place.required_skills, place.any_skills, place.preferred_skills)
        skills = "/".join(",".join(f"{k}:{v}" for k, v in sorted(a.items())) for a in asked)
        return f"{place.level}/{self.opened.channel}/{skills}"

    def waited_seconds(self, now: datetime) -> int:
        """How long it has had nobody, in whole seconds."""
        return int((now - self.waiting_since).total_seconds()) if self.waiting_since else 0


def evolve(item: WorkItem, fact: Fact) -> WorkItem:
    """The item after `fact`, in whatever order facts of different topics arrive (semantics H9)."""
    payload = fact.payload
    match payload:
        case TicketOpened():
            return _opened(item, payload, fact.at)
        case TicketReclassified():
            return _reclassified(item, payload)
        case TicketReopened():
            return _reopened(item, payload)
        case TicketPaused() | TicketResumed():
            return replace(item, paused=item.is_open and isinstance(payload, TicketPaused))
        case TicketMerged():
            done = replace(item, status=WorkStatus.DONE, waiting_since=None)
            return replace(done, merged=item.is_open)
        case TicketResolved() | TicketClosed():
            return replace(item, status=WorkStatus.DONE, paused=False, waiting_since=None)
        case EscalationRaised(level=level) | EscalationAdvanced(to_level=level):
            return _raised(item, payload, level)
        case _:
            return _said(item, fact)


def said(cause: Cause, payload: Payload, now: datetime, *, mark: str = "0") -> Fact:
    """What we say because of `cause`, with the id that a repeat would give it again.

    `mark` tells apart what one cause makes us say several times.
    """
    event_id = derived_id(cause.id, f"{type_of(payload).event_type}:{mark}")
    itself = Cause(id=event_id, correlation_id=cause.correlation_id, traceparent=cause.traceparent)
    return Fact(payload=payload, at=now, cause=itself)


def follow_up(cause: Cause, fact: Fact) -> FollowUp:
    """`fact`, said because of `cause`, for the outbox."""
    return FollowUp(cause=cause, payload=fact.payload, time=fact.at, id=fact.cause.id)


def _said(item: WorkItem, fact: Fact) -> WorkItem:
    payload = fact.payload
    match payload:
        case TicketQueued():
            waits_already = item.status is WorkStatus.WAITING
            return replace(
                item,
                status=WorkStatus.WAITING,
                place=payload,
                queued=fact.cause,
                waiting_since=item.waiting_since if waits_already else fact.at,
                told=(),
                merged=False,
            )
        case TicketAssigned(agent_id=agent_id):
            return replace(
                item,
                status=WorkStatus.ASSIGNED,
                agent_id=agent_id,
                waiting_since=None,
                told=(),
                declined=(),
            )
        case TicketUnassigned():
            return _unassigned(item, payload, fact.at)
        case TicketUnroutable(cause=cause):
            return replace(item, told=(*item.told, cause))
        case _:
            return item


def _opened(item: WorkItem, opened: TicketOpened, at: datetime) -> WorkItem:
    if item.opened is not None:
        return item
    # the subject line is free text and stays out of this service's tables (ruling 4)
    return replace(item, opened=replace(opened, subject_line=""), opened_at=at)


def _unassigned(item: WorkItem, payload: TicketUnassigned, at: datetime) -> WorkItem:
    waits = item.status is WorkStatus.ASSIGNED
    given_back = payload.reason in _GIVEN_BACK
    return replace(
        item,
        status=WorkStatus.WAITING if waits else item.status,
        waiting_since=at if waits else None,
        agent_id=None,
        previous_agent_id=payload.agent_id,
        declined=(*item.declined, payload.agent_id) if given_back else item.declined,
    )


def _raised(item: WorkItem, payload: EscalationRaised | EscalationAdvanced, level: str) -> WorkItem:
    named = Raise(level=level, transfer=payload.transfer)
    raised = item.raised if named in item.raised else (*item.raised, named)
    boost = payload.priority_boost if isinstance(payload, EscalationRaised) else None
    return replace(item, raised=raised, boosted=item.boosted or bool(boost))


def _reopened(item: WorkItem, payload: TicketReopened) -> WorkItem:
    if item.opened is None:
        return item
    counted = replace(
        item.opened,
        reopened_count=payload.reopened_count,
        recent_reopened=payload.recent_reopened,
    )
    return replace(item, opened=counted)


#: How a changed field of the triage is read.
_TRIAGE: Final = {
    "priority": Priority,
    "impact": Grade,
    "urgency": Grade,
    "complexity": Complexity,
    "category": str,
}


def _reclassified(item: WorkItem, payload: TicketReclassified) -> WorkItem:
    if item.opened is None:
        return item
    to = {name: change.to for name, change in payload.changes.items()}
    fields = {name: read(to[name]) for name, read in _TRIAGE.items() if name in to}
    customer = item.opened.customer
    if "customer_tier" in to:
        customer = replace(customer, tier=to["customer_tier"])
    return replace(item, opened=replace(item.opened, customer=customer, **fields))
