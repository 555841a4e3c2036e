"""The turns of a ticket's life that are counted: it was solved, came back, or was judged by its customer."""

from __future__ import annotations

from typing import Final, NamedTuple

from shared.contracts import TicketRated, TicketReopened, TicketResolved

from .ticket import Fact, Ticket

#: The facts that are one.
TURNS: Final = (TicketRated, TicketReopened, TicketResolved)


class Turn(NamedTuple):
    """A fact, and the ticket after it."""

    fact: Fact
    ticket: Ticket

    @property
    def age_seconds(self) -> float:
        """From the ticket's opening to this, as its customer waits."""
        return max(0.0, (self.fact.at - self.ticket.opened_at).total_seconds())
