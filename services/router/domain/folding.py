"""What facts do to a work item: `evolve`, the fold of the router's core."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.contracts import (
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    SlaCancelled,
    SlaClosedLate,
    SlaMet,
    SlaPaused,
    SlaRepriced,
    SlaResumed,
    SlaStarted,
    TicketAccepted,
    TicketAssigned,
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
    TicketUnroutable,
)
from shared.contracts.sla import ClockPayload
from shared.contracts.vocabulary import (
    Complexity,
    EscalationOutcome,
    Grade,
    Metric,
    Priority,
    QueueReason,
    UnassignReason,
)

from .work import Fact, Raise, WorkItem, WorkStatus, replace

#: Who gave a ticket back is not asked again before somebody has accepted it (semantics G1, G8).
_GIVEN_BACK: Final = frozenset({UnassignReason.DECLINED, UnassignReason.MANUAL})

#: The clocks whose deadlines press a ticket in the line (semantics G2).
_CUSTOMER_FACING: Final = frozenset(
    {Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE, Metric.RESOLUTION}
)


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
        case EscalationResolved(outcome=EscalationOutcome.DE_ESCALATED):
            return replace(item, raised=())
        case ClockPayload():
            return _timed(item, payload)
        case _:
            return _said(item, fact)


def _said(item: WorkItem, fact: Fact) -> WorkItem:
    payload = fact.payload
    match payload:
        case TicketQueued():
            return _queued(item, payload, fact)
        case TicketAssigned(agent_id=agent_id, accept_by=accept_by):
            return replace(
                item,
                status=WorkStatus.ASSIGNED,
                agent_id=agent_id,
                assigned_at=fact.at,
                waiting_since=None,
                told=(),
                accept_by=accept_by,
                declined=item.declined if accept_by else (),
            )
        case TicketAccepted():
            return replace(item, accept_by=None, declined=())
        case TicketUnassigned():
            return _unassigned(item, payload, fact.at)
        case TicketUnroutable(cause=cause):
            return replace(item, told=(*item.told, cause))
        case _:
            return item


def _queued(item: WorkItem, place: TicketQueued, fact: Fact) -> WorkItem:
    """It waits at `place`; coming to a level starts that level's time and asks everybody anew.

    What was announced of it stays announced when it only asks for less: that is no other news.
    """
    moved = item.place is None or item.place.level != place.level
    anew = moved or item.status is WorkStatus.DONE
    waits_already = item.status is WorkStatus.WAITING
    entries = item.entries
    if moved:
        entries = {**entries, place.level: entries.get(place.level, 0) + 1}
    return replace(
        item,
        status=WorkStatus.WAITING,
        place=place,
        queued=fact.cause,
        waiting_since=item.waiting_since if waits_already else fact.at,
        told=item.told if place.reason is QueueReason.RELAXED else (),
        merged=False,
        boosted=item.boosted or bool(place.priority_boost),
        entries=entries,
        entered_at=fact.at if anew else item.entered_at,
        declined=() if anew else item.declined,
    )


def _timed(item: WorkItem, payload: ClockPayload) -> WorkItem:
    """Keep the deadlines of the clocks that run; one that stands or has ended presses nobody."""
    if payload.metric not in _CUSTOMER_FACING:
        return item
    deadlines = {name: at for name, at in item.deadlines.items() if name != payload.metric.value}
    match payload:
        case SlaStarted(soft=True):
            return item  # a courtesy presses nobody (R2)
        case SlaRepriced() if payload.metric.value not in item.deadlines:
            return item  # it stands: its new deadline comes with its resumption
        case SlaStarted(deadline=deadline) | SlaRepriced(deadline=deadline):
            return replace(item, deadlines={**deadlines, payload.metric.value: deadline})
        case SlaResumed(deadline=deadline) if deadline is not None:
            return replace(item, deadlines={**deadlines, payload.metric.value: deadline})
        case SlaPaused() | SlaMet() | SlaClosedLate() | SlaCancelled():
            return replace(item, deadlines=deadlines)
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
        assigned_at=None,
        accept_by=None,
        previous_agent_id=payload.agent_id,
        declined=(*item.declined, payload.agent_id) if given_back else item.declined,
    )


def _raised(item: WorkItem, payload: EscalationRaised | EscalationAdvanced, level: str) -> WorkItem:
    named = Raise(level=level, transfer=payload.transfer)
    raised = item.raised if named in item.raised else (*item.raised, named)
    boosted = item.boosted or bool(payload.priority_boost)
    handoff = payload.handoff or item.handoff
    return replace(item, raised=raised, boosted=boosted, handoff=handoff)


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
