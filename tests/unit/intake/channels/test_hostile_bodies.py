"""Authentic rubbish: whatever an authentic body holds, reading it raises nothing (security S10, D1)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, quote_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.channels import CHANNELS, Call
from tests.support.signing import SIGNINGS

NOW: Final = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)

CHANNEL_OF: Final = {
    name: CHANNELS[name.partition(":")[0]](signing.source) for name, signing in SIGNINGS.items()
}

HOSTILE: Final[dict[str, bytes]] = {
    "nothing": b"",
    "a word": b"nonsense",
    "no UTF-8": b'{"id": "\xff\xfe"}',
    "a lone surrogate": b'{"id": "\\ud800", "text": "\\udfff"}',
    "a surrogate in bytes": b'{"id": "\xed\xa0\x80"}',
    "not a number": b'{"id": NaN, "amount": Infinity}',
    "beyond a double": b'{"id": 1e400}',
    "beyond 64 bits": b'{"id": ' + b"9" * 4000 + b"}",
    "digits without end": b'{"id": ' + b"9" * 100_000 + b"}",
    "a byte-order mark": b"\xef\xbb\xbf{}",
    "NUL": b'{"id": "a\\u0000b", "ticket": {"id": "\\u0000"}}',
    "arrays in arrays": b"[" * 100_000,
    "objects in objects": b'{"a":' * 100_000,
    "closed again": b"[" * 500 + b"]" * 500,
    "keys": json.dumps({f"k{number}": number for number in range(20_000)}).encode(),
    "null": b"null",
    "a list of lists": b"[[], [[]], {}, null, 1]",
    "a list of much": b"[" + b"{}," * 5000 + b"{}]",
    "a string without end": b'{"id": "' + b'\\"' * 50_000,
    "many fields": b"&".join(b"a%d=b" % number for number in range(20_000)),
    "many headers": b"".join(b"X-%d: y\r\n" % number for number in range(20_000)),
}


#: Fields of a form that are not signed as bytes: what is hostile stands in them.
_MAILGUN: Final = ("From", "Message-Id", "message-headers", "body-plain", "body-html", "subject")
_TWILIO: Final = ("From", "MessageSid", "Body", "NumMedia", "MediaUrl0")


def authentic(name: str, raw: bytes) -> Call:
    """A call of which `raw` is the body; of a form, whose fields are what was proved, each field."""
    call = SIGNINGS[name].call(NOW)
    hostile = quote_from_bytes(raw).encode()
    match name:
        case "mailgun":
            fields = b"&".join(field.encode() + b"=" + hostile for field in _MAILGUN)
            return replace(call, raw=call.raw + b"&" + fields)
        case "twilio:form":  # what is no UTF-8 has no valid signature
            hostile = quote(raw.decode(errors="replace")).encode()
            fields = b"&".join(field.encode() + b"=" + hostile for field in _TWILIO)
            return replace(call, raw=fields)
        case _:
            return replace(call, raw=raw)


def read(name: str, raw: bytes) -> None:
    """Split and read a call as the webhook does after it is verified."""
    call = authentic(name, raw)
    channel = CHANNEL_OF[name]
    channel.greet(call)
    for member in channel.members(call):
        parsed = channel.parse(member.raw)
        assert member.key
        member.key.encode()
        for unreadable in parsed.unreadable:
            unreadable.detail.encode()


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("name", SIGNINGS)
def test_S10_hostile_bodies_are_read_without_an_error(name: str, what: str) -> None:
    read(name, HOSTILE[what])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=20,
)


@pytest.mark.parametrize("name", SIGNINGS)
@settings(max_examples=25)
@given(value=_JSON)
def test_S10_any_json_is_read_without_an_error(name: str, value: object) -> None:
    read(name, json.dumps(value, ensure_ascii=True).encode())


@pytest.mark.parametrize("name", SIGNINGS)
@settings(max_examples=25)
@given(raw=st.binary(max_size=300))
def test_S10_any_bytes_are_read_without_an_error(name: str, raw: bytes) -> None:
    read(name, raw)
