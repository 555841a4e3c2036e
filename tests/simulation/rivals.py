"""Who gets which ticket: the product's own matching, and what others do instead.

All of them see the same waiting tickets, in the order they came, and the same people; none gives a ticket
to who is off shift, lacks the skill or has no room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from services.router.domain.eligible import qualifies
from services.router.domain.line import position
from services.router.domain.matching import match
from services.router.domain.roster import Agent, with_ticket
from services.router.domain.work import WorkItem
from shared.policy import WorkflowPolicy

from .desk import Model

#: The most tickets one run of the product's dispatcher assigns.
LIMIT: Final = 500

#: A ticket and the agent who gets it.
Pair = tuple[WorkItem, str]


class Router(Protocol):
    """Gives waiting tickets to people."""

    def route(
        self, waiting: Sequence[WorkItem], roster: Sequence[Agent], now: datetime
    ) -> list[Pair]:
        """What is assigned at `now`; `waiting` is in the order the tickets came, `roster` is who is on
        shift and not full.
        """


def may_take(agent: Agent, item: WorkItem, caps: Mapping[str, int]) -> bool:
    """Whether the agent, who is on shift, may have the ticket at this moment (semantics G1)."""
    return (
        agent.load + item.cost <= agent.limit
        and agent.has_room_on(item.opened.channel if item.opened else "", caps)
        and qualifies(agent, item)
    )


def servable(
    waiting: Sequence[WorkItem], roster: Sequence[Agent], caps: Mapping[str, int]
) -> list[WorkItem]:
    """Those that somebody could take at this moment. The others nobody gets, whatever the order."""
    known: dict[tuple[object, int], bool] = {}
    found = []
    for item in waiting:
        assert item.place is not None
        kind = (tuple(item.place.required_skills.items()), item.cost)
        if kind not in known:
            known[kind] = any(may_take(agent, item, caps) for agent in roster)
        if known[kind]:
            found.append(item)
    return found


@dataclass(frozen=True, slots=True)
class Ours:
    """What the router does: `match`, over all that waits and can be given to anybody."""

    policy: WorkflowPolicy

    def route(
        self, waiting: Sequence[WorkItem], roster: Sequence[Agent], now: datetime
    ) -> list[Pair]:
        able = servable(waiting, roster, self.policy.routing.assigning.channel_caps)
        if not able:
            return []
        found = match(able, roster, policy=self.policy, now=now, limit=LIMIT)
        return [(one.item, one.agent_id) for one in found.matches]


@dataclass(slots=True)
class OneByOne:
    """Ticket by ticket in the order of the line, each to whom `choose` prefers of those who may have it.

    A ticket nobody can take now is passed over; with `strict` the later ones that need the same skill wait
    behind it. Nobody is given more than `most` tickets at a time, if that is less than they have room for.
    `in_our_order`: the line is sorted as the product sorts it, instead of by age.
    """

    policy: WorkflowPolicy
    choose: Callable[[Agent, int], tuple[float, ...]]
    strict: bool = False
    most: int | None = None
    in_our_order: bool = False
    _turns: dict[str, int] = field(default_factory=dict)
    _turn: int = 0

    def route(
        self, waiting: Sequence[WorkItem], roster: Sequence[Agent], now: datetime
    ) -> list[Pair]:
        desks = {agent.agent_id: agent for agent in roster}
        return list(self._pairs(self._line(waiting, roster, now), desks))

    def _line(
        self, waiting: Sequence[WorkItem], roster: Sequence[Agent], now: datetime
    ) -> Sequence[WorkItem]:
        if self.strict:
            return waiting
        waiting = servable(waiting, roster, self.policy.routing.assigning.channel_caps)
        if self.in_our_order:
            return sorted(waiting, key=lambda item: position(item, self.policy, now))
        return waiting

    def _pairs(self, line: Sequence[WorkItem], desks: dict[str, Agent]) -> Iterator[Pair]:
        caps = self.policy.routing.assigning.channel_caps
        blocked: set[str] = set()
        for item in line:
            skills = item.place.required_skills if item.place else {}
            if self.strict and not blocked.isdisjoint(skills):
                continue
            free = [
                agent
                for agent in desks.values()
                if may_take(agent, item, caps) and self._has_hands(agent)
            ]
            if free:
                best = min(free, key=self._standing)
                desks[best.agent_id] = with_ticket(best, item)
                self._turn += 1
                self._turns[best.agent_id] = self._turn
                yield item, best.agent_id
            else:
                blocked.update(skills)

    def _has_hands(self, agent: Agent) -> bool:
        return self.most is None or sum(agent.held.values()) < self.most

    def _standing(self, agent: Agent) -> tuple[float, ...]:
        return self.choose(agent, self._turns.get(agent.agent_id, 0))


def in_turn(_agent: Agent, turn: int) -> tuple[float, ...]:
    """Whoever has been without a new ticket longest."""
    return (turn,)


def by_load(agent: Agent, turn: int) -> tuple[float, ...]:
    """Whoever holds least of what they can hold; of equals who has been without a new one longest."""
    return (agent.load / agent.limit, turn)


OURS: Final = "Tierline"
LEAST_LOADED: Final = "least-loaded"
ROUND_ROBIN: Final = "round robin"
FIRST_COME: Final = "first come, first served"
IN_OUR_ORDER: Final = "least-loaded, our line"

#: Who is compared. Least-loaded with our line only tells what of the difference is the line's.
COMPARED: Final = (OURS, LEAST_LOADED, ROUND_ROBIN, FIRST_COME)


def routers(policy: WorkflowPolicy, model: Model) -> dict[str, Router]:
    """One of each kind, as new. First come, first served has no desks: who has a hand free fetches."""
    return {
        OURS: Ours(policy),
        LEAST_LOADED: OneByOne(policy, by_load),
        ROUND_ROBIN: OneByOne(policy, in_turn),
        FIRST_COME: OneByOne(policy, in_turn, strict=True, most=model.hands),
        IN_OUR_ORDER: OneByOne(policy, by_load, in_our_order=True),
    }
