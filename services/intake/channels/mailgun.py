"""Mailgun's routes: a mail as the fields of a form, of which a time and a token are signed.

The signature does not cover the mail, so a call that was seen can be used for another one: its token is
the delivery's key, and what comes with a used token is parked. A retry may come hours after the mail
(webhooks 3) and 406 ends it, so the signed time is bounded by the span of the retries, not by 300 s.
Unverified: whether a retry has a new token and time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from services.intake.mail.form import Form, read_form
from services.intake.mail.headers import MailHeaders
from services.intake.mail.letter import Letter, MailError
from services.intake.mail.rfc822 import read_letter

from .base import Call, Channel, Codes, Member, Parsed, SignatureError, Source
from .mails import MOST_MAIL_BYTES, parsed_mail, uploaded
from .reading import key_of
from .signatures import TOLERANCE_SECONDS, need, prove_hmac

#: Mailgun calls again for hours after anything but 200; only 406 ends that (webhooks 4).
CODES: Final = Codes(refused=406)

#: Routes are tried again for eight hours at most.
RETRIED: Final = timedelta(hours=12)

#: Exactly this long: time and token are signed without anything between them.
_TIMESTAMP: Final = re.compile(r"[0-9]{10}")
_TOKEN: Final = re.compile(r"[0-9A-Za-z]{20,200}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}")

_pairs = msgspec.json.Decoder(list[tuple[str, str]])


def mailgun(source: Source) -> Channel:
    """The adapter of one Mailgun account; the secret is its HTTP webhook signing key. Raises SecretError."""
    secrets = need(source)
    return Channel(
        verify=lambda call, now: _verify(secrets, call, now),
        members=_members,
        parse=_parse,
        codes=CODES,
        most_bytes=MOST_MAIL_BYTES,
    )


def _verify(secrets: Sequence[bytes], call: Call, now: datetime) -> None:
    try:
        form = read_form(call.raw)
    except MailError as error:
        raise SignatureError("malformed") from error
    timestamp, token = _signed(form, "timestamp", _TIMESTAMP), _signed(form, "token", _TOKEN)
    signature = _signed(form, "signature", _SIGNATURE)
    prove_hmac(secrets, (timestamp + token).encode(), signature, "sha256", "hex")
    age = now - datetime.fromtimestamp(int(timestamp), UTC)
    if not timedelta(seconds=-TOLERANCE_SECONDS) <= age <= RETRIED:
        raise SignatureError("timestamp")


def _signed(form: Form, name: str, shape: re.Pattern[str]) -> str:
    value = form.text(name)
    if value is None:
        raise SignatureError("missing")
    if name in form.repeated or not shape.fullmatch(value):
        raise SignatureError("malformed")
    return value


def _members(call: Call) -> tuple[Member]:
    return (Member(key_of(read_form(call.raw).text("token"), call.raw), call.raw),)


def _parse(raw: bytes) -> Parsed:
    return parsed_mail(raw, _letter)


def _letter(raw: bytes) -> Letter:
    form = read_form(raw)
    if (whole := form.fields.get("body-mime")) is not None:
        return replace(read_letter(whole), envelope_sender=form.text("sender"))
    return Letter(
        headers=MailHeaders.of(_headers(form)),
        text=form.text("body-plain"),
        html=form.text("body-html"),
        files=uploaded(form),
        envelope_sender=form.text("sender"),
    )


def _headers(form: Form) -> Iterator[tuple[str, str]]:
    """All headers in one field, as JSON; without it, those that have fields of their own."""
    try:
        yield from _pairs.decode(form.text("message-headers") or "[]")
    except msgspec.MsgspecError as error:
        raise MailError("The field message-headers is no list of names and values.") from error
    for name in ("From", "Subject", "Date", "Message-Id", "In-Reply-To", "References"):
        value = form.text(name) or form.text(name.lower())
        if value is not None:
            yield name, value
