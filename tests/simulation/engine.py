"""The course of a simulated desk: tickets come, are given out, worked on and finished."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import count
from typing import Final
from uuid import UUID

import msgspec

from services.router.domain.line import position
from services.router.domain.roster import with_ticket
from services.router.domain.work import WorkItem
from shared.policy import WorkflowPolicy

from .desk import SHIFT, START, WORKDAYS, Case, Model, Outcome
from .people import Person
from .rivals import Router

#: Stands for the ticket where there is none.
NONE: Final = UUID(int=0)


class Step(IntEnum):
    """What happens, in the order of what happens at the same instant."""

    FINISHED = 0
    SHIFT_ENDS = 1
    SHIFT_BEGINS = 2
    COMES = 3


@dataclass(frozen=True, slots=True)
class Course:
    """What happened: the finished cases in the order they ended, and what was still there at the end.

    `highest_load` is the most an agent ever held, over what they may hold.
    """

    outcomes: tuple[Outcome, ...]
    unfinished: int
    highest_load: float


class Desk:
    """A desk in the middle of its work.

    Agents begin what they hold as they have hands for it, the most urgent first, and do not interrupt it:
    at the end of a shift what is begun is finished, what is not goes back into the line.
    """

    def __init__(
        self, policy: WorkflowPolicy, router: Router, people: Sequence[Person], model: Model
    ) -> None:
        self._policy = policy
        self._router = router
        self._hands = model.hands
        self._people = people
        self._agents = {person.agent.agent_id: person.agent for person in people}
        self._cases: dict[UUID, Case] = {}
        self._waiting: dict[UUID, WorkItem] = {}
        self._begun: dict[str, dict[UUID, datetime]] = {one: {} for one in self._agents}
        self._held: dict[str, dict[UUID, WorkItem]] = {one: {} for one in self._agents}
        self._agenda: list[tuple[datetime, Step, int, str, UUID]] = []
        self._outcomes: list[Outcome] = []
        self._highest = 0.0
        self._numbers = count()

    def run(self, cases: Sequence[Case], *, weeks: int) -> Course:
        """Let `cases` come, for `weeks` weeks of shifts, or longer until all are done."""
        self._cases = {case.item.ticket_id: case for case in cases}
        for case in cases:
            assert case.item.opened_at is not None
            self._plan(case.item.opened_at, Step.COMES, ticket=case.item.ticket_id)
        self._plan_shifts(weeks)
        while self._agenda:
            now = self._agenda[0][0]
            while self._agenda and self._agenda[0][0] == now:
                _, step, _, agent_id, ticket = heapq.heappop(self._agenda)
                self._happens(step, agent_id, ticket, now)
            self._dispatch(now)
        unfinished = len(self._waiting) + sum(map(len, self._held.values()))
        return Course(tuple(self._outcomes), unfinished, self._highest)

    def _plan(self, at: datetime, step: Step, agent: str = "", ticket: UUID = NONE) -> None:
        heapq.heappush(self._agenda, (at, step, next(self._numbers), agent, ticket))

    def _plan_shifts(self, weeks: int) -> None:
        for person in self._people:
            for day in range(weeks * 7):
                if day % 7 < WORKDAYS:
                    begins = START + timedelta(days=day, hours=person.begins)
                    self._plan(begins, Step.SHIFT_BEGINS, person.agent.agent_id)
                    self._plan(begins + SHIFT, Step.SHIFT_ENDS, person.agent.agent_id)

    def _happens(self, step: Step, agent_id: str, ticket: UUID, now: datetime) -> None:
        if step is Step.COMES:
            self._waiting[ticket] = self._cases[ticket].item
        elif step is Step.FINISHED:
            self._finish(agent_id, ticket, now)
        elif step is Step.SHIFT_BEGINS:
            self._set_shift(agent_id, on=True)
        else:
            self._set_shift(agent_id, on=False)
            self._give_back(agent_id)

    def _set_shift(self, agent_id: str, *, on: bool) -> None:
        self._agents[agent_id] = msgspec.structs.replace(self._agents[agent_id], on_shift=on)

    def _give_back(self, agent_id: str) -> None:
        held, begun = self._held[agent_id], self._begun[agent_id]
        for ticket in [one for one in held if one not in begun]:
            self._put_down(agent_id, ticket)
            self._waiting[ticket] = self._cases[ticket].item
        self._waiting = dict(sorted(self._waiting.items(), key=lambda pair: pair[0].int))

    def _finish(self, agent_id: str, ticket: UUID, now: datetime) -> None:
        started = self._begun[agent_id].pop(ticket)
        self._put_down(agent_id, ticket)
        self._outcomes.append(Outcome(self._cases[ticket], agent_id, started, now))
        self._begin(agent_id, now)

    def _put_down(self, agent_id: str, ticket: UUID) -> None:
        item = self._held[agent_id].pop(ticket)
        self._agents[agent_id] = with_ticket(self._agents[agent_id], item, -1)

    def _dispatch(self, now: datetime) -> None:
        free = [agent for agent in self._agents.values() if agent.online and agent.headroom]
        if not self._waiting or not free:
            return
        for item, agent_id in self._router.route(list(self._waiting.values()), free, now):
            del self._waiting[item.ticket_id]
            self._held[agent_id][item.ticket_id] = item
            agent = with_ticket(self._agents[agent_id], item)
            self._agents[agent_id] = msgspec.structs.replace(agent, last_assigned_at=now)
            self._highest = max(self._highest, agent.load / agent.limit)
            self._begin(agent_id, now)

    def _begin(self, agent_id: str, now: datetime) -> None:
        """Let the agent begin what they have hands for, the most urgent first."""
        held, begun = self._held[agent_id], self._begun[agent_id]
        rest = [item for ticket, item in held.items() if ticket not in begun]
        rest.sort(key=lambda item: position(item, self._policy, now))
        free = len(rest) if self._hands is None else self._hands - len(begun)
        for item in rest[: max(0, free)]:
            begun[item.ticket_id] = now
            ends = now + self._cases[item.ticket_id].handling
            self._plan(ends, Step.FINISHED, agent_id, item.ticket_id)
