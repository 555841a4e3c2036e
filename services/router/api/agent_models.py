"""What callers say of agents, and what they are told. Capacities and loads are in weight units."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, Field, JsonValue

from services.router.commands import Profile
from services.router.domain.roster import Agent
from services.router.domain.work import UNIT
from shared.contracts.vocabulary import Presence

from .models import Body, Name, Title, example_of

Proficiency = Annotated[int, Field(ge=1, le=5)]

Cap = Annotated[int, Field(ge=0, le=1000)]

#: How many agents one call may bring.
ROSTER_LIMIT = 2000

_SOFIA: Final[dict[str, JsonValue]] = {
    "name": "Sofia",
    "team": "specialists",
    "level": "tier_2",
    "skills": {"billing": 5, "senior": 3},
    "channels": [],
    "capacity": 10,
    "shift": "early",
    "channel_caps": {"phone": 1},
    "auto_accept": False,
}


#: An agent as they are shown.
SHOWN: Final[dict[str, JsonValue]] = {
    "agent_id": "sofia",
    **_SOFIA,
    "capacity_target": None,
    "load": 3.25,
    "held": {"email": 2},
    "presence": "online",
    "on_shift": True,
    "suspect": False,
    "last_assigned_at": "2026-03-02T09:00:00Z",
}


class AgentBody(Body):
    """An agent. Without a presence they keep theirs (somebody new is offline); no channels: all.

    `shift` names when they work (without one: always), `channel_caps` how many tickets of a channel they
    hold at most, over the workflow's; with `auto_accept` whatever they are given counts as accepted.
    """

    model_config = example_of(**_SOFIA)

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

    model_config = example_of(agent_id="sofia", **_SOFIA)

    agent_id: Name

    @classmethod
    def of(cls, agent: Agent) -> RosterMember:
        """What describes `agent`; their presence is left out, as it changes by the minute."""
        return cls(
            agent_id=agent.agent_id,
            capacity=agent.limit // UNIT,
            **{name: getattr(agent, name) for name in _SAME},
        )


#: What an agent and their description call the same.
_SAME = tuple(name for name in _PROFILE if name not in {"capacity", "presence"})


class RosterBody(Body):
    """Agents to add or change; those not named are left alone."""

    model_config = example_of(agents=[{"agent_id": "sofia", **_SOFIA}])

    agents: tuple[RosterMember, ...] = Field(max_length=ROSTER_LIMIT)


class AgentView(BaseModel):
    """An agent as they are. `capacity_target` is a lowered capacity the load has not reached yet.

    `held` counts the tickets they have to act on, by channel. `suspect`: they have not renewed their
    presence in time and get nothing new.
    """

    model_config = example_of(**SHOWN)

    agent_id: str
    name: str
    team: str
    level: str
    skills: dict[str, int]
    channels: tuple[str, ...]
    capacity: float
    capacity_target: float | None
    load: float
    held: dict[str, int]
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
        figures = {
            "capacity": agent.capacity / UNIT,
            "capacity_target": None if target is None else target / UNIT,
            "load": agent.load / UNIT,
        }
        others = {name: getattr(agent, name) for name in cls.model_fields if name not in figures}
        return cls(**figures, **others)


class AgentsView(BaseModel):
    """All agents by id."""

    model_config = example_of(agents=[SHOWN])

    agents: list[AgentView]
