"""support.assignments and support.agents, produced by the router: who works on what, and who is there."""

from __future__ import annotations

from typing import ClassVar

from .payload import Payload, TicketPayload, payload
from .topics import AGENTS, ASSIGNMENTS
from .vocabulary import (
    AcceptedVia,
    AssignReason,
    Instant,
    Presence,
    QueueReason,
    UnassignDetail,
    UnassignReason,
    UnroutableCause,
)


@payload("ticket.queued", topic=ASSIGNMENTS)
class TicketQueued(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The ticket waits in a queue. `rank` orders the line, lower first; `weight` is its cost (N2.34).

    An agent needs all of `required_skills` and one of `any_skills`; `preferred_skills` and `prefer`
    (who is asked first) only choose between agents (semantics G3). `teams` serve the queue, all of the
    level without any. `relaxed` counts the steps by which less is asked for than at first, `other_teams`
    is the last of them (G4). `entry` counts how often the ticket has come to this level (X3).
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
    teams: list[str] = []
    priority_boost: bool | None = None
    relaxed: int | None = None
    other_teams: bool | None = None
    entry: int | None = None


@payload("ticket.assigned", topic=ASSIGNMENTS)
class TicketAssigned(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """An agent has the ticket. `skill_fit` in [0, 1]. Not accepted until `accept_by`, it is taken back
    (semantics G8); without that it counts as accepted. `claimed`: they took it themselves.
    """

    agent_id: str
    team: str
    queue: str
    level: str
    weight: int
    skill_fit: float
    waited_seconds: int
    reason: AssignReason
    previous_agent_id: str | None = None
    accept_by: Instant | None = None
    claimed: bool | None = None


@payload("ticket.accepted", topic=ASSIGNMENTS)
class TicketAccepted(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The agent who has the ticket works on it: they said so, or wrote to it (semantics G8)."""

    agent_id: str
    level: str
    after_seconds: int
    via: AcceptedVia


@payload("ticket.unassigned", topic=ASSIGNMENTS)
class TicketUnassigned(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """The agent has the ticket no longer."""

    agent_id: str
    reason: UnassignReason
    detail: UnassignDetail | None = None


@payload("ticket.unroutable", topic=ASSIGNMENTS)
class TicketUnroutable(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """Nobody could take it even with an empty desk (semantics G5). It stays queued."""

    queue: str
    cause: UnroutableCause
    missing_skills: list[str] = []


@payload("ticket.assignment_refused", topic=ASSIGNMENTS)
class TicketAssignmentRefused(TicketPayload, frozen=True, kw_only=True, omit_defaults=True):
    """A wish from outside that `agent_id` should have the ticket was not followed: made in its channel, or as
    the answer to a page. `reason` names the kind of refusal, `detail` says it.
    """

    agent_id: str
    reason: str
    detail: str


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
