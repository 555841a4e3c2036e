"""The customers of a proof: events straight onto the topic, as intake would write them."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from typing import Final, TypeVar
from uuid import UUID

from shared.clock import SystemClock
from shared.contracts import (
    Author,
    Customer,
    Event,
    Payload,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    encode,
    headers,
)
from shared.contracts.vocabulary import AuthorKind, Complexity
from shared.ids import new_id
from shared.kafka.client import Kafka
from shared.kafka.records import Outgoing
from tests.support.desks import a_ticket

from .plan import Plan

T = TypeVar("T")

#: Records a send.
_BATCH: Final = 500

#: Shares of the tickets: of those whose customer finds the answer, somebody having the ticket or not,
#: and of the solved ones that come again.
_IMPATIENT: Final = 0.02
_REOPENED: Final = 0.1

#: Seconds after which these do.
_LATER: Final = 1.0

_CUSTOMER: Final = Author(kind=AuthorKind.CUSTOMER, id="acme")
_WEIGHTS: Final = ((Complexity.L1, 6), (Complexity.L2, 3), (Complexity.L3, 1))
_CATEGORIES: Final = (("account", 7), ("integration", 3))


class Feed:
    """Keeps so many tickets open, solves whatever somebody has got, until told that it is enough.

    `opened` are all of this round, `open` those not solved yet, `unwanted` those solved without regard
    to whether anybody had them.
    """

    def __init__(self, plan: Plan, kafka: Kafka) -> None:
        self.opened: set[UUID] = set()
        self.open: set[str] = set()
        self.unwanted: set[UUID] = set()
        self.reopened = 0
        self.enough = False
        self._plan = plan
        self._kafka = kafka
        self._chance = random.Random(plan.seed)
        self._clock = SystemClock()
        self._sequence: dict[str, int] = {}
        self._outgoing: deque[Outgoing] = deque()
        self._later: deque[tuple[float, str, bool]] = deque()

    @property
    def finished(self) -> bool:
        """Everything is solved, and everything is said."""
        return self.enough and not self.open and not self._outgoing and not self._later

    def solve(self, ticket: str) -> None:
        """Somebody has it and solves it at once; some of them come again."""
        if ticket not in self.open:
            return
        self._solve(ticket)
        if self._chance.random() < _REOPENED and not self.enough:
            self._in_a_while(ticket, reopen=True)

    async def run(self) -> None:
        """Write until cancelled; what the broker does not take is written again, in its order."""
        producer = self._kafka.producer()
        try:
            while True:
                self._come_again()
                self._open_more()
                batch = [self._outgoing.popleft() for _ in range(min(_BATCH, len(self._outgoing)))]
                taken = await producer.send(batch)
                missing = [one for one, ok in zip(batch, taken, strict=True) if not ok]
                self._outgoing.extendleft(reversed(missing))
                await asyncio.sleep(0.2 if missing else 0.01)
        finally:
            await producer.stop()

    def _open_more(self) -> None:
        wanted = 0 if self.enough else self._plan.open_at_once - len(self.open)
        for _ in range(min(wanted, _BATCH)):
            ticket = new_id()
            self.opened.add(ticket)
            self.open.add(str(ticket))
            self._say(self._ticket(ticket))
            if self._chance.random() < _IMPATIENT:
                self._in_a_while(str(ticket), reopen=False)

    def _come_again(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._later and self._later[0][0] <= now:
            _, ticket, reopen = self._later.popleft()
            if not reopen and ticket in self.open:
                self.unwanted.add(UUID(ticket))
                self._solve(ticket)
            elif reopen and not self.enough:
                self.reopened += 1
                self.open.add(ticket)
                self._say(
                    TicketReopened(
                        ticket_id=UUID(ticket), by=_CUSTOMER, reopened_count=1, recent_reopened=1
                    )
                )

    def _in_a_while(self, ticket: str, *, reopen: bool) -> None:
        due = asyncio.get_running_loop().time() + _LATER
        self._later.append((due, ticket, reopen))

    def _solve(self, ticket: str) -> None:
        self.open.discard(ticket)
        by = Author(kind=AuthorKind.AGENT)
        self._say(TicketResolved(ticket_id=UUID(ticket), by=by, first_contact=False))

    def _say(self, payload: Payload) -> None:
        now = self._clock.now()
        sequence = self._sequence.get(payload.subject, 0) + 1
        self._sequence[payload.subject] = sequence
        event_id = new_id()
        event = Event(
            id=event_id,
            source="/intake",
            time=now,
            recorded_time=now,
            payload=payload,
            correlation_id=event_id,
            sequence=sequence,
        )
        self._outgoing.append(Outgoing(event.topic, event.subject, encode(event), headers(event)))

    def _ticket(self, ticket: UUID) -> TicketOpened:
        return a_ticket(
            ticket,
            customer=Customer(
                customer_id=f"customer-{self._chance.randrange(5000)}", tier="standard"
            ),
            complexity=_one_of(_WEIGHTS, self._chance),
            category=_one_of(_CATEGORIES, self._chance),
            opened_at=self._clock.now(),
        )


def _one_of(choices: tuple[tuple[T, int], ...], chance: random.Random) -> T:
    return chance.choices([one for one, _ in choices], [share for _, share in choices])[0]
