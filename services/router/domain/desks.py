"""Everybody's desk, kept between the dispatcher's steps, and who of them may serve which lane.

A memory, never the truth: what is decided by it is checked against the locked rows before it is written
(semantics G6). It answers what a step has to ask of the whole roster without looking at all of it: how many
tickets of a lane could be given out now, and why nobody could take any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.policy import WorkflowPolicy

from .eligible import Nobody, nobody, qualifies
from .explain import Refusal, refusal
from .roster import Agent
from .work import WorkItem, replace

#: Why somebody who takes tickets does not take this one.
_OF_A_CANDIDATE: Final = frozenset({Refusal.FULL, Refusal.CHANNEL_CAP})

#: Lanes remembered at most: those of a workflow are fewer, and what it asked for once is met again.
LANES: Final = 2000


@dataclass(slots=True)
class _Lane:
    """One of a lane's tickets stands for all: they ask the same (`WorkItem.lane`).

    `others` do not qualify or take no tickets now, and why; `judged` says that `nobody` is.
    """

    example: WorkItem
    qualified: set[str] = field(default_factory=set)
    others: dict[str, Refusal] = field(default_factory=dict)
    nobody: Nobody | None = None
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many are online and qualify for a lane, and how many are refused, by `explain.Refusal`."""

    candidates: int
    refused: Mapping[str, int]


@dataclass(slots=True)
class Desks:
    """The roster as far as we know it."""

    policy: WorkflowPolicy
    agents: dict[str, Agent] = field(default_factory=dict)
    _online: set[str] = field(default_factory=set)
    _free: set[str] = field(default_factory=set)
    _lanes: dict[str, _Lane] = field(default_factory=dict)

    @property
    def _caps(self) -> Mapping[str, int]:
        return self.policy.routing.assigning.channel_caps

    def know(self, agents: Iterable[Agent]) -> None:
        """These agents are now as given."""
        for agent in agents:
            before = self.agents.get(agent.agent_id)
            self.agents[agent.agent_id] = agent
            if before is None or _profile(before) != _profile(agent):
                for lane in self._lanes.values():
                    self._judge(agent, lane)
            _put(self._online, agent.agent_id, inside=agent.online)
            _put(self._free, agent.agent_id, inside=agent.online and agent.headroom > 0)

    def forget_all(self) -> None:
        """Know nobody and no lane any more."""
        for known in (self.agents, self._online, self._free, self._lanes):
            known.clear()

    def forget(self, agent_ids: Iterable[str]) -> None:
        """These agents are not there any more."""
        for agent_id in agent_ids:
            if self.agents.pop(agent_id, None) is not None:
                self._online.discard(agent_id)
                self._free.discard(agent_id)
                for lane in self._lanes.values():
                    lane.qualified.discard(agent_id)
                    lane.others.pop(agent_id, None)
                    lane.judged = False

    def knows(self, lane: str) -> bool:
        """Whether somebody has shown us a ticket of the lane."""
        return lane in self._lanes

    def meet(self, item: WorkItem) -> None:
        """Remember the lane of `item`."""
        if len(self._lanes) >= LANES:
            self._lanes.clear()
        lane = _Lane(replace(item, declined=()))
        for agent in self.agents.values():
            self._judge(agent, lane)
        self._lanes[item.lane] = lane

    def room(self, lane: str, *, most: int) -> int:
        """How many tickets of the lane could be given out now if nothing else were; at most `most`."""
        known = self._lanes[lane]
        assert known.example.opened is not None
        cost, channel = known.example.cost, known.example.opened.channel
        room = 0
        for agent_id in known.qualified & self._free:
            agent = self.agents[agent_id]
            if known.example.paused or agent.has_room_on(channel, self._caps):
                room += agent.headroom // max(1, cost)
                if room >= most:
                    return most
        return room

    def free(self, lanes: Iterable[str]) -> list[Agent]:
        """Those who qualify for one of the lanes and have room for something, by id."""
        qualified: set[str] = set()
        for lane in lanes:
            qualified |= self._lanes[lane].qualified & self._free
        return [self.agents[one] for one in sorted(qualified)]

    def nobody(self, lane: str) -> Nobody | None:
        """Why nobody could take a ticket of the lane even with an empty desk (semantics G5)."""
        known = self._lanes[lane]
        if not known.judged:
            at_work = any(self.agents[one].at_work for one in known.qualified)
            known.nobody = None if at_work else nobody(known.example, self.agents.values())
            known.judged = True
        return known.nobody

    def crowd(self, lane: str) -> Crowd:
        """Who was there for a ticket of the lane, in figures (semantics G16)."""
        known = self._lanes[lane]
        there = known.qualified & self._online
        refused = Counter(known.others.values())
        refused[Refusal.FULL] = sum(
            [self.agents[one].headroom < known.example.cost for one in there]
        )
        return Crowd(len(there), {why.value: count for why, count in refused.items() if count})

    def _judge(self, agent: Agent, lane: _Lane) -> None:
        lane.judged = False
        _put(lane.qualified, agent.agent_id, inside=qualifies(agent, lane.example))
        why = refusal(agent, lane.example, policy=self.policy)
        if why is None or why in _OF_A_CANDIDATE:
            lane.others.pop(agent.agent_id, None)
        else:
            lane.others[agent.agent_id] = why


def _profile(agent: Agent) -> tuple[object, ...]:
    """What decides for which lanes an agent qualifies, and whether they are there for them."""
    there = agent.presence, agent.on_shift, agent.suspect
    return agent.level, agent.team, agent.channels, agent.skills, there


def _put(names: set[str], name: str, *, inside: bool) -> None:
    if inside:
        names.add(name)
    else:
        names.discard(name)
