"""What is told after a roster was put, or would be: who is new, and what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from services.router.domain.roster import Agent

from .agent_models import AgentView, RosterMember
from .models import example_of


class FieldChange(BaseModel):
    """A field's old and new value."""

    before: Any
    after: Any


class AgentChange(BaseModel):
    """What differs in how an agent is described; somebody new differs in nothing."""

    agent_id: str
    added: bool
    fields: dict[str, FieldChange]

    @classmethod
    def between(cls, before: Mapping[str, Agent], after: Iterable[Agent]) -> list[AgentChange]:
        """The changes, without the agents who stay as they are."""
        found = [cls.of(before.get(agent.agent_id), agent) for agent in after]
        return [change for change in found if change.added or change.fields]

    @classmethod
    def of(cls, before: Agent | None, after: Agent) -> AgentChange:
        """The change of one agent."""
        if before is None:
            return cls(agent_id=after.agent_id, added=True, fields={})
        old, new = _described(before), _described(after)
        fields = {
            name: FieldChange(before=value, after=new[name])
            for name, value in old.items()
            if value != new[name]
        }
        return cls(agent_id=after.agent_id, added=False, fields=fields)


class RosterAnswer(BaseModel):
    """The agents of a roster as they are now, or would be after a dry run, and what changed."""

    model_config = example_of(
        dry_run=True,
        agents=[],
        changes=[
            {"agent_id": "emil", "added": True, "fields": {}},
            {
                "agent_id": "sofia",
                "added": False,
                "fields": {"capacity": {"before": 8, "after": 10}},
            },
        ],
    )

    dry_run: bool
    agents: list[AgentView]
    changes: list[AgentChange]


def _described(agent: Agent) -> dict[str, Any]:
    return {**RosterMember.of(agent).model_dump(), "presence": agent.presence}
