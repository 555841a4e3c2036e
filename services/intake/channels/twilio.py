"""Twilio: text messages that come in, and calls that came in and are over. The same for its WhatsApp numbers.

Signed with HMAC-SHA1 over the configured URL and the form's names and values in order; a body that is
no form by its SHA-256 in the query. Delivery reports, calls under way and calls of our own mean nothing. Not
verified: that `bodySHA256` stands last in the query, and that forms are always spelt as in `_FORM`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl

from services.intake.domain.commands import Attachment, Contact
from services.intake.domain.identity import telephone_address

from .base import Call, Channel, Greeting, Member, SignatureError, Source
from .chats import decoded, place, reader, said, unfetched, whole
from .fields import canonical, demanded, identifier, line, number, text
from .people import asker
from .signatures import hmac_verifier, need, need_url

#: Twilio texts the customer whatever it is answered: nothing is said.
SILENCE: Final = Greeting(b"<Response/>", "text/xml")

#: The workflow's channel for calls.
PHONE: Final = "phone"

_BODY_HASH: Final = "bodySHA256"
_MOST_FIELDS: Final = 500
_MOST_FILES: Final = 10

#: The one spelling of a form: another spelling of the same values would pass with their signature (S01).
_FORM: Final = re.compile(rb"(?:[!-$&-~]|%[0-9A-F]{2})*")

#: What the carriers act upon by themselves: not meant for us.
_TO_THE_CARRIER: Final = frozenset(
    (
        "stop",
        "stopall",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "optout",
        "revoke",
        "start",
        "unstop",
    )
)

#: ANONYMOUS, RESTRICTED, UNAVAILABLE, UNKNOWN and BLOCKED on the keys of a telephone.
_WITHHELD: Final = frozenset({"266696687", "7378742833", "86282452253", "8656696", "2562533"})

#: How calls end, in words.
_ENDS: Final = {
    "completed": "Incoming call",
    "no-answer": "Missed call (no answer)",
    "busy": "Missed call (busy)",
    "canceled": "Missed call (hung up)",
    "failed": "Missed call (failed)",
}


def twilio(source: Source) -> Channel:
    """The adapter of one Twilio account; its secrets are auth tokens. Raises SecretError."""
    verify = hmac_verifier(
        need(source),
        header="x-twilio-signature",
        signed=partial(_signed, need_url(source)),
        algorithm="sha1",
        encoding="base64",
    )
    return Channel(
        verify,
        _members,
        reader(partial(_commands, source.name)),
        answer=SILENCE,
        retried=False,
    )


def _signed(url: str, call: Call) -> bytes:
    """What was signed; raises ValueError for a form of another spelling."""
    if _BODY_HASH not in call.query:
        return (url + "".join(map("".join, sorted(set(_pairs(call.raw)))))).encode()
    own = hashlib.sha256(call.raw).hexdigest()
    if not hmac.compare_digest(own.encode(), ",".join(call.query.getlist(_BODY_HASH)).encode()):
        raise SignatureError("signature")
    return f"{url}{'&' if '?' in url else '?'}{_BODY_HASH}={own}".encode()


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    if not _FORM.fullmatch(raw):
        raise ValueError("no form")
    return parse_qsl(
        raw.decode(),
        keep_blank_values=True,
        strict_parsing=bool(raw),
        errors="strict",
        max_num_fields=_MOST_FIELDS,
    )


def _members(call: Call) -> Sequence[Member]:
    """The form as JSON, under the names Twilio gives its fields."""
    raw = call.raw if _BODY_HASH in call.query else canonical(dict(_pairs(call.raw)))
    fields = decoded(raw)
    message = _message_id(fields)
    if message:
        return whole(raw, message, _status(fields))
    return whole(raw, identifier(fields, "CallSid"), text(fields, "CallStatus"))


def _message_id(fields: Any) -> str | None:
    return identifier(fields, "MessageSid") or identifier(fields, "SmsSid")


def _status(fields: Any) -> str:
    return text(fields, "MessageStatus") or text(fields, "SmsStatus") or "received"


def _commands(source: str, fields: Any) -> Iterator[Contact]:
    if _message_id(fields):
        if _status(fields) in {"received", "receiving"}:
            yield from _message(source, fields)
    elif (
        identifier(fields, "CallSid")
        and text(fields, "CallStatus") in _ENDS
        and demanded(fields, "Direction") == "inbound"
    ):
        yield from _call(source, fields)


def _message(source: str, fields: Any) -> Iterator[Contact]:
    """The words that stop and start texting are said to the carrier; `help` may be a cry for it."""
    sender = demanded(fields, "From")
    words, phone = text(fields, "Body"), _number(sender)
    kind, _, writer = sender.rpartition(":")
    is_machine = not kind and not phone  # a short code or a brand
    yield from said(
        asker(
            source,
            None if phone else sender,
            ticket="",
            name=line(fields, "ProfileName"),
            phone=phone,
        ),
        words or _where(fields),
        None,
        session=(f"{kind or 'sms'}:{writer}",),
        files=[_file(fields, n) for n in range(min(number(fields, "NumMedia") or 0, _MOST_FILES))],
        automatic=is_machine or words.strip().lower() in _TO_THE_CARRIER,
    )


def _number(sender: str) -> str:
    """The telephone number of `sender`, empty for whoever has none or withholds it."""
    number = sender.rpartition(":")[2]
    is_known = number.startswith("+") and number[1:] not in _WITHHELD
    return number if is_known and telephone_address(number) else ""


def _where(fields: Any) -> str:
    latitude, longitude = text(fields, "Latitude") or None, text(fields, "Longitude") or None
    return place(latitude, longitude, line(fields, "Label"), line(fields, "Address"))


def _file(fields: Any, n: int) -> Attachment:
    return unfetched(fields, kind=f"MediaContentType{n}", otherwise=f"media {n + 1}")


def _call(source: str, fields: Any) -> Iterator[Contact]:
    """A call that is over, in a line of ours. Who withholds the number is a stranger each time."""
    caller, call_id = demanded(fields, "From"), demanded(fields, "CallSid")
    phone = _number(caller)
    is_withheld = caller == "anonymous" or caller[1:] in _WITHHELD
    minutes, seconds = divmod(number(fields, "CallDuration") or 0, 60)
    lasted = f", {minutes} min {seconds} s" if minutes or seconds else ""
    subject = _ENDS[text(fields, "CallStatus")] + lasted
    yield from said(
        asker(
            source,
            None if phone or is_withheld else caller,
            ticket=call_id,
            name=line(fields, "CallerName"),
            phone=phone,
        ),
        f"{subject}. From {'a withheld number' if is_withheld else caller} to {line(fields, 'To', most=100)}.",
        None,
        thread=None if phone else f"call:{call_id}",
        session=(f"call:{phone}",) if phone else (),
        files=[unfetched(fields, otherwise="recording")] if text(fields, "RecordingUrl") else (),
        subject=subject,
        channel=PHONE,
    )
