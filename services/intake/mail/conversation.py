"""Which conversation a mail belongs to: what it calls itself, what it answers, which ticket it names."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from .headers import MailHeaders, decoded

#: How many of the mails that a mail refers to are looked at, the latest first.
MOST_REFERENCES: Final = 20

#: A ticket's name at its source is not longer than this (characters).
_NAME_CHARACTERS: Final = 200

_MESSAGE_ID: Final = re.compile(r"<([^<>\s]+)>")

#: The short name by which our messages call a ticket: the last eight digits of its id.
_REFERENCE: Final = re.compile(r"(?<![\w#&])#([0-9A-Fa-f]{8})(?!\w)")


def message_id(headers: MailHeaders) -> str | None:
    """What the mail calls itself, None if it does not."""
    named = _named(headers.first("message-id") or "")
    return named[0] if named else None


def answered(headers: MailHeaders) -> tuple[str, ...]:
    """The mails that this one answers, the nearest first."""
    direct = [name for value in headers.every("in-reply-to") for name in _named(value)]
    thread = [name for value in headers.every("references") for name in _named(value)]
    latest = (direct + thread[::-1])[: MOST_REFERENCES + 1]
    return tuple(dict.fromkeys(latest))


def ticket_reference(subject: str) -> str | None:
    """The ticket that a subject names by `#` and eight digits (D5, the notifier's short name)."""
    found = _REFERENCE.search(subject)
    return found[1].lower() if found else None


def subject_of(headers: MailHeaders) -> str:
    """What the mail is about, readable."""
    return decoded(headers.first("subject") or "")


def _named(value: str) -> list[str]:
    """The message ids in a header; one without angle brackets counts where there is nothing else."""
    bracketed = _MESSAGE_ID.findall(value)
    bare = value.strip("<> ").split()
    return [_short(name) for name in bracketed or (bare if len(bare) == 1 else [])]


def _short(name: str) -> str:
    if len(name) <= _NAME_CHARACTERS:
        return name
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"
