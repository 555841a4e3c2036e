"""What the company's own directory says of its customers, and what follows for their open tickets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from shared.contracts import Author, Change, TicketReclassified

from .commands import CustomerFacts
from .identity import addresses_of, is_stranger
from .ticket import Ticket

#: What the directory may say of a customer, apart from how to reach them.
VALUES: Final = (
    "tier",
    "lifetime_value",
    "vip",
    "revenue_impact",
    "preferred_channel",
    "account_manager",
    "account_owner",
)

#: How to reach them.
CONTACT: Final = ("name", "email", "phone", "language", "time_zone")


def claimed(
    entries: Sequence[CustomerFacts], owners: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Which addresses of `entries` are to be linked, which taken over, and which are somebody else's.

    A stranger gives way to whom the directory names; between two customers it does not decide, and the
    owner's id is told.
    """
    known, free, moved = dict(owners), dict[str, str](), dict[str, str]()
    taken: dict[str, str] = {}
    for entry in entries:
        for address in addresses_of(entry):
            owner = known.setdefault(address, entry.customer_id)
            if address not in owners and owner == entry.customer_id:
                free[address] = owner
            elif owner != entry.customer_id and is_stranger(owner):
                known[address] = moved[address] = entry.customer_id
            elif owner != entry.customer_id:
                taken[address] = owner
    return free, moved, taken


def repriced(
    tickets: Collection[Ticket], tiers: Mapping[str, str], by: Author
) -> list[TicketReclassified]:
    """The facts that open tickets belong to another customer tier from now on, by their customer (P1)."""
    return [
        TicketReclassified(
            ticket_id=ticket.ticket_id,
            changes={
                "customer_tier": Change(from_=ticket.customer_tier, to=tiers[ticket.customer_id])
            },
            reason="customer_tier",
            by=by,
        )
        for ticket in tickets
        if tiers.get(ticket.customer_id, ticket.customer_tier) != ticket.customer_tier
    ]
