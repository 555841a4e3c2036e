"""The commands of one group, decided in memory between loading and saving."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from shared.contracts import Cause, FollowUp, TicketOpened
from shared.db.engine import Transaction
from shared.ids import new_id

from . import customer_store, name_store, store
from .domain.commands import (
    AnyCommand,
    Contact,
    CustomerFacts,
    Merge,
    OpenTicket,
    Rate,
    Unmerge,
    known_together,
)
from .domain.decision import Asked, Decision, RefusedError
from .domain.delivery import Disposition, Outcome
from .domain.history import CustomerHistory, PastTicket
from .domain.lifecycle import decide, is_over, open_ticket
from .domain.merging import merge
from .domain.rating_reply import answers_survey
from .domain.ticket import KeptFile, Message, Ticket, evolve, opened_ticket
from .domain.transitions import SETTLED
from .domain.triage import IntakePolicy
from .domain.turns import TURNS, Turn
from .finding import find
from .parcels import Item
from .recognising import recognise
from .store import Buffered, Reasons


@dataclass(slots=True)
class Group:
    """Tickets, customers and texts of one group. `load`, then `apply` each item, then `save`."""

    policy: IntakePolicy
    said: list[FollowUp] = field(default_factory=list)
    opened: list[TicketOpened] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    _tickets: dict[UUID, Ticket] = field(default_factory=dict)
    _changed: set[UUID] = field(default_factory=set)
    _messages: list[Message] = field(default_factory=list)
    _files: list[KeptFile] = field(default_factory=list)
    _reasons: list[Reasons] = field(default_factory=list)
    _waiting: defaultdict[UUID, list[Buffered]] = field(default_factory=lambda: defaultdict(list))
    _customers: dict[str, CustomerFacts] = field(default_factory=dict)
    _histories: dict[str, CustomerHistory] = field(default_factory=dict)

    async def load(self, tx: Transaction, items: Sequence[Item], now: datetime) -> None:
        """Find and lock everything `items` are about, in the lock order of `store`."""
        await recognise(tx, items, now)
        found = await find(tx, items)
        wanted = {item.command.into for item in items if isinstance(item.command, Merge)}
        self._tickets = await store.lock_tickets(tx, found.known | wanted)
        await self._renew(tx, items)
        opening = {
            item.ticket_id: begun
            for item in reversed(items)
            if (begun := _opening(item.command)) and item.ticket_id not in self._tickets
        }
        shells = (opening.keys() - found.fresh if found.known else set()) | found.heirs
        for buffered in await store.take_buffered(tx, shells):
            self._waiting[buffered.ticket_id].append(buffered)
        await self._load_customers(tx, items, list(opening.values()), now)

    def _root(self, ticket_id: UUID) -> UUID:
        """Where what is said of a ticket belongs after merges (M1)."""
        ticket = self._tickets.get(ticket_id)
        while ticket is not None and ticket.merged_into is not None:
            ticket_id = ticket.merged_into
            ticket = self._tickets.get(ticket_id)
        return ticket_id

    async def _renew(self, tx: Transaction, items: Sequence[Item]) -> None:
        """A session's name outlives its tickets: what was settled long ago is not taken up again."""
        window = self.policy.workflow.sla.reopen_window
        renewed: dict[UUID, UUID] = {}
        names = {}
        for item in items:
            if not isinstance(item.command, Contact) or not item.command.session:
                continue
            ticket = self._tickets.get(self._root(item.ticket_id))
            if ticket is not None and is_over(ticket, item.at, window):
                item.ticket_id = renewed.setdefault(item.ticket_id, new_id())
                names.update(dict.fromkeys(item.names, item.ticket_id))
        await name_store.rename(tx, names)

    async def _load_customers(
        self,
        tx: Transaction,
        items: Sequence[Item],
        opening: Sequence[OpenTicket],
        now: datetime,
    ) -> None:
        """What is known of the customers who ask, and the past of those whom a rule may count."""
        said: dict[str, CustomerFacts] = {}
        for command in opening:
            facts = command.customer
            earlier = said.get(facts.customer_id)
            said[facts.customer_id] = known_together(earlier, facts) if earlier else facts
        times = Counter(self._root(item.ticket_id) for item in items)
        rated = {self._root(item.ticket_id) for item in items if _may_rate(item.command)}
        counted = {
            ticket.customer_id
            for ticket in self._tickets.values()
            if ticket.status in SETTLED or times[ticket.ticket_id] > 1 or ticket.ticket_id in rated
        }
        if counted:
            await customer_store.lock_customers(tx, counted | said.keys())
        known = await customer_store.know_customers(tx, list(said.values()), now)
        self._customers = {customer_id: one.facts for customer_id, one in known.items()}
        self._histories = await customer_store.histories(tx, counted | said.keys(), known)

    def apply(self, item: Item) -> Outcome:
        """Do one command: to its ticket, or to what waits for its ticket."""
        ticket_id = item.ticket_id
        if ticket_id in self._tickets:
            self._catch_up(ticket_id)
            if not isinstance(item.command, Merge | Unmerge):
                ticket_id = self._root(ticket_id)
            return self._apply(item, self._tickets[ticket_id])
        if begun := _opening(item.command):
            self._open(item, begun)
        elif isinstance(item.command, Contact):
            return Outcome(
                outcome=Disposition.IGNORED,
                reason="automatic",
                detail="No person wrote this, and no ticket is meant: nothing is opened (D5).",
            )
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
        changed = [self._tickets[ticket_id] for ticket_id in self._changed]
        await store.save(tx, tickets=changed, messages=self._messages, reasons=self._reasons)
        await store.add_files(tx, self._files)
        await store.buffer(tx, [one for waiting in self._waiting.values() for one in waiting])

    def _apply(self, item: Item, ticket: Ticket) -> Outcome:
        try:
            if isinstance(item.command, Merge):
                self._merge(item, ticket, item.command)
            else:
                decision = decide(ticket, item.command, self._asked(item, ticket.customer_id))
                self._hear(item, ticket, decision)
        except RefusedError as refused:
            return Outcome(
                outcome=Disposition.REFUSED if item.is_api else Disposition.IGNORED,
                ticket_id=ticket.ticket_id,
                reason=refused.reason,
                detail=refused.detail,
                field=refused.field,
            )
        return Outcome(outcome=Disposition.ACCEPTED, ticket_id=ticket.ticket_id)

    def _merge(self, item: Item, source: Ticket, command: Merge) -> None:
        target = self._tickets.get(self._root(command.into))
        if target is None:
            raise RefusedError("unknown_ticket", f"No ticket {command.into}.", field="into")
        asked = self._asked(item, source.customer_id)
        gone, raised = merge(source, target, command, asked)
        self._hear(item, source, gone)
        self._hear(item, target, raised)

    def _open(self, item: Item, command: OpenTicket) -> None:
        """A ticket cannot have been opened after what was said on it; that is applied now, in order."""
        item.at = min([item.at, *(one.at for one in self._waiting.get(item.ticket_id, []))])
        customer = self._customers[command.customer.customer_id]
        asked = self._asked(item, customer.customer_id)
        decision = open_ticket(command, customer, asked, item.ticket_id)
        first = decision.facts[0]
        ticket = opened_ticket(first, item.command_id)
        assert isinstance(first.payload, TicketOpened)
        self.opened.append(first.payload)
        self._hear(item, ticket, decision)
        self._catch_up(item.ticket_id)

    def _catch_up(self, ticket_id: UUID) -> None:
        """Do what waited for the ticket, in the order in which it happened."""
        for one in sorted(self._waiting.pop(ticket_id, []), key=lambda one: one.at):
            late = Item(
                command=one.command,
                command_id=one.command_id,
                at=one.at,
                is_claim=True,
                ticket_id=ticket_id,
                source="",
                names=(),
                traceparent=one.traceparent,
                is_api=False,
            )
            self._apply(late, self._tickets[self._root(ticket_id)])

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
            if isinstance(fact.payload, TURNS):
                self.turns.append(Turn(fact, ticket))
            self.said.append(FollowUp(cause=cause, payload=fact.payload, time=fact.at))
        self._messages += [
            replace(message, traceparent=item.traceparent) for message in decision.messages
        ]
        self._files += decision.files
        if decision.evidence:
            shown_by = decision.messages[0].message_id if decision.messages else None
            at = decision.facts[0].at
            self._reasons.append(Reasons(ticket.ticket_id, shown_by, at, decision.evidence))
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
                rating=ticket.rating,
                rated_at=ticket.rated_at,
            )
        )

    def _asked(self, item: Item, customer_id: str) -> Asked:
        history = self._history(customer_id)
        return Asked(item.command_id, item.at, self.policy, history, item.is_claim)

    def _history(self, customer_id: str) -> CustomerHistory:
        return self._histories.setdefault(customer_id, CustomerHistory([]))


def _may_rate(command: AnyCommand) -> bool:
    """Whether the customer's earlier ratings are needed to decide it."""
    if isinstance(command, Contact):
        return answers_survey(command.answers)
    return isinstance(command, Rate)


def _opening(command: AnyCommand) -> OpenTicket | None:
    """The ticket that `command` would open if there is none yet."""
    if isinstance(command, Contact):
        return None if command.automatic else command.opening()
    return command if isinstance(command, OpenTicket) else None
