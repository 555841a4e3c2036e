"""Mail addresses we are willing to put on a wire (security S25)."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Final

#: Local part and domain of unsurprising letters: nothing that quotes, ends a line or starts another.
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
)


class AddressError(ValueError):
    """Not an address we send mail to; the message does not repeat it."""


def is_mail_address(text: str) -> bool:
    """Whether `text` is one plain address and nothing more."""
    return _ADDRESS.fullmatch(text) is not None and ".." not in text


def mailbox(name: str, address: str) -> Address:
    """A header's mailbox from a clean name and a plain address. Raises AddressError."""
    if not is_mail_address(address):
        raise AddressError("not a plain mail address")
    try:
        return Address(display_name=name, addr_spec=address)
    except (ValueError, HeaderParseError, IndexError) as error:
        raise AddressError("not a mail address that a header can hold") from error


def parse_mailbox(text: str) -> Address:
    """`Name <address>` as a mailbox. Raises AddressError."""
    name, address = parseaddr(text)
    return mailbox(name, address)
