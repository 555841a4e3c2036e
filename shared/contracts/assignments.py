"""support.assignments and support.agents, produced by the router: who works on what, and who is there."""

from __future__ import annotations

from typing import ClassVar

from .payload import Payload, TicketPayload, payload
from .topics import AGENTS, ASSIGNMENTS
from .vocabulary import (
    AssignReason,
    Presence,
    QueueReason,
    UnassignReason,
    UnroutableCause,
)


@payload("ticket.queued", topic=ASSIGNMENTS)
class TicketQueued(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The ticket waits in a queue. `rank` orders the line, lower first; `weight` is its cost (N2.34).

    An agent needs all of `required_skills` and one of `any_skills`; `preferred_skills` and `prefer`
    (who is asked first) only choose between agents (semantics G3).
    """

    queue: str
    level: str
    rank: int
    weight: int
    reason: QueueReason
    required_skills: dict[str, int]
    any_skills: dict[str, int] = {}
    preferred_skills: dict[str, int] = {}
    prefer: str | None = None
    rule: str | None = None
    boosts: list[str] = []
    notify: list[str] = []
    cc: list[str] = []


@payload("ticket.assigned", topic=ASSIGNMENTS)
class TicketAssigned(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """An agent has the ticket. `skill_fit` in [0, 1]."""

    agent_id: str
    team: str
    queue: str
    level: str
    weight: int
    skill_fit: float
    waited_seconds: int
    reason: AssignReason
    previous_agent_id: str | None = None


@payload("ticket.unassigned", topic=ASSIGNMENTS)
class TicketUnassigned(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The agent has the ticket no longer."""

    agent_id: str
    reason: UnassignReason


@payload("ticket.unroutable", topic=ASSIGNMENTS)
class TicketUnroutable(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """Nobody could take it even with an empty desk (semantics G5). It stays queued."""

    queue: str
    cause: UnroutableCause
    missing_skills: list[str] = []


@payload("agent.updated", topic=AGENTS)
class AgentUpdated(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """An agent as the roster knows them now. `load` ≤ `capacity`, in weight units."""

    subject_field: ClassVar[str] = "agent_id"

    agent_id: str
    name: str
    team: str
    level: str
    skills: dict[str, int]
    capacity: int
    load: int
    presence: Presence
