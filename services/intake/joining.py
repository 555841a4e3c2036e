"""Another conversation of a ticket: what began as a chat goes on by mail or phone (features S0-42).

The name that a channel has for the other conversation leads to the ticket from now on. Ticket, history,
agent and clocks stay what they are (semantics X1).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from shared.contracts import FollowUp
from shared.db import audit
from shared.db.engine import Transaction
from shared.runtime.writer import Writer

from . import name_store, store
from .domain.delivery import Delivery
from .domain.threads import Named
from .domain.ticket import Ticket
from .domain.transitions import SETTLED
from .domain.triage import IntakePolicy
from .handlers import accept
from .metrics import IntakeMetrics
from .store import Buffered


class NoTicketError(Exception):
    """The ticket has never been opened."""


class ConversationTakenError(Exception):
    """The conversation is about another ticket that somebody still works on."""

    def __init__(self, ticket_id: UUID) -> None:
        super().__init__(f"the conversation belongs to {ticket_id}")
        self.ticket_id = ticket_id


class Joiner:
    """Gives conversations to tickets, each in one transaction."""

    def __init__(self, writer: Writer, policy: IntakePolicy, metrics: IntakeMetrics) -> None:
        self._writer = writer
        self._policy = policy
        self._metrics = metrics

    async def join(self, ticket_id: UUID, name: Named, *, by: str) -> UUID:
        """What is said in the conversation is said on the ticket from now on; returns the ticket's id,
        which is another one after a merge.

        A conversation about a settled ticket is taken from it, and what waits for one that was never
        opened is done now. Raises NoTicketError and ConversationTakenError.
        """

        async def work(tx: Transaction, now: datetime) -> tuple[UUID, list[FollowUp]]:
            made, others = await name_store.name_tickets(tx, {name: ticket_id})
            owner = (made | others)[name]
            tickets = await store.lock_tickets(tx, {ticket_id, owner})
            if ticket_id not in tickets:
                raise NoTicketError
            root = _root(tickets, ticket_id)
            present = _root(tickets, owner) if owner in tickets else None
            if present not in (None, root) and tickets[present].status not in SETTLED:
                raise ConversationTakenError(present)
            await name_store.rename(tx, {name: root} if owner != root else {})
            deed = audit.Deed(principal=by, action="join_conversation", object=str(root))
            await audit.record(tx, deed, now)
            waiting = await store.take_buffered(tx, [owner]) if present is None else []
            late = [_delivery(one, root) for one in waiting]
            if not late:
                return root, []
            accepted, said = await accept(tx, late, now, policy=self._policy)
            self._metrics.turned(accepted.turns)
            return root, said

        return await self._writer.write(work)


def _root(tickets: dict[UUID, Ticket], ticket_id: UUID) -> UUID:
    """Where what is said of a ticket belongs after merges (M1)."""
    while (into := tickets[ticket_id].merged_into) is not None:
        ticket_id = into
    return ticket_id


def _delivery(one: Buffered, ticket_id: UUID) -> Delivery:
    """A command that waited for a ticket, as a delivery of its own: its first one has its answer already."""
    command = msgspec.structs.replace(
        one.command, ticket_id=ticket_id, external_id=None, occurred_at=one.at
    )
    return Delivery(
        source="joined",
        dedupe_key=str(one.command_id),
        raw=msgspec.json.encode(command),
        commands=((0, command),),
        traceparent=one.traceparent,
    )
