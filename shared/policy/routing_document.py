"""The shape of queues, actions, roles and routing rules in the workflow file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag

from .kinds import (
    ActionName,
    AgentRoleName,
    Audiences,
    BoostCondition,
    Duration,
    LevelName,
    QueueName,
    RoutingCondition,
    Section,
    Skills,
    Slug,
    listed,
)

Rank = Annotated[int, Field(ge=-1000, le=1000)]

#: One team, or several.
Teams = Annotated[tuple[Slug, ...], BeforeValidator(listed)]


class QueueSection(Section):
    """A waiting line; lower ranks are served first. Without `teams` all people of the level serve it."""

    level: LevelName
    teams: tuple[Slug, ...] = ()
    rank: Rank = 50


class RoleSection(Section):
    """A kind of agent by what is asked of them: a senior engineer, a dedicated CSM."""

    skills: Skills = Field(default_factory=dict)
    any_skill: Skills = Field(default_factory=dict)
    preferred_skills: Skills = Field(default_factory=dict)
    prefer: Slug | None = None


class ActionSection(RoleSection):
    """What a rule's action means: where the ticket waits, for which team and for which kind of agent."""

    queue: QueueName | None = None
    level: LevelName | None = None
    team: Teams = ()
    role: AgentRoleName | None = None
    rank: Rank = 0


def _form(value: object) -> str:
    """An action is the name of one, or is described on the spot."""
    return "[inline]" if isinstance(value, Mapping | ActionSection) else "[named]"


ActionUse: TypeAlias = Annotated[
    Annotated[ActionName, Tag("[named]")] | Annotated[ActionSection, Tag("[inline]")],
    Discriminator(_form),
]


class RuleSection(Section):
    """One routing rule; without a condition it always matches."""

    name: Slug | None = None
    condition: RoutingCondition | None = None
    action: ActionUse
    notify: Audiences = ()
    cc: Audiences = ()
    sla_target: Duration | None = None


class BoostSection(Section):
    """An addition that every match makes."""

    name: Slug | None = None
    condition: BoostCondition
    action: ActionUse | None = None
    notify: Audiences = ()
    cc: Audiences = ()
    rank: Rank = 0
    priority_boost: bool = False
