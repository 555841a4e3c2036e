"""Commands of intake's domain and their circumstances, for pure tests."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import msgspec

from services.intake.domain.commands import AnyCommand, CustomerFacts, OpenTicket
from services.intake.domain.decision import Asked, Decision
from services.intake.domain.history import CustomerHistory
from services.intake.domain.lifecycle import decide, open_ticket
from services.intake.domain.ticket import Ticket, evolve, opened_ticket
from services.intake.domain.triage import IntakePolicy
from shared.contracts import Author, TicketOpened
from shared.contracts.vocabulary import AuthorKind
from shared.ids import derived_id
from shared.policy import load_workflow

TICKET: Final = UUID(int=4711)
AGENT: Final = Author(kind=AuthorKind.AGENT, id="ana")
CUSTOMER: Final = Author(kind=AuthorKind.CUSTOMER, id="customer-1")


@cache
def packaged() -> IntakePolicy:
    """The packaged workflow."""
    return IntakePolicy.of(load_workflow(None))


def clock(text: str) -> datetime:
    """Monday 2026-06-01 at `HH:MM[:SS[.mmm]]`, UTC."""
    return datetime.fromisoformat(f"2026-06-01T{text}").replace(tzinfo=UTC)


def opening(**fields: Any) -> OpenTicket:
    """A wish to open a ticket that nothing speaks for or against."""
    plain = {
        "customer": CustomerFacts(customer_id="customer-1", tier="professional"),
        "subject": "The export fails",
        "body": "It stops half way.",
        "channel": "email",
    }
    return OpenTicket(**{**plain, **fields})


def asked(
    at: datetime,
    *,
    command_id: UUID,
    history: CustomerHistory | None = None,
    is_claim: bool = True,
    policy: IntakePolicy | None = None,
) -> Asked:
    """The circumstances of a command; its time is the source's word unless said otherwise."""
    history = history or CustomerHistory([])
    return Asked(command_id, at, policy or packaged(), history, is_claim)


def opened(at: datetime | None = None, **fields: Any) -> TicketOpened:
    """What `ticket.opened` says of such a ticket."""
    at = at or clock("08:00")
    command = opening(**fields)
    decision = open_ticket(command, command.customer, asked(at, command_id=UUID(int=1)), TICKET)
    payload = decision.facts[0].payload
    assert isinstance(payload, TicketOpened)
    return payload


class Story:
    """One ticket from its opening on; `told` are the types of all facts in order."""

    def __init__(self, at: str = "08:00", **fields: Any) -> None:
        command = opening(**fields)
        self.history = CustomerHistory([])
        self.decisions: list[Decision] = []
        self._count = 0
        circumstances = self._asked(clock(at))
        decision = open_ticket(command, command.customer, circumstances, TICKET)
        self.decisions.append(decision)
        self.ticket: Ticket = opened_ticket(decision.facts[0], circumstances.command_id)

    def does(self, at: str, command: AnyCommand, *, is_claim: bool = True) -> list[str]:
        """What follows from `command`, as names of payload types. Raises RefusedError."""
        decision = decide(self.ticket, command, self._asked(clock(at), is_claim=is_claim))
        self.decisions.append(decision)
        for fact in decision.facts:
            self.ticket = evolve(self.ticket, fact)
        return [type(fact.payload).__name__ for fact in decision.facts]

    def last(self, kind: type[Any]) -> Any:
        """The last fact's payload of a type."""
        facts = [fact.payload for decision in self.decisions for fact in decision.facts]
        return [payload for payload in facts if isinstance(payload, kind)][-1]

    def replayed(self) -> Ticket:
        """The ticket, folded anew from the facts alone, as they would be read from a topic."""
        facts = [fact for decision in self.decisions for fact in decision.facts]
        encoded = [
            msgspec.structs.replace(
                fact, payload=msgspec.convert(msgspec.to_builtins(fact.payload), type(fact.payload))
            )
            for fact in facts
        ]
        ticket = opened_ticket(encoded[0], self.ticket.correlation_id)
        for fact in encoded[1:]:
            ticket = evolve(ticket, fact)
        return ticket

    def _asked(self, at: datetime, *, is_claim: bool = True) -> Asked:
        self._count += 1
        command_id = derived_id(TICKET, f"command {self._count}")
        return asked(at, command_id=command_id, history=self.history, is_claim=is_claim)
