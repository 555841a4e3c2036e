"""One transaction's changes to tickets, desks and history, and what is said of them.

Whoever changes a ticket does it here, so that load, history and events can never disagree: load follows
from what is held, history and `agent.updated` from what is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.router.domain.attendance import Shift, attended, leaves, seen
from services.router.domain.by_hand import (
    RefusedError,
    claim,
    not_followed,
    requested,
    wished_of,
)
from services.router.domain.decide import decide, left_behind
from services.router.domain.folding import evolve
from services.router.domain.roster import Agent, agent_updated, settle
from services.router.domain.work import Fact, WorkItem, WorkStatus, follow_up, said
from shared.contracts import (
    Cause,
    Event,
    FollowUp,
    NotificationAnswered,
    Payload,
    TicketAssigned,
    TicketAssignmentRequested,
    TicketUnassigned,
)
from shared.contracts.vocabulary import UnassignDetail
from shared.db.engine import Transaction
from shared.fold import advance
from shared.ids import TIERLINE, derived_id
from shared.policy import WorkflowPolicy

from . import acquaintances, history, roster, work


class Ledger:
    """The locked items and agents of a transaction at `now`, as they change.

    `items` and `agents` hold the present state. Every agent an item names must be in `agents`. `refused`
    are the wishes of channels that were not followed, with the ticket and why.
    """

    def __init__(
        self,
        *,
        items: Mapping[UUID, WorkItem],
        agents: Mapping[str, Agent],
        policy: WorkflowPolicy,
        now: datetime,
    ) -> None:
        self.items = dict(items)
        self._before = items
        self.agents = dict(agents)
        self.refused: list[tuple[UUID, RefusedError]] = []
        self._policy = policy
        self._now = now
        self._changed: set[UUID] = set()
        self._touched: dict[str, Cause] = {}
        self._renewed: set[str] = set()
        self._retrained: set[str] = set()
        self._follow_ups: list[FollowUp] = []
        self._ended: list[history.Ended] = []
        self._begun: list[history.Begun] = []
        self._met: dict[tuple[str, str], datetime] = {}
        self._described: set[str] = set()

    def hear(self, event: Event) -> None:
        """Fold in an event about a ticket, and what we say to it."""
        before = self.items[UUID(event.subject)]
        if isinstance(event.payload, TicketAssignmentRequested | NotificationAnswered):
            self._follow(before, event.payload, event.cause)
            return
        agent = self.agents.get(before.agent_id) if before.agent_id else None

        def answer(item: WorkItem, fact: Fact) -> list[Fact]:
            payloads = decide(item, fact.payload, policy=self._policy, agent=agent, now=self._now)
            return [said(event.cause, payload, self._now) for payload in payloads]

        fact = Fact(payload=event.payload, at=event.time, cause=event.cause)
        after, facts = advance(before, fact, evolve=evolve, decide=answer)
        self._note(before, after, event.cause, facts)

    def _follow(
        self, item: WorkItem, wish: TicketAssignmentRequested | NotificationAnswered, cause: Cause
    ) -> None:
        """Assign as the ticket's channel says, or to whom takes it from a page, if our own rules allow it."""
        agent = self.agents.get(wished_of(wish))
        try:
            if isinstance(wish, TicketAssignmentRequested):
                by = wish.by.id or wish.by.kind.value
                payloads = requested(item, wish, agent, self._now, self._policy)
            elif agent is None:  # who takes it is no agent: a manager, who has it otherwise
                return
            else:
                by = agent.agent_id
                payloads = claim(item, agent, self._now, self._policy)
        except RefusedError as refused:
            self.refused.append((item.ticket_id, refused))
            self.say(item, cause, [not_followed(item, wished_of(wish), refused)])
            return
        self.say(item, cause, payloads, explanation={"by": by})

    def say(
        self,
        item: WorkItem,
        cause: Cause,
        payloads: Sequence[Payload],
        *,
        mark: str = "0",
        explanation: Mapping[str, Any] | None = None,
    ) -> WorkItem:
        """Say `payloads` about `item` and return it as it is then.

        `mark` tells apart what one cause makes us say about several tickets; `explanation` is kept
        with an assignment among them (semantics G16).
        """
        facts = [said(cause, payload, self._now, mark=mark) for payload in payloads]
        after = item
        for fact in facts:
            after = evolve(after, fact)
        self._note(item, after, cause, facts, explanation or {})
        return after

    def renew(self, item: WorkItem) -> None:
        """Write `item` again as it is: time has changed its place in the line."""
        self._changed.add(item.ticket_id)

    def change_agent(self, agent: Agent, cause: Cause, *, skills: bool = False) -> None:
        """Replace an agent, or add one; `skills` says that they may differ, too."""
        self.agents[agent.agent_id] = agent
        self._touched[agent.agent_id] = cause
        self._described.add(agent.agent_id)
        if skills:
            self._retrained.add(agent.agent_id)

    def attend(self, agent: Agent, shift: Shift | None, cause: Cause) -> None:
        """Make an agent what they are now, by their shift and their lease (semantics G7).

        Somebody who goes home leaves behind what needs action; all that they hold must be in `items`.
        """
        before = self.agents.get(agent.agent_id)
        presence = self._policy.routing.assigning.presence
        agent = attended(agent, shift, presence, self._now)
        if before is not None and seen(before, agent):
            self.agents[agent.agent_id] = agent
            self._renewed.add(agent.agent_id)
            return
        retrained = before is None or before.skills != agent.skills
        self.change_agent(agent, cause, skills=retrained)
        if leaves(before, agent):
            self._leave(agent, shift)

    def _leave(self, agent: Agent, shift: Shift | None) -> None:
        """Queue what the agent has and somebody has to act on. Each ticket is its own cause: whoever
        finds the agent gone says the same.
        """
        detail = UnassignDetail.SHIFT_ENDED if agent.present else None
        off = shift is not None and not agent.on_shift
        back_at = shift.next_opening(self._now) if shift is not None and off else None
        for item in list(self.items.values()):
            if item.agent_id == agent.agent_id and item.queued is not None:
                said_then = left_behind(item, self._policy, detail, back_at)
                self.say(item, item.queued, said_then, mark=f"left by {agent.agent_id}")

    async def save(self, tx: Transaction) -> list[FollowUp]:
        """Write everything, at most nine statements, and return what follows.

        Raises StaleError when somebody's row is not the one the ledger was opened with.
        """
        touched = self._new_versions()
        given = {ticket for ticket in self._changed if self._was_given(ticket)}
        placed = [self.items[ticket] for ticket in sorted(self._changed - given)]
        await work.save(tx, placed, self._policy, self._now)
        await work.save_given(tx, [self.items[one] for one in sorted(given)])
        rewritten = self._described | self._renewed
        await roster.save(tx, [self.agents[one] for one in rewritten])
        await roster.save_loads(tx, [one for one in touched if one.agent_id not in rewritten])
        if self._retrained:
            await roster.save_skills(tx, [self.agents[one] for one in sorted(self._retrained)])
        await history.write(tx, self._ended, self._begun)
        await acquaintances.meet(tx, self._met)
        return [*self._follow_ups, *(self._agent_follow_up(agent) for agent in touched)]

    def _note(
        self,
        before: WorkItem,
        after: WorkItem,
        cause: Cause,
        facts: Sequence[Fact],
        explanation: Mapping[str, Any] | None = None,
    ) -> None:
        self.items[after.ticket_id] = after
        self._changed.add(after.ticket_id)
        for agent_id, agent in settle(self.agents, before, after).items():
            self.agents[agent_id] = agent
            self._touched[agent_id] = cause
        for fact in facts:
            self._follow_ups.append(follow_up(cause, fact))
            self._keep_history(fact, explanation or {})

    def _keep_history(self, fact: Fact, explanation: Mapping[str, Any]) -> None:
        match fact.payload:
            case TicketUnassigned(ticket_id=ticket_id, reason=end_reason):
                self._end(history.Ended(ticket_id=ticket_id, at=fact.at, reason=end_reason.value))
            case TicketAssigned(ticket_id=ticket_id, agent_id=agent_id, queue=queue, reason=reason):
                self._begun.append(
                    history.Begun(
                        assignment_id=fact.cause.id,
                        ticket_id=ticket_id,
                        agent_id=agent_id,
                        queue=queue,
                        at=fact.at,
                        reason=reason.value,
                        explanation={**explanation, "workflow": self._policy.digest},
                    )
                )
                agent = self.agents[agent_id]
                self.agents[agent_id] = msgspec.structs.replace(agent, last_assigned_at=fact.at)
                opened = self.items[ticket_id].opened
                if opened is not None:
                    self._met[opened.customer.customer_id, agent_id] = fact.at

    def _end(self, ended: history.Ended) -> None:
        """End the ticket's assignment: the one that began in this transaction, else the one of before."""
        for number, begun in enumerate(self._begun):
            if begun.ticket_id == ended.ticket_id and begun.ended is None:
                self._begun[number] = msgspec.structs.replace(begun, ended=ended)
                return
        self._ended.append(ended)

    def _was_given(self, ticket: UUID) -> bool:
        """Whether all that has become of a ticket is that it waited and has an agent now."""
        before, after = self._before.get(ticket), self.items[ticket]
        if before is None or before.place is not after.place:
            return False
        return (before.status, after.status) == (WorkStatus.WAITING, WorkStatus.ASSIGNED)

    def _new_versions(self) -> list[Agent]:
        for agent_id in self._touched:
            agent = self.agents[agent_id]
            self.agents[agent_id] = msgspec.structs.replace(agent, version=agent.version + 1)
        return [self.agents[agent_id] for agent_id in sorted(self._touched)]

    def _agent_follow_up(self, agent: Agent) -> FollowUp:
        itself = derived_id(TIERLINE, f"agent:{agent.agent_id}")
        return FollowUp(
            cause=self._touched[agent.agent_id],
            payload=agent_updated(agent),
            time=self._now,
            id=derived_id(itself, f"agent.updated:{agent.version}"),
        )
