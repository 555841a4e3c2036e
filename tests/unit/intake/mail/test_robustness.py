"""No bytes are a surprise: every mutation of every sample is read, or unreadable for a reason we wrote."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.channels import CHANNELS, Source
from services.intake.channels.base import Parsed
from tests.support.mails import RAW_MAILS, TOKEN, a_form, a_mail, a_part, multipart

_MADE = (
    a_mail(In_Reply_To="<a@x>", References="<b@x> <c@x>", Date="Mon, 2 Mar 2026 10:00:00 +0100"),
    multipart(a_part("x"), a_part("<b>x</b>", "text/html; charset=utf-8"), kind="alternative"),
    multipart(a_part("From: b@x.example\r\n\r\nx", "message/rfc822")),
    a_mail(subject="=?utf-8?b?R3LDvMOfZQ==?=", Content_Transfer_Encoding="base64"),
)
_MAILS = (*_MADE, *(path.read_bytes() for path in RAW_MAILS))
_FORMS = (
    a_form(
        {"from": "a@x.example", "text": "x", "charsets": '{"text":"utf-8"}'}, ("a.txt", "", b"")
    ),
    *(a_form({"email": mail}) for mail in _MADE),
    b"from=a%40x.example&body-plain=x&message-headers=%5B%5B%22Message-Id%22%2C%22%3Ca%3E%22%5D%5D",
)
_JSON = b'{"From":"a@x.example","Headers":[{"Name":"A","Value":"b"}],"Attachments":[{"Content":"eA=="}]}'


def _parser(name: str) -> Callable[[bytes], Parsed]:
    return CHANNELS[name](Source(name, (TOKEN,))).parse


def _understood(parsed: Parsed) -> None:
    """Every answer is storable, and no error was one that nobody foresaw."""
    msgspec.json.encode([command for _, command in parsed.commands])
    assert not any(
        part.detail.startswith("The mail could not be read") for part in parsed.unreadable
    )
    assert len(parsed.commands) + len(parsed.unreadable) == 1


def _mutated(raw: bytes, seed: int) -> bytes:
    """`raw` with some bytes changed, cut out, doubled or swapped."""
    dice = random.Random(seed)
    body = bytearray(raw)
    for _ in range(dice.randint(1, 8)):
        at, length = dice.randrange(len(body) + 1), dice.choice([1, 1, 4, 40])
        match dice.randrange(4):
            case 0:
                body[at : at + length] = dice.randbytes(length)
            case 1:
                del body[at : at + length]
            case 2:
                body[at:at] = body[at : at + length]
            case _:
                body[at:at] = dice.choice(
                    [b"=?", b"?=", b"\r\n", b"--", b";", b"\0", b'"', b"(", b"\xff"]
                )
    return bytes(body)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(_MAILS), st.integers(0, 2**32))
def test_S26_no_mutation_of_a_mail_surprises(raw: bytes, seed: int) -> None:
    _understood(_parser("email")(_mutated(raw, seed)))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(_FORMS), st.integers(0, 2**32), st.sampled_from(["mailgun", "sendgrid"]))
def test_S26_no_mutation_of_a_form_surprises(raw: bytes, seed: int, channel: str) -> None:
    _understood(_parser(channel)(_mutated(raw, seed)))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_S26_no_mutation_of_a_document_surprises(seed: int) -> None:
    _understood(_parser("postmark")(_mutated(_JSON, seed)))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["email", "mailgun", "postmark", "sendgrid"]))
def test_S26_no_bytes_surprise(raw: bytes, channel: str) -> None:
    _understood(_parser(channel)(raw))


@pytest.mark.parametrize("path", RAW_MAILS, ids=lambda path: path.name)
def test_every_real_mail_is_read_or_unreadable_for_a_reason(path: object) -> None:
    raw = path.read_bytes()  # type: ignore[attr-defined]

    parsed = _parser("email")(raw)

    _understood(parsed)
    assert [part.detail for part in parsed.unreadable] in ([], ["The mail names no sender."])
