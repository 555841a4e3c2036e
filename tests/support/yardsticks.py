"""What matching is measured against: the same promises kept by looking at everybody every time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.router.domain.eligible import qualifies, skill_fit
from services.router.domain.line import Position, position
from services.router.domain.roster import Agent, with_ticket
from services.router.domain.standing import Standing, claim, last_of
from services.router.domain.work import WorkItem, replace
from tests.support.desks import NOW, policy


def in_line(waiting: Iterable[WorkItem], now: datetime = NOW) -> list[WorkItem]:
    """The tickets in the order in which they are served at `now`."""

    def standing(item: WorkItem) -> Position:
        return position(item, policy(), now)

    return sorted(waiting, key=standing)


def may_take(agent: Agent, item: WorkItem) -> bool:
    """Whether the agent is eligible for the ticket as they are (semantics G1)."""
    assert item.opened is not None
    caps = policy().routing.assigning.channel_caps
    return (
        agent.online
        and qualifies(agent, item)
        and agent.load + item.cost <= agent.limit
        and (item.paused or agent.has_room_on(item.opened.channel, caps))
        and agent.agent_id not in item.declined
    )


def one_by_one(
    waiting: Iterable[WorkItem], roster: Sequence[Agent], now: datetime = NOW
) -> list[tuple[int, str]]:
    """Who gets what when each ticket goes to its best agent and nothing is moved."""
    state = {agent.agent_id: agent for agent in roster}
    given = []
    for item in in_line(waiting, now):
        free = [_standing(agent, item) for agent in state.values() if may_take(agent, item)]
        if free:
            best = state[min(free).agent_id]
            state[best.agent_id] = replace(with_ticket(best, item), last_assigned_at=now)
            given.append((item.ticket_id.int, best.agent_id))
    return given


def all_that_can_be_served(waiting: Iterable[WorkItem], roster: Sequence[Agent]) -> list[int]:
    """The tickets served when nobody loses a place to somebody behind them, whatever has to be moved.

    Follows every arrangement at once: `reachable` are the states of the desks in which all tickets served
    so far have an agent.
    """
    reachable = [tuple(roster)]
    served = []
    for item in in_line(waiting):
        further = {
            tuple(agent.load for agent in moved): moved
            for desks in reachable
            for moved in _with(desks, item)
        }
        if further:
            reachable = [*further.values()]
            served.append(item.ticket_id.int)
    return served


def _with(desks: tuple[Agent, ...], item: WorkItem) -> Iterable[tuple[Agent, ...]]:
    for number, agent in enumerate(desks):
        if may_take(agent, item):
            yield (*desks[:number], with_ticket(agent, item), *desks[number + 1 :])


def _standing(agent: Agent, item: WorkItem) -> Standing:
    return Standing(
        claim(item, agent.agent_id),
        -skill_fit(agent, item),
        agent.load / agent.limit,
        agent.agent_id != item.previous_agent_id,
        last_of(agent.last_assigned_at),
        agent.agent_id,
    )
