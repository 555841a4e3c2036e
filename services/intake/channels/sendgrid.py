"""SendGrid's Inbound Parse: a mail as the fields of a form, either taken apart or raw.

It is proved by a token: its signatures exist only where a security policy is attached, and the names of
their headers are not verified. A retry may put other bytes between the fields: what they say tells a
repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from services.intake.mail.form import Form, read_form
from services.intake.mail.headers import MailHeaders
from services.intake.mail.letter import Letter, MailError
from services.intake.mail.rfc822 import read_headers, read_letter

from .base import Call, Channel, Member, Parsed, Source
from .mails import MOST_MAIL_BYTES, mail_key, parsed_mail, uploaded
from .signatures import token_verifier

#: The fields that hold a mail's headers, in either of the two modes.
_WHOLE: Final = "email"
_HEADERS: Final = "headers"


def sendgrid(source: Source) -> Channel:
    """The adapter of one host of Inbound Parse. Raises SecretError."""
    return Channel(
        verify=token_verifier(source.secrets),
        members=_members,
        parse=_parse,
        most_bytes=MOST_MAIL_BYTES,
    )


def _members(call: Call) -> tuple[Member]:
    try:
        form = read_form(call.raw)
    except MailError:
        return (Member(mail_key(MailHeaders(()), call.raw), call.raw),)
    headers = read_headers(form.fields.get(_WHOLE) or form.fields.get(_HEADERS, b""))
    return (Member(mail_key(headers, call.raw), call.raw, form.digest()),)


def _parse(raw: bytes) -> Parsed:
    return parsed_mail(raw, _letter)


def _letter(raw: bytes) -> Letter:
    form = read_form(raw)
    sender = _object(form, "envelope").get("from")
    envelope_sender = sender if isinstance(sender, str) else None
    if (whole := form.fields.get(_WHOLE)) is not None:
        return replace(read_letter(whole), envelope_sender=envelope_sender)
    charsets = _object(form, "charsets")
    said = [(name, _text(form, name, charsets) or "") for name in ("from", "subject")]
    headers = read_headers(form.fields.get(_HEADERS, b""))
    return Letter(
        headers=MailHeaders.of([*headers.pairs, *said]),
        text=_text(form, "text", charsets),
        html=_text(form, "html", charsets),
        files=uploaded(form),
        envelope_sender=envelope_sender,
    )


def _text(form: Form, name: str, charsets: Mapping[str, Any]) -> str | None:
    charset = charsets.get(name)
    return form.text(name, charset if isinstance(charset, str) else None)


def _object(form: Form, name: str) -> Mapping[str, Any]:
    """A field that holds a JSON object; none, where it does not."""
    try:
        found = msgspec.json.decode(form.text(name) or "{}")
    except (msgspec.MsgspecError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
