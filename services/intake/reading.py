"""The tickets of one reading, decided in memory between their locks and their rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.contracts import ArticleRank, Cause, DuplicateCandidate, FollowUp
from shared.db.engine import Transaction
from shared.ids import derived_id

from . import reading_store, store
from .domain.analysis import Heard, analysed
from .domain.commands import Merge
from .domain.decision import Asked, Decision
from .domain.duplicates import Suggested, may_be_merged
from .domain.evidence import Evidence
from .domain.history import CustomerHistory
from .domain.merging import MERGED, STRICT_RULE, merge
from .domain.ticket import Ticket, evolve
from .domain.triage import IntakePolicy
from .duplicates import Found
from .store import Reasons


@dataclass(slots=True)
class Reading:
    """What was read at one instant. `load`, then `hear` each message, then `merge`, then `save`.

    `traces` are the traceparents of the messages, by id.
    """

    policy: IntakePolicy
    now: datetime
    traces: Mapping[UUID, str | None]
    said: list[FollowUp] = field(default_factory=list)
    _tickets: dict[UUID, Ticket] = field(default_factory=dict)
    _parted: set[UUID] = field(default_factory=set)
    _changed: set[UUID] = field(default_factory=set)
    _reasons: list[Reasons] = field(default_factory=list)
    _suggestions: list[tuple[UUID, UUID, float]] = field(default_factory=list)

    async def load(
        self, tx: Transaction, ids: Collection[UUID], found: Mapping[UUID, Found]
    ) -> None:
        """Lock these tickets, those they go on as, and those that may be one with them."""
        twins = {twin for one in found.values() for twin, _ in one.twins}
        self._tickets = await store.lock_tickets(tx, {*ids, *twins})
        self._parted = await reading_store.parted(tx, {*twins, *(of for of in found if twins)})

    def hear(
        self,
        ticket_id: UUID,
        heard: Heard,
        *,
        suggested: Sequence[Suggested] = (),
        articles: Sequence[ArticleRank] = (),
    ) -> None:
        """A message was read: its ticket, or the one that goes on as, hears of it."""
        ticket = self._root(ticket_id)
        others = [one for one in suggested if one.candidate.ticket_id != ticket.ticket_id]
        result = analysed(
            ticket,
            heard,
            self.now,
            self.policy,
            candidates=[
                DuplicateCandidate(ticket_id=one.candidate.ticket_id, score=one.score)
                for one in others
                if one.is_likely
            ],
            articles=articles,
        )
        self._tickets[ticket.ticket_id] = result.ticket
        self._changed.add(ticket.ticket_id)
        message = heard.message_id
        cause = self._cause(message, ticket, message)
        self.said += [FollowUp(cause=cause, payload=payload) for payload in result.said]
        self._suggestions += [(ticket_id, o.candidate.ticket_id, o.score) for o in others]
        if result.evidence:
            self._reasons.append(
                Reasons(ticket.ticket_id, heard.message_id, self.now, result.evidence)
            )

    def merge(self, ticket_id: UUID, message_id: UUID, twins: Sequence[tuple[UUID, float]]) -> None:
        """The strict rule: a ticket that is one with an older one goes on as that; nobody's word is undone (M5)."""
        ticket = self._tickets[ticket_id]
        same = {
            twin: score
            for twin, score in twins
            if twin in self._tickets
            and self._parted.isdisjoint((twin, ticket_id))
            and may_be_merged(self._tickets[twin], ticket)
        }
        if not same:
            return
        oldest = min([ticket_id, *same], key=lambda one: (self._tickets[one].opened_at, one))
        newer = same if oldest == ticket_id else {ticket_id: same[oldest]}
        for source, score in newer.items():
            self._merge(source, oldest, score, message_id)

    def _merge(self, source: UUID, target: UUID, score: float, message_id: UUID) -> None:
        command_id = derived_id(message_id, f"merge:{source}")
        asked = Asked(command_id, self.now, self.policy, CustomerHistory([]))
        command = Merge(into=target, automatic=True)
        gone, raised = merge(self._tickets[source], self._tickets[target], command, asked)
        for ticket_id, decision in ((source, gone), (target, raised)):
            ticket = self._tickets[ticket_id]
            self._tell(ticket, self._cause(command_id, ticket, message_id), decision)
        why = Evidence(field=MERGED, value=str(target), rule=STRICT_RULE, score=round(score, 1))
        self._reasons.append(Reasons(source, message_id, self.now, (why,)))

    async def save(self, tx: Transaction) -> None:
        """Write what has changed."""
        changed = [self._tickets[ticket_id] for ticket_id in self._changed]
        await store.save(tx, tickets=changed, reasons=self._reasons)
        await reading_store.suggest(tx, self._suggestions, self.now)

    def _cause(self, itself: UUID, ticket: Ticket, message_id: UUID) -> Cause:
        traceparent = self.traces.get(message_id)
        return Cause(id=itself, correlation_id=ticket.correlation_id, traceparent=traceparent)

    def _tell(self, ticket: Ticket, cause: Cause, decision: Decision) -> None:
        for fact in decision.facts:
            ticket = evolve(ticket, fact)
            self.said.append(FollowUp(cause=cause, payload=fact.payload))
        self._tickets[ticket.ticket_id] = ticket
        self._changed.add(ticket.ticket_id)

    def _root(self, ticket_id: UUID) -> Ticket:
        """The ticket that what is said of this one is meant for (M1)."""
        ticket = self._tickets[ticket_id]
        while ticket.merged_into is not None:
            ticket = self._tickets[ticket.merged_into]
        return ticket
