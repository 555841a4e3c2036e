"""Who is there, what they can do and how much they hold: agents, and the accounting of load.

Weight is counted in quarters of a weight unit, because a paused ticket costs a quarter (semantics G1)
and a sum of quarters must stay exact. People and events speak of whole units.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from shared.contracts import AgentUpdated
from shared.contracts.vocabulary import Presence

from .work import UNIT, WorkItem

#: Presences of people who are at work, whether or not they take new tickets (semantics G5, G13).
AT_WORK: Final = frozenset({Presence.ONLINE, Presence.BUSY})


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """One agent. `capacity`, `capacity_target` and `load` are in quarters; `skills` are 1 to 5.

    No `channels` means all of them; `channel_caps` are the agent's own, over the workflow's. `held`
    counts the tickets of each channel they have to act on. `shift` names when they work (none: always).
    `renewed_at`: the presence is on a lease, renewed then. `auto_accept`: what they are given counts as
    accepted. Time changes how they stand at `changes_at` or later, never before. `version` counts the
    saves and names the `agent.updated` events.
    """

    agent_id: str
    name: str
    team: str
    level: str
    capacity: int
    skills: dict[str, int] = {}
    channels: tuple[str, ...] = ()
    capacity_target: int | None = None
    load: int = 0
    presence: Presence = Presence.OFFLINE
    version: int = 0
    last_assigned_at: datetime | None = None
    channel_caps: dict[str, int] = {}
    held: dict[str, int] = {}
    shift: str | None = None
    on_shift: bool = True
    renewed_at: datetime | None = None
    suspect: bool = False
    auto_accept: bool = False
    changes_at: datetime | None = None

    @property
    def limit(self) -> int:
        """What the agent may hold from now on: a lowered capacity counts at once (semantics G6)."""
        return self.capacity if self.capacity_target is None else self.capacity_target

    @property
    def headroom(self) -> int:
        """How much more the agent may take, in quarters."""
        return max(0, self.limit - self.load)

    @property
    def online(self) -> bool:
        """Takes new tickets: on shift, present and not suspected to be gone."""
        return self.presence is Presence.ONLINE and self.on_shift and not self.suspect

    @property
    def present(self) -> bool:
        """Has not gone offline."""
        return self.presence is not Presence.OFFLINE

    @property
    def at_work(self) -> bool:
        """On shift and present: keeps what they hold, and may become free (semantics G5, G13)."""
        return self.presence in AT_WORK and self.on_shift

    def has_room_on(self, channel: str, caps: Mapping[str, int]) -> bool:
        """Whether they may hold one more ticket of `channel`; `caps` are the workflow's (semantics G1)."""
        cap = self.channel_caps.get(channel, caps.get(channel))
        return cap is None or self.held.get(channel, 0) < cap


def with_load(agent: Agent, load: int) -> Agent:
    """The agent holding `load`; a lowered capacity follows the load down (semantics G6)."""
    return with_limit(msgspec.structs.replace(agent, load=load), agent.limit)


def with_limit(agent: Agent, limit: int) -> Agent:
    """The agent with a new capacity: at once, or as a target while more than that is held."""
    target = limit if agent.load > limit else None
    return msgspec.structs.replace(agent, capacity=max(limit, agent.load), capacity_target=target)


def with_ticket(agent: Agent, item: WorkItem, sign: int = 1) -> Agent:
    """The agent holding `item` as well, or (`sign` -1) no longer. Does not look at capacity."""
    held = _counted(agent, item, sign)
    return msgspec.structs.replace(agent, load=agent.load + sign * item.cost, held=held)


def settle(roster: Mapping[str, Agent], before: WorkItem, after: WorkItem) -> dict[str, Agent]:
    """The agents who hold something else because `before` became `after`; empty if nobody does.

    Load is therefore always the sum of what the open tickets cost, and `held` their number by channel,
    paused ones left out. Every agent that either item names must be in `roster`.
    """
    changed: dict[str, Agent] = {}
    for item, sign in ((before, -1), (after, 1)):
        if item.agent_id is not None:
            agent = changed.get(item.agent_id) or roster[item.agent_id]
            changed[item.agent_id] = with_ticket(agent, item, sign)
    return {
        agent_id: with_load(agent, agent.load)
        for agent_id, agent in changed.items()
        if agent != roster[agent_id]
    }


def _counted(agent: Agent, item: WorkItem, sign: int) -> dict[str, int]:
    """What the agent holds by channel with `item` added or taken away; zeros are left out."""
    if item.opened is None or item.paused:
        return agent.held
    channel = item.opened.channel
    count = agent.held.get(channel, 0) + sign
    others = {name: held for name, held in agent.held.items() if name != channel}
    return {**others, channel: count} if count > 0 else others


def agent_updated(agent: Agent) -> AgentUpdated:
    """The agent as the world hears of them, in whole weight units, broken ones counted as whole."""
    return AgentUpdated(
        agent_id=agent.agent_id,
        name=agent.name,
        team=agent.team,
        level=agent.level,
        skills=agent.skills,
        capacity=_units(agent.capacity),
        load=_units(agent.load),
        presence=agent.presence,
    )


def _units(quarters: int) -> int:
    return -(-quarters // UNIT)
