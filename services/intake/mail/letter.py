"""One mail, whoever delivered it, and what its writer wishes for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.intake.domain.commands import Attachment, Contact, CustomerFacts
from services.intake.domain.identity import email_address

from .automatic import is_automatic
from .cleaning import clean
from .conversation import answered, message_id, subject_of, ticket_reference
from .headers import Mailbox, MailHeaders, instant, mailboxes
from .markup import Markup, marked_up, read_markup

#: What a ticket's channel is when it comes by mail.
CHANNEL: Final = "email"

#: Who wrote it, by the first of these headers that holds an address.
_WRITERS: Final = ("from", "sender", "reply-to", "return-path")


class MailError(ValueError):
    """The mail cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it was delivered: the one form that all providers' calls are brought into.

    `html` is as it was sent. `envelope_sender` is the address that SMTP was told, empty for bounces;
    None where nobody says.
    """

    headers: MailHeaders
    text: str | None = None
    html: str | None = None
    files: tuple[Attachment, ...] = ()
    envelope_sender: str | None = None


def contact_of(letter: Letter) -> Contact:
    """What the writer wishes for: a new ticket, or to be heard on one. Raises MailError.

    The writer is who stands in From: where answers should go instead says nothing about who asks.
    The text is whole, quotes and signature in it; who reads it for meaning strips them (semantics V1).
    """
    headers = letter.headers
    automatic = is_automatic(headers, letter.envelope_sender)
    writer = writer_of(letter)
    if writer is None and not automatic:
        raise MailError("The mail names no sender.")
    subject = subject_of(headers)
    markup = read_markup(letter.html) if letter.html else None
    return Contact(
        external_id=message_id(headers) or _nameless(letter),
        occurred_at=_sent_at(headers),
        customer=_customer(writer),
        subject=subject,
        body=_text(letter, markup),
        channel=CHANNEL,
        automatic=automatic,
        answers=answered(headers),
        reference=ticket_reference(subject),
        html=markup.harmless if markup else None,
        attachments=letter.files,
    )


def writer_of(letter: Letter) -> Mailbox | None:
    """Who wrote it, None for a mail that names nobody."""
    for header in _WRITERS:
        if found := mailboxes(letter.headers.every(header)):
            return found[0]
    found = mailboxes([letter.envelope_sender or ""])
    return found[0] if found else None


def joined(letters: Iterator[tuple[str | None, str | None]]) -> tuple[str | None, str | None]:
    """Several bodies, each text and HTML, as one of each; what one form lacks is made of the other."""
    bodies = [body for body in letters if any(part and part.strip() for part in body)]
    if len(bodies) <= 1:
        return bodies[0] if bodies else (None, None)
    text = "\n".join(
        text if text is not None else read_markup(html or "").text for text, html in bodies
    )
    if not any(html for _, html in bodies):
        return text, None
    return text, "\n".join(html or marked_up(text or "") for text, html in bodies)


def _text(letter: Letter, markup: Markup | None) -> str:
    if letter.text and letter.text.strip():
        return clean(letter.text)
    return markup.text if markup else ""


def _customer(writer: Mailbox | None) -> CustomerFacts:
    if writer is None:
        return CustomerFacts(customer_id="")
    address = email_address(writer.address)
    return CustomerFacts(
        customer_id="",
        addresses=(address,) if address else None,
        contact={"email": writer.address} | ({"name": writer.name} if writer.name else {}),
    )


def _sent_at(headers: MailHeaders) -> datetime | None:
    return instant(headers.first("date") or "")


def _nameless(letter: Letter) -> str:
    """The name of a mail that has none: the same for the same mail, whatever brought it."""
    named = (letter.headers.first(name) or "" for name in ("from", "date", "subject"))
    told = "\0".join([*named, letter.text or "", letter.html or ""])
    return f"sha256:{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()}"
