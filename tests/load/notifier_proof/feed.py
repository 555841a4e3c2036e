"""The facts of a proof: assigned tickets, and clocks of theirs that have run out."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from uuid import UUID

from services.notifier.domain.notification import notification_id
from shared.clock import SystemClock
from shared.contracts import Event, SlaBreached, TicketAssigned, encode, headers
from shared.contracts.vocabulary import Priority
from shared.ids import new_id
from shared.kafka.client import Kafka
from shared.kafka.records import Outgoing
from tests.support.builders import a, an_event

#: Breaches a ticket, each of a clock of its own.
_CYCLES: Final = 5

#: Records a send.
_BATCH: Final = 200


class Feed:
    """So many breaches over the tickets of `teams`; `expected` are the ids of what they must lead to.

    A share of `pages` of the tickets is critical, all of them of the teams `paged`. The team `seldom` has
    one ticket only.
    """

    def __init__(
        self,
        breaches: int,
        teams: Sequence[str],
        *,
        paged: Sequence[str],
        pages: float,
        seldom: str,
        seed: int,
    ) -> None:
        self._chance = random.Random(seed)
        self._clock = SystemClock()
        usual = [team for team in teams if team != seldom]
        count = -(-breaches // _CYCLES)
        self.tickets: dict[UUID, str] = {
            new_id(): usual[number % len(usual)] for number in range(count - 1)
        }
        self.tickets[new_id()] = seldom
        self._critical = {
            ticket
            for ticket, team in self.tickets.items()
            if team in paged and self._chance.random() < pages * len(teams) / len(paged)
        }
        self._left = breaches
        self.expected: set[UUID] = set()

    async def assign(self, kafka: Kafka) -> None:
        """Somebody of its team has every ticket."""
        now = self._clock.now()
        await _write(
            kafka,
            (
                an_event(
                    a(TicketAssigned, ticket_id=t, agent_id=f"a-{team}", team=team, accept_by=None),
                    at=now,
                )
                for t, team in self.tickets.items()
            ),
        )

    async def breach(self, kafka: Kafka) -> None:
        """All clocks run out, those of every ticket one after the other."""
        for cycle in range(1, _CYCLES + 1):
            await _write(kafka, self._breaches(cycle))

    def _breaches(self, cycle: int) -> Iterator[Event]:
        now = self._clock.now()
        for ticket, team in self.tickets.items():
            if not self._left:
                return
            self._left -= 1
            priority = Priority.CRITICAL if ticket in self._critical else Priority.LOW
            said = a(SlaBreached, ticket_id=ticket, cycle=cycle, priority=priority)
            event = an_event(said, at=now, sequence=cycle)
            self.expected.add(notification_id(event.id, f"a-{team}", "email"))
            self.expected.add(notification_id(event.id, f"m-{team}", "webhook"))
            yield event


async def _write(kafka: Kafka, events: Iterable[Event]) -> None:
    producer = kafka.producer()
    left = [Outgoing(e.topic, e.subject, encode(e), headers(e)) for e in events]
    try:
        while left:
            taken = await producer.send(left[:_BATCH])
            missing = [o for o, ok in zip(left[:_BATCH], taken, strict=True) if not ok]
            left = missing + left[_BATCH:]
    finally:
        await producer.stop()
