"""Mail headers, whoever wrote them: looked up without regard to case, decoded without ever failing.

The modern parser of the standard library takes seconds for a hostile header of four kilobytes, and raises
errors of five kinds; here values are bounded first and decoded by the older one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses, parsedate_to_datetime
from itertools import islice
from typing import Final

from .cleaning import one_line, text_of

#: Longer values are cut: twenty references fit, and no parser gets slow.
HEADER_CHARACTERS: Final = 4096

#: More headers than this are not looked at.
MOST_HEADERS: Final = 500

#: The longest name and mailbox that are kept (RFC 5321 allows 254 characters for a mailbox).
_NAME_CHARACTERS: Final = 200
_MAILBOX_CHARACTERS: Final = 254


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Who: an address, in the spelling of its header, and the name beside it."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class MailHeaders:
    """The headers of one mail in their order, names in lower case."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> MailHeaders:
        """From names and raw values; a value that is folded or too long is put right."""
        few = islice(pairs, MOST_HEADERS)
        return cls(tuple((name.strip().lower(), unfolded(value)) for name, value in few))

    def first(self, name: str) -> str | None:
        """The value of the first header of this name, which is given in lower case."""
        return next((value for known, value in self.pairs if known == name), None)

    def every(self, *names: str) -> list[str]:
        """The values of all headers of these names, in the mail's order."""
        return [value for known, value in self.pairs if known in names]


def unfolded(value: str) -> str:
    """A header's value as one line of bounded length, its raw bytes read as UTF-8 or Latin-1."""
    short = value[:HEADER_CHARACTERS]
    return one_line(text_of(_bytes_of(short)), HEADER_CHARACTERS)


def decoded(value: str) -> str:
    """`value` with its encoded words (RFC 2047) read; one that cannot be read stays as it is."""
    try:
        parts = decode_header(value)
    except (HeaderParseError, ValueError):
        return one_line(value)
    return one_line("".join(_word(part, charset) for part, charset in parts))


def mailboxes(values: Iterable[str]) -> list[Mailbox]:
    """The addresses in these headers that are some. Names are decoded last: they may look like addresses."""
    try:
        named = getaddresses(list(values))
    except (RecursionError, IndexError, ValueError):  # comments within comments
        return []
    return [
        Mailbox(address, decoded(name)[:_NAME_CHARACTERS])
        for name, address in named
        if _is_address(address)
    ]


def instant(value: str) -> datetime | None:
    """The instant that a Date header names; None for none, and for one without a zone."""
    try:
        said = parsedate_to_datetime(value)
        return said if said.utcoffset() is not None else None
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _bytes_of(value: str) -> bytes:
    """Undo the disguise in which the parser keeps bytes beyond ASCII; other surrogates are lost."""
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


def _word(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    if charset is None:  # how the library keeps what stands between encoded words
        return part.decode("raw-unicode-escape", "replace")
    return text_of(part, charset)


def _is_address(text: str) -> bool:
    name, _, domain = text.rpartition("@")
    printable = text.isprintable() and not any(sign in text for sign in ' <>"(),;:\\')
    return bool(name and domain) and printable and len(text) <= _MAILBOX_CHARACTERS
