"""Bodies of requests and answers. Capacities and loads are in weight units; unknown fields are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.router.commands import Profile
from services.router.domain.explain import Wait, WaitReason
from services.router.domain.roster import Agent
from services.router.domain.work import UNIT, WorkItem, WorkStatus
from services.router.store.history import Assignment
from shared.contracts.vocabulary import Presence

#: An id or a name that programs use: no spaces, nothing that would need quoting.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@-]{1,64}$")]

#: A name that people read: one line.
Title = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]

Proficiency = Annotated[int, Field(ge=1, le=5)]

Cap = Annotated[int, Field(ge=0, le=1000)]

#: How many agents one call may bring.
ROSTER_LIMIT = 2000


class Body(BaseModel):
    """What a caller sends."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AgentBody(Body):
    """An agent. Without a presence they keep theirs (somebody new is offline); no channels: all.

    `shift` names when they work (without one: always), `channel_caps` how many tickets of a channel they
    hold at most, over the workflow's; with `auto_accept` whatever they are given counts as accepted.
    """

    name: Title
    team: Name
    level: Name
    skills: dict[Name, Proficiency] = Field(default={}, max_length=100)
    channels: tuple[Name, ...] = Field(default=(), max_length=50)
    capacity: int = Field(default=8, ge=0, le=1000, description="weight units")
    presence: Presence | None = None
    shift: Name | None = None
    channel_caps: dict[Name, Cap] = Field(default={}, max_length=50)
    auto_accept: bool = False

    def profile(self, agent_id: str) -> Profile:
        """The same for the command."""
        return Profile(agent_id=agent_id, **{name: getattr(self, name) for name in _PROFILE})


_PROFILE = tuple(AgentBody.model_fields)


class RosterMember(AgentBody):
    """An agent in a roster."""

    agent_id: Name


class RosterBody(Body):
    """Agents to add or change; those not named are left alone."""

    agents: tuple[RosterMember, ...] = Field(max_length=ROSTER_LIMIT)


class PresenceBody(Body):
    """Where an agent is: online takes new tickets, busy and away take none, offline lets go of all."""

    presence: Presence


class AssignmentBody(Body):
    """Who is to have the ticket."""

    agent_id: Name


class AgentView(BaseModel):
    """An agent as they are. `capacity_target` is a lowered capacity the load has not reached yet.

    `suspect`: they have not renewed their presence in time and get nothing new.
    """

    agent_id: str
    name: str
    team: str
    level: str
    skills: dict[str, int]
    channels: tuple[str, ...]
    capacity: float
    capacity_target: float | None
    load: float
    presence: Presence
    shift: str | None
    on_shift: bool
    suspect: bool
    channel_caps: dict[str, int]
    auto_accept: bool
    last_assigned_at: datetime | None

    @classmethod
    def of(cls, agent: Agent) -> AgentView:
        """The view of `agent`, in weight units."""
        target = agent.capacity_target
        return cls(
            agent_id=agent.agent_id,
            name=agent.name,
            team=agent.team,
            level=agent.level,
            skills=agent.skills,
            channels=agent.channels,
            capacity=agent.capacity / UNIT,
            capacity_target=None if target is None else target / UNIT,
            load=agent.load / UNIT,
            presence=agent.presence,
            shift=agent.shift,
            on_shift=agent.on_shift,
            suspect=agent.suspect,
            channel_caps=agent.channel_caps,
            auto_accept=agent.auto_accept,
            last_assigned_at=agent.last_assigned_at,
        )


class RosterView(BaseModel):
    """All agents by id."""

    agents: list[AgentView]


class QueueView(BaseModel):
    """One queue: how many wait, since when, and what for."""

    queue: str
    level: str
    waiting: int
    oldest_seconds: float
    reasons: dict[WaitReason, int] = {}
    missing_skills: list[str] = []


class QueuesView(BaseModel):
    """Every queue of the workflow."""

    queues: list[QueueView]


class WaitView(BaseModel):
    """Why a ticket waits: `candidates` are online and qualify, `with_room` of them have room."""

    reason: WaitReason
    candidates: int
    with_room: int
    missing_skills: tuple[str, ...]

    @classmethod
    def of(cls, wait: Wait) -> WaitView:
        """The view of `wait`."""
        return cls(
            reason=wait.reason,
            candidates=wait.candidates,
            with_room=wait.with_room,
            missing_skills=wait.missing_skills,
        )


class HistoryView(BaseModel):
    """Somebody had the ticket, and what that assignment rested on."""

    agent_id: str
    assigned_at: datetime
    reason: str
    explanation: dict[str, Any]
    ended_at: datetime | None
    end_reason: str | None

    @classmethod
    def of(cls, entry: Assignment) -> HistoryView:
        """The view of `entry`."""
        return cls(**{name: getattr(entry, name) for name in cls.model_fields})


class AssignmentView(BaseModel):
    """Where a ticket stands: who has it, or in which line it waits and why."""

    ticket_id: UUID
    status: WorkStatus
    paused: bool
    agent_id: str | None
    previous_agent_id: str | None
    queue: str | None
    level: str | None
    rank: int | None
    weight: int
    rule: str | None
    boosts: list[str]
    required_skills: dict[str, int]
    any_skills: dict[str, int]
    preferred_skills: dict[str, int]
    waiting_since: datetime | None
    wait: WaitView | None = None
    history: list[HistoryView] = []

    @classmethod
    def of(cls, item: WorkItem) -> AssignmentView:
        """The view of `item`, without why it waits and its history."""
        place = item.place
        return cls(
            ticket_id=item.ticket_id,
            status=item.status,
            paused=item.paused,
            agent_id=item.agent_id,
            previous_agent_id=item.previous_agent_id,
            queue=place.queue if place else None,
            level=place.level if place else None,
            rank=place.rank if place else None,
            weight=item.weight,
            rule=place.rule if place else None,
            boosts=place.boosts if place else [],
            required_skills=place.required_skills if place else {},
            any_skills=place.any_skills if place else {},
            preferred_skills=place.preferred_skills if place else {},
            waiting_since=item.waiting_since,
        )
