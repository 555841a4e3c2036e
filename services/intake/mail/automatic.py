"""Whether a person wrote a mail. What no person wrote opens no ticket and stops no clock (semantics D5)."""

from __future__ import annotations

from typing import Final

from .headers import MailHeaders, mailboxes

#: What a Precedence header says of mail to many, and of mail by nobody.
_PRECEDENCES: Final = frozenset({"bulk", "junk", "list", "auto_reply"})

#: Headers that only machines write; `no` in one of them takes it back.
_MARKS: Final = ("x-autoreply", "x-autorespond", "x-autoresponder", "list-id", "list-unsubscribe")

#: The form of a mail about another mail: that it bounced, was read, was complained about.
_REPORT: Final = "multipart/report"

#: Who sends mail about mail.
_MAIL_SYSTEMS: Final = frozenset({"mailer-daemon", "mailer daemon", "postmaster"})

#: What a null sender looks like in a Return-Path, and as a provider's field.
_NOBODY: Final = frozenset({"<>", ""})


def is_automatic(headers: MailHeaders, envelope_sender: str | None) -> bool:
    """By its form, its envelope (None: not known) or its headers: a bounce, a reply of no one, a list."""
    senders = headers.every("return-path")
    if envelope_sender is not None:
        senders.append(envelope_sender)
    return (
        any(_word(value) == _REPORT for value in headers.every("content-type"))
        or any(sender.strip() in _NOBODY for sender in senders)
        or any(_word(value) not in {"no", ""} for value in headers.every("auto-submitted"))
        or any(value.lower() not in {"no", ""} for value in headers.every(*_MARKS))
        or any(_word(value) in _PRECEDENCES for value in headers.every("precedence"))
        or any(_is_mail_system(value) for value in headers.every("from", "sender"))
    )


def _word(value: str) -> str:
    """The first word of a value, without parameters and comments."""
    return value.partition(";")[0].partition("(")[0].strip().lower()


def _is_mail_system(value: str) -> bool:
    local_parts = [box.address.rpartition("@")[0].lower() for box in mailboxes([value])]
    named = value.partition("<")[0].strip(' "').lower() if not local_parts else ""
    return not _MAIL_SYSTEMS.isdisjoint([*local_parts, named])
