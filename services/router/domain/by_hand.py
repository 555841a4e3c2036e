"""What people decide about a ticket themselves: the one place of the core that may refuse."""

from __future__ import annotations

from datetime import datetime

from shared.contracts import (
    NotificationAnswered,
    Payload,
    TicketAssignmentRefused,
    TicketAssignmentRequested,
    TicketUnassigned,
)
from shared.contracts.vocabulary import (
    AcceptedVia,
    AssignReason,
    Presence,
    QueueReason,
    UnassignReason,
)
from shared.policy import WorkflowPolicy

from .decide import accepted, assigned, give_back
from .roster import Agent
from .work import UNIT, WorkItem


class RefusedError(Exception):
    """A wish that the rules do not allow; `title` names the kind, the message says why."""

    def __init__(self, title: str, detail: str) -> None:
        super().__init__(detail)
        self.title = title
        self.detail = detail


def assign(
    item: WorkItem,
    agent: Agent,
    now: datetime,
    policy: WorkflowPolicy,
    *,
    claimed: bool = False,
) -> list[Payload]:
    """Give the ticket to `agent`, whatever their skills, but never beyond their capacity (G6).

    Raises RefusedError. An assignment that stands already is said with nothing.
    """
    if not item.is_open:
        raise RefusedError(
            "Ticket is not open", "Only a waiting or assigned ticket can be assigned."
        )
    if item.agent_id == agent.agent_id:
        return []
    _check_room(item, agent, policy)
    given = assigned(item, agent, AssignReason.MANUAL, now, policy=policy, claimed=claimed)
    said: list[Payload] = [given]
    if item.agent_id is not None:
        gone = TicketUnassigned(
            ticket_id=item.ticket_id, agent_id=item.agent_id, reason=UnassignReason.MANUAL
        )
        said.insert(0, gone)
    return said


def claim(item: WorkItem, agent: Agent, now: datetime, policy: WorkflowPolicy) -> list[Payload]:
    """`agent` takes a waiting ticket themselves; it counts as accepted. Raises RefusedError."""
    if item.agent_id not in {None, agent.agent_id}:
        raise RefusedError("Somebody has it", f"{item.agent_id} has the ticket.")
    return assign(item, agent, now, policy, claimed=True)


def wished_of(wish: TicketAssignmentRequested | NotificationAnswered) -> str:
    """The agent that somebody wants to have the ticket: another one, or they themselves."""
    return wish.assignee if isinstance(wish, TicketAssignmentRequested) else wish.recipient_id


def not_followed(item: WorkItem, agent_id: str, refused: RefusedError) -> TicketAssignmentRefused:
    """What is said of a wish that the rules do not allow."""
    return TicketAssignmentRefused(
        ticket_id=item.ticket_id,
        agent_id=agent_id,
        reason=refused.title.lower().replace(" ", "_").replace("'", ""),
        detail=refused.detail,
    )


def requested(
    item: WorkItem,
    wish: TicketAssignmentRequested,
    agent: Agent | None,
    now: datetime,
    policy: WorkflowPolicy,
) -> list[Payload]:
    """Follow an assignment made in the ticket's channel: to `agent`, the one the roster has by that id.

    By the same rules as an assignment here; raises RefusedError, and then the ticket stays where it is.
    """
    if agent is None:
        raise RefusedError("Unknown agent", f"The roster has no agent {wish.assignee!r}.")
    return assign(item, agent, now, policy, claimed=wish.by.id == agent.agent_id)


def accept(item: WorkItem, agent_id: str, now: datetime) -> list[Payload]:
    """The agent who has the ticket says so (semantics G8). Raises RefusedError for anybody else."""
    _check_holds(item, agent_id)
    return accepted(item, AcceptedVia.SAID, now)


def decline(item: WorkItem, agent_id: str, policy: WorkflowPolicy) -> list[Payload]:
    """The agent gives the ticket back and is not asked again before somebody has accepted it (G8).

    Saying so again changes nothing. Raises RefusedError when they do not have it.
    """
    if agent_id in item.declined and item.agent_id != agent_id:
        return []
    _check_holds(item, agent_id)
    return give_back(item, UnassignReason.DECLINED, QueueReason.RELEASED, policy)


def release(item: WorkItem, policy: WorkflowPolicy) -> list[Payload]:
    """Take the ticket from its agent and queue it; they are not asked again in this round."""
    if item.agent_id is None:
        return []
    return give_back(item, UnassignReason.MANUAL, QueueReason.RELEASED, policy)


def _check_holds(item: WorkItem, agent_id: str) -> None:
    if item.agent_id != agent_id:
        raise RefusedError("Not their ticket", f"{agent_id} does not have the ticket.")


def _check_room(item: WorkItem, agent: Agent, policy: WorkflowPolicy) -> None:
    """Refuse who is offline or full; skills and shift are the assigner's own judgement."""
    assert item.opened is not None
    channel = item.opened.channel
    if agent.presence is Presence.OFFLINE:
        raise RefusedError("Agent is offline", f"{agent.agent_id} is offline and would not see it.")
    if item.cost > agent.headroom:
        raise RefusedError(
            "Beyond capacity",
            f"{agent.agent_id} has room for {agent.headroom / UNIT:g} of {agent.limit / UNIT:g}, "
            f"the ticket costs {item.cost / UNIT:g}. Raise the capacity first, or release a ticket.",
        )
    if not item.paused and not agent.has_room_on(channel, policy.routing.assigning.channel_caps):
        raise RefusedError(
            "Beyond the channel's cap",
            f"{agent.agent_id} has {agent.held[channel]} {channel} tickets already, and no more at once.",
        )
