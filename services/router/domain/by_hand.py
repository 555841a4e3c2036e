"""Assigning and releasing by hand: the one place of the core that may refuse."""

from __future__ import annotations

from datetime import datetime

from shared.contracts import Payload, TicketAssignmentRequested, TicketUnassigned
from shared.contracts.vocabulary import AssignReason, Presence, QueueReason, UnassignReason
from shared.policy import WorkflowPolicy

from .decide import assigned, give_back
from .roster import Agent
from .work import UNIT, WorkItem


class RefusedError(Exception):
    """A wish that the rules do not allow; `title` names the kind, the message says why."""

    def __init__(self, title: str, detail: str) -> None:
        super().__init__(detail)
        self.title = title
        self.detail = detail


def assign(item: WorkItem, agent: Agent, now: datetime) -> list[Payload]:
    """Give the ticket to `agent`, whatever their skills, but never beyond their capacity (G6).

    Raises RefusedError. An assignment that stands already is said with nothing.
    """
    if not item.is_open:
        raise RefusedError(
            "Ticket is not open", "Only a waiting or assigned ticket can be assigned."
        )
    if item.agent_id == agent.agent_id:
        return []
    if agent.presence is Presence.OFFLINE:
        raise RefusedError("Agent is offline", f"{agent.agent_id} is offline and would not see it.")
    if item.cost > agent.headroom:
        raise RefusedError(
            "Beyond capacity",
            f"{agent.agent_id} has room for {agent.headroom / UNIT:g} of {agent.limit / UNIT:g}, "
            f"the ticket costs {item.cost / UNIT:g}. Raise the capacity first, or release a ticket.",
        )
    said: list[Payload] = [assigned(item, agent, AssignReason.MANUAL, now)]
    if item.agent_id is not None:
        reason = UnassignReason.MANUAL
        gone = TicketUnassigned(ticket_id=item.ticket_id, agent_id=item.agent_id, reason=reason)
        said.insert(0, gone)
    return said


def requested(
    item: WorkItem, wish: TicketAssignmentRequested, agent: Agent | None, now: datetime
) -> list[Payload]:
    """Follow an assignment made in the ticket's channel: to `agent`, the one the roster has by that id.

    By the same rules as an assignment here; raises RefusedError, and then the ticket stays where it is.
    """
    if agent is None:
        raise RefusedError("Unknown agent", f"The roster has no agent {wish.assignee!r}.")
    return assign(item, agent, now)


def release(item: WorkItem, policy: WorkflowPolicy) -> list[Payload]:
    """Take the ticket from its agent and queue it; they are not asked again in this round."""
    if item.agent_id is None:
        return []
    return give_back(item, UnassignReason.MANUAL, QueueReason.RELEASED, policy)
