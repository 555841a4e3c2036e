"""The router's pure core with nothing around it: tickets, people, time, and everything said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.router.domain import by_hand
from services.router.domain.attendance import attended, leaves
from services.router.domain.decide import assigned, decide, left_behind
from services.router.domain.folding import evolve
from services.router.domain.matching import Matching, match
from services.router.domain.passing import passed
from services.router.domain.roster import Agent, settle, with_limit
from services.router.domain.work import UNIT, Fact, WorkItem, WorkStatus, replace, said
from shared.contracts import (
    Change,
    EscalationRaised,
    EscalationResolved,
    Handoff,
    Payload,
    SlaStarted,
    TicketAssigned,
    TicketOpened,
    TicketPaused,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketUnroutable,
)
from shared.contracts.vocabulary import (
    EscalationOutcome,
    Metric,
    PauseReason,
    Presence,
    Priority,
)
from shared.fold import advance
from tests.support.builders import AGENT, CUSTOMER, MONDAY_10
from tests.support.desks import a_cause, heard, policy

#: What is sent to the core as an escalation of a ticket.
ESCALATION = UUID(int=7)


@dataclass(frozen=True)
class EveryOtherHour:
    """A shift of one hour in two: on in the even hours of the day."""

    def is_open(self, at: datetime) -> bool:
        """Whether the hour is even."""
        return at.hour % 2 == 0

    def next_change(self, at: datetime) -> datetime:
        """The next full hour."""
        return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)

    def next_opening(self, at: datetime) -> datetime:
        """Now, or the next full hour."""
        return at if self.is_open(at) else self.next_change(at)


class Core:
    """What the services do around the core, in memory. Methods that name a ticket do nothing where it is
    not in a state for that; wishes that the rules refuse do nothing either.
    """

    def __init__(self, agents: Sequence[Agent]) -> None:
        self.now = MONDAY_10
        self.agents = {agent.agent_id: agent for agent in agents}
        self.items: dict[UUID, WorkItem] = {}
        self.facts: dict[UUID, list[Fact]] = {}
        self._steps = 0

    @property
    def waiting(self) -> list[WorkItem]:
        """The tickets in the line, in no order."""
        return [item for item in self.items.values() if item.status is WorkStatus.WAITING]

    def held_by(self, agent_id: str) -> list[WorkItem]:
        """The tickets of one agent."""
        return [item for item in self.items.values() if item.agent_id == agent_id]

    def open(self, opened: TicketOpened) -> None:
        """A ticket comes in."""
        self.items[opened.ticket_id] = WorkItem(ticket_id=opened.ticket_id)
        self.facts[opened.ticket_id] = []
        self._hear(opened)

    def promise(self, ticket_id: UUID, minutes: int) -> None:
        """The first response is due in so many minutes."""
        self._hear(
            SlaStarted(
                ticket_id=ticket_id,
                metric=Metric.FIRST_RESPONSE,
                cycle=1,
                policy_id="",
                workflow_digest="",
                priority=Priority.MEDIUM,
                tier="",
                target_seconds=minutes * 60,
                calendar="24x7",
                deadline=self.now + timedelta(minutes=minutes),
            )
        )

    def pause(self, ticket_id: UUID) -> None:
        """Somebody else has to act on an open ticket."""
        item = self.items[ticket_id]
        if item.is_open and not item.paused:
            why = PauseReason.WAITING_ON_CUSTOMER
            self._hear(TicketPaused(ticket_id=ticket_id, reason=why, by=AGENT))

    def resume(self, ticket_id: UUID) -> None:
        """They did."""
        if self.items[ticket_id].paused:
            self._hear(TicketResumed(ticket_id=ticket_id, reason="answered", by=CUSTOMER))

    def resolve(self, ticket_id: UUID) -> None:
        """The problem is solved."""
        if self.items[ticket_id].is_open:
            self._hear(TicketResolved(ticket_id=ticket_id, by=AGENT, first_contact=False))

    def reopen(self, ticket_id: UUID) -> None:
        """It was not."""
        if self.items[ticket_id].status is WorkStatus.DONE:
            again = TicketReopened(
                ticket_id=ticket_id, by=CUSTOMER, reopened_count=1, recent_reopened=1
            )
            self._hear(again)

    def reclassify(self, ticket_id: UUID, field: str, to: str) -> None:
        """Triage thinks otherwise now."""
        changes = {field: Change(from_="", to=to)}
        reason = "agent"
        self._hear(
            TicketReclassified(ticket_id=ticket_id, changes=changes, reason=reason, by=AGENT)
        )

    def escalate(self, ticket_id: UUID, level: str) -> None:
        """The escalator raises the ticket."""
        self._hear(
            EscalationRaised(
                ticket_id=ticket_id,
                escalation_id=ESCALATION,
                level=level,
                from_level="tier_1",
                to_team="",
                reason="sla_at_risk",
                evidence=[],
                audience=[],
                priority=Priority.HIGH,
                handoff=Handoff(summary="", timeline=[]),
            )
        )

    def de_escalate(self, ticket_id: UUID) -> None:
        """The escalation is over, and the ticket goes back."""
        self._hear(
            EscalationResolved(
                ticket_id=ticket_id,
                escalation_id=ESCALATION,
                level="tier_2",
                outcome=EscalationOutcome.DE_ESCALATED,
                open_seconds=60,
            )
        )

    def accept(self, ticket_id: UUID) -> None:
        """Whoever has the ticket works on it."""
        item = self.items[ticket_id]
        if item.agent_id is not None:
            self._say(item, by_hand.accept(item, item.agent_id, self.now))

    def decline(self, ticket_id: UUID) -> None:
        """Whoever has the ticket gives it back."""
        item = self.items[ticket_id]
        if item.agent_id is not None:
            self._say(item, by_hand.decline(item, item.agent_id, policy()))

    def assign(self, ticket_id: UUID, agent_id: str) -> None:
        """Somebody gives the ticket to an agent."""
        item, agent = self.items[ticket_id], self.agents[agent_id]
        try:
            self._say(item, by_hand.assign(item, agent, self.now, policy()))
        except by_hand.RefusedError:
            return

    def limit(self, agent_id: str, units: int) -> None:
        """An agent may hold so many units from now on."""
        self.agents[agent_id] = with_limit(self.agents[agent_id], units * UNIT)

    def come(self, agent_id: str, presence: Presence) -> None:
        """An agent says that they are there until they say otherwise, or not there."""
        self._attend(replace(self.agents[agent_id], presence=presence, renewed_at=None))

    def lease(self, agent_id: str) -> None:
        """An agent is there as long as they say so again and again."""
        agent = self.agents[agent_id]
        self._attend(replace(agent, presence=Presence.ONLINE, renewed_at=self.now))

    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.now += timedelta(minutes=minutes)
        for agent in list(self.agents.values()):
            self._attend(agent)
        for item in list(self.items.values()):
            current = self.items[item.ticket_id]
            while due := passed(current, policy(), self.now):
                current = self._say(current, due)

    def dispatch(self) -> Matching:
        """Give out what waits, and tell of what nobody could take."""
        roster = list(self.agents.values())
        found = match(self.waiting, roster, policy=policy(), now=self.now, limit=100)
        for one in found.matches:
            agent = self.agents[one.agent_id]
            given = assigned(one.item, agent, one.reason, self.now, policy=policy())
            self._say(one.item, [given])
        for item in self.waiting:
            nobody = found.nobody.get(item.lane)
            if nobody is not None and nobody.cause not in item.told and item.place is not None:
                self._say(item, [_unroutable(item, nobody.cause, nobody.missing_skills)])
        return found

    def _attend(self, agent: Agent) -> None:
        before = self.agents[agent.agent_id]
        shift = EveryOtherHour() if agent.shift else None
        presence = policy().routing.assigning.presence
        agent = attended(agent, shift, presence, self.now)
        self.agents[agent.agent_id] = agent
        if leaves(before, agent):
            back_at = shift.next_opening(self.now) if shift else None
            for item in self.held_by(agent.agent_id):
                self._say(item, left_behind(item, policy(), back_at=back_at))

    def _hear(self, payload: Any) -> None:
        before = self.items[payload.ticket_id]
        agent = self.agents.get(before.agent_id) if before.agent_id else None
        self._steps += 1

        def answer(item: WorkItem, fact: Fact) -> list[Fact]:
            follows = decide(item, fact.payload, policy=policy(), agent=agent, now=self.now)
            return [said(fact.cause, one, self.now) for one in follows]

        fact = heard(payload, self.now, f"{self._steps}")
        after, facts = advance(before, fact, evolve=evolve, decide=answer)
        self._note(before, after, [fact, *facts])

    def _say(self, item: WorkItem, payloads: Sequence[Payload]) -> WorkItem:
        self._steps += 1
        facts = [said(a_cause(f"{self._steps}"), payload, self.now) for payload in payloads]
        after = item
        for fact in facts:
            after = evolve(after, fact)
        self._note(item, after, facts)
        return after

    def _note(self, before: WorkItem, after: WorkItem, facts: Sequence[Fact]) -> None:
        self.items[after.ticket_id] = after
        self.facts[after.ticket_id] += facts
        self.agents |= settle(self.agents, before, after)
        for fact in facts:
            if isinstance(fact.payload, TicketAssigned):
                agent = self.agents[fact.payload.agent_id]
                self.agents[agent.agent_id] = replace(agent, last_assigned_at=fact.at)


def _unroutable(item: WorkItem, cause: Any, missing: Sequence[str]) -> TicketUnroutable:
    assert item.place is not None
    return TicketUnroutable(
        ticket_id=item.ticket_id,
        queue=item.place.queue,
        cause=cause,
        missing_skills=list(missing),
    )
