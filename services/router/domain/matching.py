"""Who gets which ticket: one pure function over the waiting tickets and the roster (semantics G1–G3).

Tickets are taken in the order of the line, and each goes to the best agent who may have it at that
moment. Within a run desks only fill, so an agent's place among the candidates only gets worse: a heap
a lane, whose stale tops are put back, answers "who is best" without looking at everybody.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from shared.contracts.vocabulary import AssignReason, QueueReason
from shared.policy import WorkflowPolicy

from .eligible import Nobody, nobody, owner_of, qualifies, skill_fit
from .line import position
from .roster import Agent, with_ticket
from .work import WorkItem

#: An agent's place among the candidates, best first: 0 for the customer's own, -fit, load ratio, 0 if
#: they know the ticket or its customer, last assignment, id (semantics G3).
Standing = tuple[int, float, float, int, float, str]

#: The agents who have worked for a customer before, by customer id.
Familiar = Mapping[str, frozenset[str]]
EMPTY: Familiar = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Match:
    """A ticket and the agent who gets it, with the figures it rests on (semantics G16)."""

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

    Nobody gets a ticket they do not qualify for or have no room for, and nobody who stands better is
    passed over (semantics H6, H7). The same arguments give the same answer.
    """
    caps = policy.routing.assigning.channel_caps
    desks = {agent.agent_id: _Desk(agent, caps) for agent in roster}
    online = _online_by_level(roster)
    lanes: dict[str, _Lane] = {}
    matches: list[Match] = []
    for item in sorted(waiting, key=lambda one: position(one, policy, now)):
        if len(matches) == limit:
            break
        lane = lanes.get(item.lane)
        if lane is None:
            assert item.place is not None
            lane = _Lane(item, online.get(item.place.level, ()), desks, familiar)
            lane.nobody = None if lane.has_anybody else nobody(item, roster)
            lanes[item.lane] = lane
        found = lane.best_for(item)
        if found is not None:
            matches.append(lane.match(item, found))
            found.take(item, now)
    empty = {name: lane.nobody for name, lane in lanes.items() if lane.nobody is not None}
    return Matching(tuple(matches), empty)


class _Desk:
    """An agent's desk as it fills during a run."""

    __slots__ = ("agent", "caps", "last_assigned", "limit", "load")

    def __init__(self, agent: Agent, caps: Mapping[str, int]) -> None:
        self.agent = agent
        self.caps = caps
        self.load = agent.load
        self.limit = agent.limit
        self.last_assigned = (
            agent.last_assigned_at.timestamp() if agent.last_assigned_at else float("-inf")
        )

    @property
    def load_ratio(self) -> float:
        return self.load / self.limit if self.limit else 1.0

    def has_room_for(self, cost: int, channel: str) -> bool:
        return self.load + cost <= self.limit and self.agent.has_room_on(channel, self.caps)

    def take(self, item: WorkItem, now: datetime) -> None:
        self.load += item.cost
        self.agent = with_ticket(self.agent, item)
        self.last_assigned = now.timestamp()


class _Lane:
    """The tickets that ask the same, and the people who are online and qualify for them."""

    def __init__(
        self,
        item: WorkItem,
        online: Sequence[Agent],
        desks: Mapping[str, _Desk],
        familiar: Familiar,
    ) -> None:
        assert item.opened is not None
        self.nobody: Nobody | None = None
        self._channel = item.opened.channel
        self._desks = desks
        self._familiar = familiar
        self._fit = {
            agent.agent_id: skill_fit(agent, item) for agent in online if qualifies(agent, item)
        }
        self._heaps: dict[int, list[Standing]] = {}

    @property
    def has_anybody(self) -> bool:
        """Whether somebody who is online qualifies."""
        return bool(self._fit)

    def best_for(self, item: WorkItem) -> _Desk | None:
        """The desk the ticket goes to; None while everybody who qualifies is full."""
        known = self._related(item)
        former = known.get(item.previous_agent_id or "")
        if former is not None and item.place and item.place.reason is QueueReason.REOPENED:
            return former  # its former agent comes first (semantics R4)
        best = self._first_willing(item) if item.declined else self._top(item.cost)
        candidates = [*known.values(), *([best] if best is not None else [])]
        return min(candidates, key=lambda desk: self._standing(desk, item), default=None)

    def match(self, item: WorkItem, desk: _Desk) -> Match:
        """The match of `item` with `desk`, before the desk takes it."""
        agent = desk.agent
        return Match(
            item=item,
            agent_id=agent.agent_id,
            team=agent.team,
            reason=_reason(item, agent),
            skill_fit=self._fit[agent.agent_id],
            load_ratio=desk.load_ratio,
            candidates=len(self._fit),
        )

    def _related(self, item: WorkItem) -> dict[str, _Desk]:
        """The desks with room of those who know the ticket or its customer, or look after them."""
        owner = owner_of(item)
        related = self._acquainted(item) | ({owner} if owner else set())
        return {
            one: self._desks[one]
            for one in related
            if one in self._fit and one not in item.declined and self._has_room(one, item.cost)
        }

    def _acquainted(self, item: WorkItem) -> set[str]:
        """Who has had the ticket before, or another of its customer."""
        assert item.opened is not None
        known = set(self._familiar.get(item.opened.customer.customer_id, ()))
        return known | {item.previous_agent_id} if item.previous_agent_id else known

    def _has_room(self, agent_id: str, cost: int) -> bool:
        return self._desks[agent_id].has_room_for(cost, self._channel)

    def _standing(self, desk: _Desk, item: WorkItem | None = None) -> Standing:
        agent_id = desk.agent.agent_id
        owns = item is not None and owner_of(item) == agent_id
        knows = item is not None and agent_id in self._acquainted(item)
        return (
            0 if owns else 1,
            -self._fit[agent_id],
            desk.load_ratio,
            0 if knows else 1,
            desk.last_assigned,
            agent_id,
        )

    def _top(self, cost: int) -> _Desk | None:
        """The best desk with room for `cost`, whoever knows the ticket left aside."""
        heap = self._heaps.get(cost)
        if heap is None:
            desks = [self._desks[one] for one in self._fit]
            heap = [
                self._standing(desk) for desk in desks if desk.has_room_for(cost, self._channel)
            ]
            self._heaps[cost] = heap
            heapq.heapify(heap)
        while heap:
            desk = self._desks[heap[0][-1]]
            standing = self._standing(desk)
            if not desk.has_room_for(cost, self._channel):
                heapq.heappop(heap)
            elif standing == heap[0]:
                return desk
            else:
                heapq.heapreplace(heap, standing)
        return None

    def _first_willing(self, item: WorkItem) -> _Desk | None:
        """The best desk with room among those who have not given the ticket back."""
        desks = [self._desks[one] for one in self._fit if one not in item.declined]
        return min(
            (desk for desk in desks if desk.has_room_for(item.cost, self._channel)),
            key=self._standing,
            default=None,
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
