"""The customers and agents of a proof: a desk's traffic straight onto the topic, as intake would write it."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Final
from uuid import UUID

from shared.clock import SystemClock
from shared.contracts import (
    Author,
    Change,
    Customer,
    Event,
    Payload,
    TicketMessageAdded,
    TicketPaused,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
    encode,
    headers,
)
from shared.contracts.vocabulary import AuthorKind, PauseReason, Priority
from shared.ids import new_id
from shared.kafka.client import Kafka
from shared.kafka.records import Outgoing
from tests.support.desks import a_ticket

from .plan import Plan

_BATCH: Final = 500
_CUSTOMER: Final = Author(kind=AuthorKind.CUSTOMER, id="acme")
_AGENT: Final = Author(kind=AuthorKind.AGENT, id="anna")

#: Shares of all tickets: answered, then waiting for their customer, priced anew, solved, come again.
_ANSWERED: Final = 0.4
_WAITING: Final = 0.4
_REPRICED: Final = 0.15
_SOLVED: Final = 0.3
_REOPENED: Final = 0.3

Deed = Callable[[UUID], None]


class Feed:
    """Opens tickets at the plan's rate, and lets people do with them what they do, by chance.

    `sequences` are the last sequences written: all facts there are.
    """

    def __init__(self, plan: Plan, kafka: Kafka) -> None:
        self.sequences: Counter[UUID] = Counter()
        self.enough = False
        self._plan = plan
        self._kafka = kafka
        self._chance = random.Random(plan.seed)
        self._clock = SystemClock()
        self._outgoing: deque[Outgoing] = deque()
        self._agenda: list[tuple[float, int, Deed, UUID]] = []
        self._open: set[UUID] = set()
        self._number = count()
        self._began: float | None = None

    @property
    def all_written(self) -> bool:
        """Nothing is left to be told to the broker."""
        return not self._outgoing

    @property
    def all_opened(self) -> bool:
        """Every ticket of the plan is there."""
        return len(self.sequences) >= self._plan.tickets

    async def run(self) -> None:
        """Write until cancelled; what the broker does not take is written again, in its order."""
        producer = self._kafka.producer()
        self._began = _time()
        try:
            while True:
                self._open_more()
                while self._agenda and self._agenda[0][0] <= _time() and not self.enough:
                    _, _, deed, ticket = heapq.heappop(self._agenda)
                    deed(ticket)
                batch = [self._outgoing.popleft() for _ in range(min(_BATCH, len(self._outgoing)))]
                taken = await producer.send(batch)
                missing = [one for one, ok in zip(batch, taken, strict=True) if not ok]
                self._outgoing.extendleft(reversed(missing))
                await asyncio.sleep(0.2 if missing else 0.02)
        finally:
            await producer.stop()

    def solve_all(self) -> None:
        """The desk goes home: whatever is open is solved, and nothing happens any more."""
        self.enough = True
        for ticket in sorted(self._open):
            self._solve(ticket)

    def _open_more(self) -> None:
        assert self._began is not None
        wanted = min(self._plan.tickets, int((_time() - self._began) * self._plan.rate) + 1)
        for _ in range(wanted - len(self.sequences)):
            ticket, now = new_id(), self._clock.now()
            opened = a_ticket(
                ticket,
                priority=self._chance.choice(list(Priority)),
                customer=Customer(customer_id=f"customer-{ticket.int % 997}", tier="standard"),
                opened_at=now,
            )
            self._say(opened, now)
            self._open.add(ticket)
            self._plan_life(ticket)

    def _plan_life(self, ticket: UUID) -> None:
        happens = self._chance.random
        if happens() < _ANSWERED:
            self._later(25, self._answer, ticket)
        if happens() < _REPRICED:
            self._later(40, self._reprice, ticket)
        if happens() < _SOLVED:
            self._later(80, self._solve_and_see, ticket)

    def _later(self, units: float, deed: Deed, ticket: UUID) -> None:
        at = _time() + self._chance.uniform(0, units) * self._plan.pace
        heapq.heappush(self._agenda, (at, next(self._number), deed, ticket))

    def _answer(self, ticket: UUID) -> None:
        if ticket not in self._open:
            return
        self._write(ticket, _AGENT)
        if self._chance.random() < _WAITING:
            reason = PauseReason.WAITING_ON_CUSTOMER
            self._say(TicketPaused(ticket_id=ticket, reason=reason, by=_AGENT))
            self._later(30, self._customer_writes, ticket)

    def _customer_writes(self, ticket: UUID) -> None:
        if ticket in self._open:
            self._write(ticket, _CUSTOMER)

    def _reprice(self, ticket: UUID) -> None:
        if ticket in self._open:
            change = {"priority": Change(from_="", to=self._chance.choice(list(Priority)))}
            self._say(
                TicketReclassified(ticket_id=ticket, changes=change, reason="proof", by=_AGENT)
            )

    def _solve_and_see(self, ticket: UUID) -> None:
        if ticket in self._open:
            self._solve(ticket)
            if self._chance.random() < _REOPENED:
                self._later(30, self._reopen, ticket)

    def _solve(self, ticket: UUID) -> None:
        self._open.discard(ticket)
        self._say(TicketResolved(ticket_id=ticket, by=_AGENT, first_contact=False))

    def _reopen(self, ticket: UUID) -> None:
        if ticket not in self._open:
            self._open.add(ticket)
            self._say(
                TicketReopened(ticket_id=ticket, by=_CUSTOMER, reopened_count=1, recent_reopened=1)
            )

    def _write(self, ticket: UUID, author: Author) -> None:
        now = self._clock.now()
        self._say(
            TicketMessageAdded(
                ticket_id=ticket, message_id=new_id(), author=author, public=True, at=now
            ),
            now,
        )

    def _say(self, payload: Payload, at: datetime | None = None) -> None:
        now = at or self._clock.now()
        ticket = UUID(payload.subject)
        self.sequences[ticket] += 1
        event_id = new_id()
        event = Event(
            id=event_id,
            source="/intake",
            time=now,
            recorded_time=now,
            payload=payload,
            correlation_id=event_id,
            sequence=self.sequences[ticket],
        )
        self._outgoing.append(Outgoing(event.topic, event.subject, encode(event), headers(event)))


def _time() -> float:
    return asyncio.get_running_loop().time()
