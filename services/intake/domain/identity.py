"""Who writes: one customer may have several addresses, and an address has one owner.

An address is `email:…` in lower case, `tel:+…` in digits, or `<source>:<the source's own id>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from .commands import AnyCommand, Contact, CustomerFacts, OpenTicket

_NOT_DIGIT: Final = re.compile(r"\D")

#: Fewer digits than this are an extension, not a telephone number.
_FEWEST_DIGITS: Final = 6


def email_address(text: str) -> str | None:
    """The address of a mailbox, None for a text that is none."""
    mailbox = text.strip().lower()
    name, _, domain = mailbox.rpartition("@")
    return f"email:{mailbox}" if name and domain and not mailbox.split()[1:] else None


def telephone_address(text: str) -> str | None:
    """The address of a telephone number in international form, None for a text that is none."""
    digits = _NOT_DIGIT.sub("", text)
    return f"tel:+{digits}" if len(digits) >= _FEWEST_DIGITS else None


def addresses_of(facts: CustomerFacts) -> tuple[str, ...]:
    """By what `facts` say this customer can be recognised, the surest first."""
    contact = facts.contact or {}
    also = (
        email_address(contact.get("email", "")),
        telephone_address(contact.get("phone", "")),
    )
    return tuple(dict.fromkeys([*(facts.addresses or ()), *(one for one in also if one)]))


def owner_of(facts: CustomerFacts, owners: Mapping[str, str], *, stranger: str) -> str:
    """The customer that `facts` are about: the one they name, else the owner of the first known address.

    Nobody's addresses make a new customer, called `stranger`: an address is no id, because ids travel
    in events (semantics D9).
    """
    known = (owners[address] for address in addresses_of(facts) if address in owners)
    return facts.customer_id or next(known, stranger)


def customer_of(command: AnyCommand) -> CustomerFacts | None:
    """What a command says about the customer, if it says anything."""
    return command.customer if isinstance(command, OpenTicket | Contact) else None


def about(command: AnyCommand, customer_id: str) -> AnyCommand:
    """`command` with its customer settled."""
    if not isinstance(command, OpenTicket | Contact):
        return command
    customer = msgspec.structs.replace(command.customer, customer_id=customer_id)
    return msgspec.structs.replace(command, customer=customer)
