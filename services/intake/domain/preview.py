"""What a ticket would be, without opening it."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from shared.contracts import TicketOpened

from .commands import CustomerFacts, OpenTicket
from .decision import Asked
from .history import CustomerHistory
from .lifecycle import open_ticket
from .triage import IntakePolicy, Verdict

#: Nothing is opened, so nothing needs a name.
NOBODY: Final = UUID(int=0)


def preview(
    command: OpenTicket,
    customer: CustomerFacts,
    *,
    at: datetime,
    policy: IntakePolicy,
    history: CustomerHistory | None = None,
) -> Verdict:
    """The verdict that opening a ticket with `command` would reach at `at`, by the very same rules."""
    asked = Asked(NOBODY, at, policy, history or CustomerHistory([]))
    decision = open_ticket(command, customer, asked, NOBODY)
    opened = decision.facts[0].payload
    assert isinstance(opened, TicketOpened)
    return Verdict(opened, decision.evidence)
