"""Desks and lanes during one run of matching: who is best for a ticket, without looking at everybody.

Within a run desks only fill, also when tickets are rearranged, so an agent's place among the candidates
only gets worse: a heap a lane, whose stale tops are put back, answers who is best.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping

from .eligible import owner_of
from .roster import Agent
from .standing import Claim, Familiar, Standing, acquainted, claim, last_of
from .work import WorkItem

#: What of an agent's place among candidates does not depend on the ticket: load ratio, last assignment, id.
_Rank = tuple[float, float, str]


class Given:
    """A ticket given out in this run: to which desk, and how full that was before."""

    __slots__ = ("desk", "item", "lane", "load_ratio")

    def __init__(self, item: WorkItem, lane: Lane, desk: Desk) -> None:
        self.item = item
        self.lane = lane
        self.desk = desk
        self.load_ratio = desk.rank[0]


class Desk:
    """An agent's desk as it fills during a run. `given` is what it got in this run, latest last."""

    __slots__ = ("_caps", "_held", "agent", "given", "limit", "load", "rank")

    def __init__(self, agent: Agent, caps: Mapping[str, int]) -> None:
        self.agent = agent
        self.load = agent.load
        self.limit = agent.limit
        self.given: list[Given] = []
        self.rank: _Rank = (self._ratio(), last_of(agent.last_assigned_at), agent.agent_id)
        self._held: Mapping[str, int] = agent.held
        self._caps = caps

    def has_room(self, cost: int, channel: str | None) -> bool:
        """Whether a ticket of that cost fits; `channel` None: it needs nobody to act now (semantics G1)."""
        if self.load + cost > self.limit:
            return False
        cap = self._cap(channel)
        return cap is None or channel is None or self._held.get(channel, 0) < cap

    def has_room_instead(self, cost: int, channel: str | None, out: Given) -> bool:
        """Whether a ticket fits in the place of `out` and leaves no more room than there is now."""
        lane = out.lane
        if lane.cost > cost or self.load - lane.cost + cost > self.limit:
            return False
        if lane.channel == channel:
            return True
        return self._cap(lane.channel) is None and self.has_room(cost - lane.cost, channel)

    def take(self, given: Given, now: float) -> None:
        """The desk gets the ticket at `now`, in seconds of Unix time."""
        given.desk, given.load_ratio = self, self.rank[0]
        self.given.append(given)
        self._count(given.lane, 1)
        self.rank = (self._ratio(), now, self.agent.agent_id)

    def lose(self, given: Given) -> None:
        """The ticket goes elsewhere; another one takes its place at once."""
        self.given.remove(given)
        self._count(given.lane, -1)
        self.rank = (self._ratio(), *self.rank[1:])

    def _cap(self, channel: str | None) -> int | None:
        if channel is None:
            return None
        own = self.agent.channel_caps
        return own.get(channel, self._caps.get(channel)) if own else self._caps.get(channel)

    def _count(self, lane: Lane, sign: int) -> None:
        self.load += sign * lane.cost
        if (channel := lane.channel) is not None:
            self._held = {**self._held, channel: self._held.get(channel, 0) + sign}

    def _ratio(self) -> float:
        return self.load / self.limit if self.limit else 1.0


class Lane:
    """The tickets that ask the same and cost the same, and the people online who qualify for them.

    `fit` is how well each of these people fits; `cost` is in quarters of a weight unit. `channel` is None for tickets that nobody has to act on now.
    """

    def __init__(
        self,
        item: WorkItem,
        fit: Mapping[str, float],
        desks: Mapping[str, Desk],
        familiar: Familiar,
    ) -> None:
        assert item.opened is not None
        self.cost = item.cost
        self.channel = None if item.paused else item.opened.channel
        self.fit = fit
        self._desks = desks
        self._familiar = familiar
        self._heap: list[tuple[float, _Rank, Desk]] = [
            (-fit, desk.rank, desk)
            for agent_id, fit in self.fit.items()
            if (desk := desks[agent_id]).load + self.cost <= desk.limit
        ]
        heapq.heapify(self._heap)

    def best_for(self, item: WorkItem, apart: Collection[str] = ()) -> Desk | None:
        """The desk the ticket goes to, those of `apart` left aside; None while all of them are full."""
        best = self._top()
        if best is None:
            return None
        refused = {*item.declined, *apart}
        related = self._related(item, refused)
        if best.agent.agent_id in refused:
            related = [self._desks[one] for one in self.fit if one not in refused]
        elif not related:
            return best
        else:
            related.append(best)
        free = [desk for desk in related if desk.has_room(self.cost, self.channel)]
        return min(free, key=lambda desk: self.standing(desk, item), default=None)

    def standing(self, desk: Desk, item: WorkItem) -> Standing:
        """The place of the desk's agent among the candidates for the ticket (semantics G3)."""
        load_ratio, last, agent_id = desk.rank
        stranger = agent_id not in acquainted(item, self._familiar)
        fit = self.fit[agent_id]
        return Standing(claim(item, agent_id), -fit, load_ratio, stranger, last, agent_id)

    def keeps(self, desk: Desk, item: WorkItem) -> bool:
        """Whether the ticket belongs to the desk's agent more than to anybody else (semantics R4, G11)."""
        return claim(item, desk.agent.agent_id) is not Claim.NONE

    def _related(self, item: WorkItem, refused: Collection[str]) -> list[Desk]:
        """The desks of those who know the ticket or its customer, or look after them."""
        owner = owner_of(item)
        related = acquainted(item, self._familiar)
        wanted = related | {owner} if owner else related
        return [self._desks[one] for one in wanted if one in self.fit and one not in refused]

    def _top(self) -> Desk | None:
        """The best desk with room, whoever knows the ticket left aside."""
        heap = self._heap
        while heap:
            unfit, rank, desk = heap[0]
            if not desk.has_room(self.cost, self.channel):
                heapq.heappop(heap)
            elif rank is desk.rank:
                return desk
            else:
                heapq.heapreplace(heap, (unfit, desk.rank, desk))
        return None
