"""Postmark's inbound webhook: a mail taken apart, in JSON, signed by nobody.

Its own stripped reply is not used: it knows fewer languages, and drops what a reader may want to see.
Unverified: whether the headers it passes on hold a Return-Path for every bounce.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Final

import msgspec

from services.intake.domain.commands import Attachment
from services.intake.mail.files import kept_file, refused_file
from services.intake.mail.form import MOST_FILES
from services.intake.mail.headers import MailHeaders
from services.intake.mail.letter import Letter, MailError

from .base import Call, Channel, Codes, Member, Parsed, Source
from .mails import MOST_MAIL_BYTES, parsed_mail
from .reading import UNREADABLE, key_of
from .signatures import token_verifier

#: Postmark calls again for ten hours after anything but 200; only 403 ends that (webhooks 4).
CODES: Final = Codes(refused=403)


class _Header(msgspec.Struct, frozen=True, rename="pascal"):
    name: str = ""
    value: str = ""


class _File(msgspec.Struct, frozen=True, rename="pascal"):
    name: str = ""
    content: str = ""
    content_type: str = ""


class _Inbound(msgspec.Struct, frozen=True, rename="pascal"):
    """What is read of a call; the rest is ignored."""

    message_id: str = msgspec.field(default="", name="MessageID")
    from_: str = msgspec.field(default="", name="From")
    from_full: dict[str, str | None] = {}
    subject: str = ""
    date: str = ""
    text_body: str = ""
    html_body: str = ""
    headers: list[_Header] = []
    attachments: list[_File] = []


_decoder = msgspec.json.Decoder(_Inbound)


def postmark(source: Source) -> Channel:
    """The adapter of one Postmark server. Raises SecretError."""
    return Channel(
        verify=token_verifier(source.secrets),
        members=_members,
        parse=_parse,
        codes=CODES,
        most_bytes=MOST_MAIL_BYTES,
    )


def _members(call: Call) -> tuple[Member]:
    try:
        named = _decoder.decode(call.raw).message_id
    except UNREADABLE:
        named = ""
    return (Member(key_of(named.replace("\0", "")[:200].strip(), call.raw), call.raw),)


def _parse(raw: bytes) -> Parsed:
    return parsed_mail(raw, _letter)


def _letter(raw: bytes) -> Letter:
    try:
        mail = _decoder.decode(raw)
    except UNREADABLE as error:
        raise MailError(str(error) or type(error).__name__) from error
    return Letter(
        headers=MailHeaders.of(_headers(mail)),
        text=mail.text_body,
        html=mail.html_body or None,
        files=tuple(_files(mail.attachments)),
    )


def _headers(mail: _Inbound) -> Iterator[tuple[str, str]]:
    """Those of the mail, then what Postmark says in fields of its own, which it leaves out there."""
    yield from ((header.name, header.value) for header in mail.headers)
    yield "From", mail.from_
    if address := mail.from_full.get("Email"):
        yield "From", f"<{address}>"
    yield "Subject", mail.subject
    yield "Date", mail.date


def _files(files: list[_File]) -> Iterator[Attachment]:
    for number, file in enumerate(files[:MOST_FILES]):
        try:
            content = base64.b64decode(file.content)
        except (binascii.Error, ValueError):
            yield refused_file(file.name, file.content_type, "It could not be read.")
        else:
            yield kept_file(file.name, file.content_type, content, number=number)
