"""The commands of one group, decided in memory between loading and saving."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from shared.contracts import Cause, FollowUp, TicketOpened
from shared.db.engine import Transaction

from . import store
from .domain.commands import CustomerFacts, OpenTicket, known_together
from .domain.decision import Asked, Decision, RefusedError
from .domain.delivery import Disposition, Outcome
from .domain.history import CustomerHistory, PastTicket
from .domain.lifecycle import decide, open_ticket
from .domain.ticket import Message, Ticket, evolve, opened_ticket
from .domain.transitions import SETTLED
from .domain.triage import IntakePolicy
from .parcels import Item
from .store import Buffered


@dataclass(slots=True)
class Group:
    """Tickets, customers and texts of one group. `load`, then `apply` each item, then `save`."""

    policy: IntakePolicy
    said: list[FollowUp] = field(default_factory=list)
    opened: list[TicketOpened] = field(default_factory=list)
    _tickets: dict[UUID, Ticket] = field(default_factory=dict)
    _changed: set[UUID] = field(default_factory=set)
    _messages: list[Message] = field(default_factory=list)
    _waiting: defaultdict[UUID, list[Buffered]] = field(default_factory=lambda: defaultdict(list))
    _customers: dict[str, CustomerFacts] = field(default_factory=dict)
    _histories: dict[str, CustomerHistory] = field(default_factory=dict)

    async def load(self, tx: Transaction, items: Sequence[Item]) -> None:
        """Find and lock everything `items` are about, in the lock order of `store`."""
        made, named = await store.name_tickets(tx, {i.name: i.ticket_id for i in items if i.name})
        for item in items:
            if item.name in named:
                item.ticket_id = named[item.name]
        known = {item.ticket_id for item in items if item.command.ticket_id or item.name in named}
        self._tickets = await store.lock_tickets(tx, known)
        opening = {
            item.ticket_id: item.command
            for item in items
            if isinstance(item.command, OpenTicket) and item.ticket_id not in self._tickets
        }
        shells = opening.keys() - set(made.values()) if named else set()
        for buffered in await store.take_buffered(tx, shells):
            self._waiting[buffered.ticket_id].append(buffered)
        await self._load_customers(tx, items, list(opening.values()))

    async def _load_customers(
        self, tx: Transaction, items: Sequence[Item], opening: Sequence[OpenTicket]
    ) -> None:
        """What is known of the customers who ask, and the past of those whom a rule may count."""
        said: dict[str, CustomerFacts] = {}
        for command in opening:
            facts = command.customer
            earlier = said.get(facts.customer_id)
            said[facts.customer_id] = known_together(earlier, facts) if earlier else facts
        times = Counter(item.ticket_id for item in items)
        may_reopen = {
            ticket.customer_id
            for ticket in self._tickets.values()
            if ticket.status in SETTLED or times[ticket.ticket_id] > 1
        }
        if may_reopen:
            await store.lock_customers(tx, may_reopen | said.keys())
        self._customers, strangers = await store.know_customers(tx, list(said.values()))
        self._histories = await store.histories(tx, (may_reopen | said.keys()) - strangers)

    def apply(self, item: Item) -> Outcome:
        """Do one command: to its ticket, or to what waits for its ticket."""
        ticket_id = item.ticket_id
        if ticket_id in self._tickets:
            return self._apply(item, self._tickets[ticket_id])
        if isinstance(item.command, OpenTicket):
            self._open(item, item.command)
        elif item.is_api:
            return Outcome(outcome=Disposition.NOT_FOUND, ticket_id=ticket_id)
        else:
            self._waiting[ticket_id].append(
                Buffered(ticket_id, item.command_id, item.command, item.at, item.traceparent)
            )
            return Outcome(outcome=Disposition.BUFFERED, ticket_id=ticket_id)
        return Outcome(outcome=Disposition.ACCEPTED, ticket_id=ticket_id)

    async def save(self, tx: Transaction) -> None:
        """Write what has changed."""
        await store.save_tickets(tx, [self._tickets[ticket_id] for ticket_id in self._changed])
        await store.add_messages(tx, self._messages)
        await store.buffer(tx, [one for waiting in self._waiting.values() for one in waiting])

    def _apply(self, item: Item, ticket: Ticket) -> Outcome:
        try:
            decision = decide(ticket, item.command, self._asked(item, ticket.customer_id))
        except RefusedError as refused:
            return Outcome(
                outcome=Disposition.REFUSED if item.is_api else Disposition.IGNORED,
                ticket_id=ticket.ticket_id,
                reason=refused.reason,
                detail=refused.detail,
                field=refused.field,
            )
        self._hear(item, ticket, decision)
        return Outcome(outcome=Disposition.ACCEPTED, ticket_id=ticket.ticket_id)

    def _open(self, item: Item, command: OpenTicket) -> None:
        """A ticket cannot have been opened after what was said on it; that is applied now, in order."""
        waiting = sorted(self._waiting.pop(item.ticket_id, []), key=lambda one: one.at)
        item.at = min([item.at, *(one.at for one in waiting)])
        customer = self._customers[command.customer.customer_id]
        asked = self._asked(item, customer.customer_id)
        decision = open_ticket(command, customer, asked, item.ticket_id)
        first = decision.facts[0]
        ticket = opened_ticket(first, item.command_id)
        assert isinstance(first.payload, TicketOpened)
        self.opened.append(first.payload)
        self._hear(item, ticket, decision)
        for one in waiting:
            late = Item(
                command=one.command,
                command_id=one.command_id,
                at=one.at,
                is_claim=True,
                ticket_id=item.ticket_id,
                name=None,
                traceparent=one.traceparent,
                is_api=False,
            )
            self._apply(late, self._tickets[item.ticket_id])

    def _hear(self, item: Item, ticket: Ticket, decision: Decision) -> None:
        """Fold what was decided, and say it."""
        cause = Cause(
            id=item.command_id,
            correlation_id=ticket.correlation_id,
            traceparent=item.traceparent,
        )
        before = self._tickets.get(ticket.ticket_id)
        for fact in decision.facts:
            ticket = evolve(ticket, fact)
            self.said.append(FollowUp(cause=cause, payload=fact.payload, time=fact.at))
        self._messages += decision.messages
        if ticket is before:  # most messages leave their ticket as it is
            return
        self._tickets[ticket.ticket_id] = ticket
        self._changed.add(ticket.ticket_id)
        self._history(ticket.customer_id).remember(
            PastTicket(
                ticket_id=ticket.ticket_id,
                customer_id=ticket.customer_id,
                category=ticket.category,
                opened_at=ticket.opened_at,
                reopened_at=ticket.reopened_at,
            )
        )

    def _asked(self, item: Item, customer_id: str) -> Asked:
        history = self._history(customer_id)
        return Asked(item.command_id, item.at, self.policy, history, item.is_claim)

    def _history(self, customer_id: str) -> CustomerHistory:
        return self._histories.setdefault(customer_id, CustomerHistory([]))
