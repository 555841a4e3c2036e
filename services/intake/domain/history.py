"""What a customer has been through lately: contacts, reopenings, escalations, ratings (semantics V18, R5,
G12, V13).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

#: How far back contacts, reopenings and escalations count (N2.22 to N2.24).
LATELY: Final = timedelta(days=30)

#: How many ratings before the newest one are told (N2.25).
RATINGS: Final = 5


class PastTicket(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket of a customer, as far as the counts need it."""

    ticket_id: UUID
    customer_id: str
    category: str
    opened_at: datetime
    reopened_at: list[datetime] = []
    rating: int | None = None
    rated_at: datetime | None = None


class CustomerHistory:
    """The latest tickets of one customer, and when some were escalated.

    Told what happens, so that one group counts its own.
    """

    def __init__(self, tickets: list[PastTicket], *, escalated: Sequence[datetime] = ()) -> None:
        self._tickets = {ticket.ticket_id: ticket for ticket in tickets}
        self._escalated = escalated

    def contacts(self, category: str, *, at: datetime) -> int:
        """How often the customer came about `category` in the 30 days to `at`: tickets and reopenings."""
        since, times = at - LATELY, 0
        for ticket in self._tickets.values():
            if ticket.category == category:
                times += since <= ticket.opened_at <= at
                for moment in ticket.reopened_at:
                    times += since <= moment <= at
        return times

    def reopened(self, *, at: datetime, but: UUID | None = None) -> int:
        """How many of the customer's tickets, `but` one, were reopened in the 30 days to `at`."""
        since = at - LATELY
        return sum(
            any(since <= moment <= at for moment in ticket.reopened_at)
            for ticket in self._tickets.values()
            if ticket.reopened_at and ticket.ticket_id != but
        )

    def ratings(self, *, but: UUID) -> list[int]:
        """The customer's last ratings of other tickets than `but`, oldest first (semantics V13)."""
        rated = [
            (ticket.rated_at or ticket.opened_at, ticket.rating)
            for ticket in self._tickets.values()
            if ticket.rating is not None and ticket.ticket_id != but
        ]
        return [rating for _, rating in sorted(rated)][-RATINGS:]

    def escalations(self, *, at: datetime) -> int:
        """How often the customer's tickets were escalated in the 30 days to `at` (semantics G12)."""
        return sum(at - LATELY <= moment <= at for moment in self._escalated)

    def remember(self, ticket: PastTicket) -> None:
        """`ticket` is now as given."""
        self._tickets[ticket.ticket_id] = ticket
