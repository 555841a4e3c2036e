"""Who writes: one customer may have several addresses, and an address has one owner.

An address is `email:…` in lower case, `tel:+…` in digits, or `<source>:<the source's own id>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from .commands import AnyCommand, Contact, CustomerFacts, OpenTicket

#: One mailbox, without a name beside it.
_MAILBOX: Final = re.compile(r"[^\s\x00-\x1f<>,;\"@]+@[^\s\x00-\x1f<>,;\"@]+")

#: A number with its country's code, as people write it: with a plus or two zeros before it.
_INTERNATIONAL: Final = re.compile(r"(?:\+|00)(\d[\d\s().\-/]*\d)")
_NOT_DIGIT: Final = re.compile(r"\D")

#: Digits of an international number (E.164); fewer are an extension or a short code.
_DIGITS: Final = range(6, 16)

#: A source's name, before the source's own id of somebody.
_SOURCE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

#: Who is known by an address only: `stranger_id` made the id, no source and no directory has ever said it.
_STRANGER: Final = re.compile(r"c-[0-9a-f]{32}")


def email_address(text: str) -> str | None:
    """The address of a mailbox, None for a text that is none."""
    mailbox = text.strip().lower()
    return f"email:{mailbox}" if _MAILBOX.fullmatch(mailbox) else None


def telephone_address(text: str) -> str | None:
    """The address of a telephone number in international form, None for a text that is none.

    A number without its country's code is somebody else's in another country, so it is nobody's address.
    """
    found = _INTERNATIONAL.fullmatch(text.strip())
    digits = _NOT_DIGIT.sub("", found[1]) if found else ""
    return f"tel:+{digits}" if len(digits) in _DIGITS else None


def written_address(text: str) -> str | None:
    """An address as a person writes it (`email:Ana@Example.org`), as we keep it; None for what is none."""
    kind, _, name = text.strip().partition(":")
    match kind.strip().lower():
        case "email":
            return email_address(name)
        case "tel":
            return telephone_address(name)
        case source if _SOURCE.fullmatch(source) and name.strip():
            return f"{source}:{name.strip()}"
    return None


def addresses_of(facts: CustomerFacts) -> tuple[str, ...]:
    """By what `facts` say this customer can be recognised, the surest first."""
    contact = facts.contact or {}
    also = (
        email_address(contact.get("email", "")),
        telephone_address(contact.get("phone", "")),
    )
    return tuple(dict.fromkeys([*(facts.addresses or ()), *(one for one in also if one)]))


def is_stranger(customer_id: str) -> bool:
    """Whether the id is one of ours: the customer is known by addresses only."""
    return _STRANGER.fullmatch(customer_id) is not None


def recognised(
    asking: Sequence[CustomerFacts], owners: Mapping[str, str], strangers: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """Who each of `asking` is, and to whom the addresses belong from now on that were nobody's.

    That is the customer they name, else the owner of the first address that has one. Nobody's addresses
    make a new customer, under the id in `strangers` at the same place: an address is no id, because ids
    travel in events (semantics D9).
    """
    known, gained = dict(owners), dict[str, str]()
    found = []
    for facts, stranger in zip(asking, strangers, strict=True):
        addresses = addresses_of(facts)
        owner = next((known[address] for address in addresses if address in known), stranger)
        customer_id = facts.customer_id or owner
        gained |= dict.fromkeys((one for one in addresses if one not in known), customer_id)
        known |= gained
        found.append(customer_id)
    return found, gained


def customer_of(command: AnyCommand) -> CustomerFacts | None:
    """What a command says about the customer, if it says anything."""
    return command.customer if isinstance(command, OpenTicket | Contact) else None


def about(command: AnyCommand, customer_id: str) -> AnyCommand:
    """`command` with its customer settled."""
    if not isinstance(command, OpenTicket | Contact):
        return command
    customer = msgspec.structs.replace(command.customer, customer_id=customer_id)
    return msgspec.structs.replace(command, customer=customer)
