"""What the router says about a ticket when it hears something: queue it, move it, let it go."""

from __future__ import annotations

from datetime import datetime

from shared.contracts import (
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Payload,
    TicketAccepted,
    TicketAssigned,
    TicketMessageAdded,
    TicketOpened,
    TicketQueued,
    TicketReclassified,
    TicketReopened,
    TicketResumed,
    TicketUnassigned,
    TicketUnmerged,
)
from shared.contracts.vocabulary import (
    AcceptedVia,
    AssignReason,
    AuthorKind,
    QueueReason,
    UnassignDetail,
    UnassignReason,
)
from shared.policy import WorkflowPolicy

from .accepting import accept_by
from .attendance import needs_somebody
from .eligible import skill_fit
from .relaxing import as_relaxed
from .roster import Agent
from .routing import height, queued, raised_level
from .work import WorkItem, WorkStatus, replace


def decide(
    item: WorkItem,
    payload: Payload,
    *,
    policy: WorkflowPolicy,
    agent: Agent | None,
    now: datetime,
) -> list[Payload]:
    """What follows from `payload`, which `item` has already heard. `agent` holds the ticket, if any.

    A fact is never refused: what changes nothing is answered with nothing.
    """
    if item.opened is None:
        return []
    if item.status is WorkStatus.DONE:
        return _when_done(item, payload, policy)
    match payload:
        case TicketOpened() if item.status is WorkStatus.UNOPENED:
            return [queued(item, QueueReason.NEW, policy)]
        case EscalationRaised() | EscalationAdvanced():
            return _raised(item, policy)
        case EscalationResolved():
            return _lowered(item, policy)
        case TicketMessageAdded():
            return _written_to(item, payload, now)
        case TicketResumed():
            return _woken(item, agent, policy)
        case TicketReclassified():
            return _reclassified(item, policy)
        case _:
            return []


def give_back(
    item: WorkItem,
    why: UnassignReason,
    reason: QueueReason,
    policy: WorkflowPolicy,
    detail: UnassignDetail | None = None,
) -> list[Payload]:
    """Take the ticket from its agent, if it has one, and put it into the queue it belongs to now."""
    return [*_taken_from_agent(item, why, detail), queued(item, reason, policy)]


def assigned(
    item: WorkItem,
    agent: Agent,
    reason: AssignReason,
    now: datetime,
    *,
    policy: WorkflowPolicy,
    fit: float | None = None,
    claimed: bool = False,
) -> TicketAssigned:
    """`ticket.assigned` for `agent`; `fit` where it is known already.

    Whoever takes a ticket themselves, or accepts all they are given, has accepted it (semantics G8).
    """
    assert item.place is not None
    asked = not claimed and not agent.auto_accept
    return TicketAssigned(
        ticket_id=item.ticket_id,
        agent_id=agent.agent_id,
        team=agent.team,
        queue=item.place.queue,
        level=item.place.level,
        weight=item.weight,
        skill_fit=round(skill_fit(agent, item) if fit is None else fit, 3),
        waited_seconds=item.waited_seconds(now),
        reason=reason,
        previous_agent_id=item.agent_id or item.previous_agent_id,
        accept_by=accept_by(item, policy, now) if asked else None,
        claimed=claimed or None,
    )


def accepted(item: WorkItem, via: AcceptedVia, now: datetime) -> list[Payload]:
    """The agent who has the ticket works on it; nothing is said twice."""
    if item.agent_id is None or item.accept_by is None or item.place is None:
        return []
    since = item.assigned_at or now
    return [
        TicketAccepted(
            ticket_id=item.ticket_id,
            agent_id=item.agent_id,
            level=item.place.level,
            after_seconds=max(0, int((now - since).total_seconds())),
            via=via,
        )
    ]


def left_behind(
    item: WorkItem,
    policy: WorkflowPolicy,
    detail: UnassignDetail | None = None,
    back_at: datetime | None = None,
) -> list[Payload]:
    """What becomes of a ticket whose agent is away until `back_at`: queued again if somebody has to act.

    One that waits for the customer stays, and is queued when it wakes and they are still away (G7, G13).
    """
    if not needs_somebody(item, back_at):
        return []
    return give_back(item, UnassignReason.WENT_OFFLINE, QueueReason.RELEASED, policy, detail)


def _when_done(item: WorkItem, payload: Payload, policy: WorkflowPolicy) -> list[Payload]:
    if isinstance(payload, TicketReopened) or (isinstance(payload, TicketUnmerged) and item.merged):
        return [queued(item, QueueReason.REOPENED, policy)]
    return _taken_from_agent(item, UnassignReason.RESOLVED)


def _taken_from_agent(
    item: WorkItem, why: UnassignReason, detail: UnassignDetail | None = None
) -> list[Payload]:
    if item.agent_id is None:
        return []
    agent_id = item.agent_id
    return [
        TicketUnassigned(ticket_id=item.ticket_id, agent_id=agent_id, reason=why, detail=detail)
    ]


def _raised(item: WorkItem, policy: WorkflowPolicy) -> list[Payload]:
    """Move up, never sideways or down: a level is a floor (semantics L10)."""
    level = raised_level(item, policy)
    if item.place is None or level is None:
        return []
    if height(level, policy) <= height(item.place.level, policy):
        return []
    return give_back(item, UnassignReason.ESCALATION, QueueReason.ESCALATION, policy)


def _lowered(item: WorkItem, policy: WorkflowPolicy) -> list[Payload]:
    """A de-escalated ticket goes back to where its rule puts it (semantics X5)."""
    if item.place is None:
        return []
    place = queued(item, QueueReason.ESCALATION, policy)
    if height(place.level, policy) >= height(item.place.level, policy):
        return []
    down = UnassignDetail.DE_ESCALATED
    return [*_taken_from_agent(item, UnassignReason.ESCALATION, down), place]


def _written_to(item: WorkItem, message: TicketMessageAdded, now: datetime) -> list[Payload]:
    """Who writes to a ticket they have, works on it."""
    author = message.author
    if author.kind is not AuthorKind.AGENT or author.id not in {None, item.agent_id}:
        return []
    return accepted(item, AcceptedVia.WROTE, now)


def _woken(item: WorkItem, agent: Agent | None, policy: WorkflowPolicy) -> list[Payload]:
    """Stay with the agent who is at work and has room for the full cost; else queue (semantics G13).

    `agent.load` still counts the quarter that a paused ticket costs.
    """
    if agent is None:
        return []
    if not agent.at_work:
        return give_back(item, UnassignReason.WENT_OFFLINE, QueueReason.RELEASED, policy)
    assert item.opened is not None
    caps = policy.routing.assigning.channel_caps
    fits = agent.headroom >= item.full_cost - item.weight
    if not fits or not agent.has_room_on(item.opened.channel, caps):
        return give_back(item, UnassignReason.REBALANCED, QueueReason.RELEASED, policy)
    return []


def _reclassified(item: WorkItem, policy: WorkflowPolicy) -> list[Payload]:
    """A waiting ticket whose new facts ask for another place is queued there; held ones stay."""
    if item.status is not WorkStatus.WAITING or item.place is None:
        return []
    now_asked = queued(item, QueueReason.RECLASSIFIED, policy)
    now_asked = as_relaxed(now_asked, item.place.relaxed or 0, policy)
    return [] if _same_place(now_asked, item.place) else [now_asked]


def _same_place(one: TicketQueued, other: TicketQueued) -> bool:
    """Whether both say the same apart from why they were said and who was told."""
    return replace(one, reason=other.reason, notify=other.notify, cc=other.cc) == other
