"""Conversations told to intake as its channels would: commands, in groups, each group one transaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from services.intake.domain.commands import AnyCommand, Contact, CustomerFacts
from services.intake.domain.delivery import Delivery, Outcome
from services.intake.domain.triage import IntakePolicy
from services.intake.handlers import accept
from shared.contracts import Author
from shared.contracts.vocabulary import AuthorKind
from shared.policy import load_workflow
from tests.support.intake import IntakeUnderTest

CUSTOMER = Author(kind=AuthorKind.CUSTOMER)
POLICY = IntakePolicy.of(load_workflow(None))


def a_contact(
    name: str | None, *also: str, by: str = "email:ana@example.org", **fields: Any
) -> Contact:
    """Somebody writes from the address `by` in the conversation of these names."""
    plain: dict[str, Any] = {
        "customer": CustomerFacts(customer_id="", addresses=(by,)),
        "subject": "The export fails",
        "body": "Half way.",
        "channel": "email",
        "by": CUSTOMER,
    }
    return Contact(external_id=name, also=also, **{**plain, **fields})


async def group(
    intake: IntakeUnderTest, *commands: AnyCommand, source: str = "mail"
) -> list[Outcome]:
    """Every command as a delivery of `source`; all of them in one transaction."""
    deliveries = [
        Delivery(source=source, dedupe_key=str(uuid4()), raw=b"", commands=((0, command),))
        for command in commands
    ]
    accepted = await intake.service.writer.write(
        lambda tx, now: accept(tx, deliveries, now, policy=POLICY)
    )
    return [answer.outcomes[0] for answer in accepted.answers]


async def tickets(
    intake: IntakeUnderTest, *commands: AnyCommand, source: str = "mail"
) -> list[UUID]:
    """The tickets that a group of commands is about."""
    found = [outcome.ticket_id for outcome in await group(intake, *commands, source=source)]
    return [one for one in found if one is not None]
