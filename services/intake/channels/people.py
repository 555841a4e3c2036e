"""The people a provider speaks of: customers by their addresses, agents by the provider's ids."""

from __future__ import annotations

from typing import Final

from services.intake.domain.commands import CustomerFacts
from shared.contracts import Author
from shared.contracts.vocabulary import AuthorKind

#: A customer's message names no id: addresses never travel in events (semantics D9), the ticket knows whose it is.
CUSTOMER: Final = Author(kind=AuthorKind.CUSTOMER)

#: Somebody of ours, the provider does not say who.
AGENT: Final = Author(kind=AuthorKind.AGENT)


def agent(known_as: str | None) -> Author:
    """Somebody of ours, by the provider's id."""
    return Author(kind=AuthorKind.AGENT, id=known_as) if known_as else AGENT


def asker(
    source: str,
    known_as: str | None,
    *,
    ticket: str,
    name: str = "",
    email: str = "",
    phone: str = "",
) -> CustomerFacts:
    """Who asks, by the source's id for them and by what they can be reached at.

    Where the source says nothing, it is somebody known by this `ticket` alone.
    """
    said = {"name": name.strip(), "email": email.strip(), "phone": phone.strip()}
    contact = {what: value for what, value in said.items() if value}
    known = known_as or (None if email or phone else f"ticket:{ticket}")
    return CustomerFacts(
        customer_id="",
        addresses=(f"{source}:{known}",) if known else None,
        contact=contact or None,
    )
