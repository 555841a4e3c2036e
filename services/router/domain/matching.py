"""Who gets which ticket: one pure function over the waiting tickets and the roster (semantics G1–G3).

Tickets are taken in the order of the line, and each goes to the best agent who may have it at that
moment. Where nobody has room for one, those given out before it in the same run make room if they can
(see `rearranging`), so that the batch is looked at as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.vocabulary import AssignReason, QueueReason
from shared.policy import WorkflowPolicy

from .eligible import Nobody, nobody, owner_of, qualified, skill_fits
from .lanes import Desk, Given, Lane
from .line import position
from .rearranging import Rearranging
from .roster import Agent
from .standing import EMPTY, Familiar
from .work import WorkItem

__all__ = ["EMPTY", "Familiar", "Match", "Matching", "match"]


@dataclass(frozen=True, slots=True)
class Match:
    """A ticket and the agent who gets it, with the figures it rests on (semantics G16).

    `load_ratio` is how full the agent's desk was before, `candidates` how many online qualify.
    """

    item: WorkItem
    agent_id: str
    team: str
    reason: AssignReason
    skill_fit: float
    load_ratio: float
    candidates: int


@dataclass(frozen=True, slots=True)
class Matching:
    """What one run found: matches in the order of the line, and the lanes nobody could serve."""

    matches: tuple[Match, ...]
    nobody: Mapping[str, Nobody]


def match(
    waiting: Iterable[WorkItem],
    roster: Sequence[Agent],
    *,
    policy: WorkflowPolicy,
    now: datetime,
    limit: int,
    familiar: Familiar = EMPTY,
) -> Matching:
    """Match waiting tickets to free agents, at most `limit` of them.

    Nobody gets a ticket they do not qualify for or have no room for, and nobody who fits better is idle
    at the end (semantics H6, H7). The same arguments give the same answer, in whatever order they stand.
    """
    lanes = _Lanes(roster, policy.routing.assigning.channel_caps, familiar)
    rearranging = Rearranging(now.timestamp())
    given: list[Given] = []
    for item in sorted(waiting, key=lambda one: position(one, policy, now)):
        if len(given) == limit:
            break
        lane = lanes.of(item)
        desk = lane.best_for(item) or rearranging.make_room(item, lane)
        if desk is not None:
            given.append(rearranging.give(item, lane, desk))
    return Matching(tuple(map(_matched, given)), lanes.nobody)


class _Lanes:
    """The lanes of a run as they are met, and those among them that nobody could serve."""

    def __init__(
        self, roster: Sequence[Agent], caps: Mapping[str, int], familiar: Familiar
    ) -> None:
        self.nobody: dict[str, Nobody] = {}
        self._roster = roster
        self._familiar = familiar
        self._online = _online_by_level(roster)
        self._desks = {
            agent.agent_id: Desk(agent, caps) for level in self._online.values() for agent in level
        }
        self._fits: dict[str, Mapping[str, float]] = {}
        self._lanes: dict[tuple[str, int, bool], Lane] = {}

    def of(self, item: WorkItem) -> Lane:
        """The ticket's lane."""
        asks = item.asks
        name = asks, item.cost, item.paused
        lane = self._lanes.get(name)
        if lane is None:
            fit = self._fits.get(asks)
            if fit is None:
                fit = self._fits[asks] = self._fit(item)
            lane = self._lanes[name] = Lane(item, fit, self._desks, self._familiar)
            found = None if fit else nobody(item, self._roster)
            if found is not None:
                self.nobody[item.lane] = found
        return lane

    def _fit(self, item: WorkItem) -> Mapping[str, float]:
        assert item.place is not None
        return skill_fits(item, qualified(item, self._online.get(item.place.level, ())))


def _matched(given: Given) -> Match:
    agent = given.desk.agent
    return Match(
        item=given.item,
        agent_id=agent.agent_id,
        team=agent.team,
        reason=_reason(given.item, agent),
        skill_fit=given.lane.fit[agent.agent_id],
        load_ratio=given.load_ratio,
        candidates=len(given.lane.fit),
    )


def _online_by_level(roster: Sequence[Agent]) -> dict[str, list[Agent]]:
    online: dict[str, list[Agent]] = {}
    for agent in roster:
        if agent.online:
            online.setdefault(agent.level, []).append(agent)
    return online


def _reason(item: WorkItem, agent: Agent) -> AssignReason:
    if agent.agent_id in {owner_of(item), item.previous_agent_id}:
        return AssignReason.AFFINITY
    if item.place and item.place.reason is QueueReason.ESCALATION:
        return AssignReason.ESCALATION
    return AssignReason.SKILL_MATCH
