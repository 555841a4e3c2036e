"""Standard Webhooks: what is let in, judged against the scheme's own library (security S01–S05)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from starlette.datastructures import Headers

from services.intake.channels.base import SecretError, SignatureError
from services.intake.channels.standard_webhooks import StandardWebhooks
from tests.support.intake import NEXT_SECRET, SECRET, signed

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
BODY = '{"type": "ticket.open", "subject": "grün"}'.encode()


def headers(**changed: str | None) -> Headers:
    """The headers of a rightly signed call, with some values changed (None: left out)."""
    right = signed(BODY, NOW, message_id="m-1")
    named = {name.replace("_", "-"): value for name, value in changed.items()}
    return Headers({k: v for k, v in {**right, **named}.items() if v is not None})


def verdict(given_headers: Headers, body: bytes = BODY, now: datetime = NOW) -> str:
    """`accepted`, or the reason of the refusal."""
    try:
        StandardWebhooks([SECRET, NEXT_SECRET]).verify(given_headers, body, now=now)
    except SignatureError as error:
        return error.reason
    return "accepted"


def test_what_the_library_signs_is_accepted() -> None:
    assert verdict(headers()) == "accepted"


@pytest.mark.parametrize("secret", [SECRET, NEXT_SECRET])
def test_S04_both_secrets_are_in_force_during_a_rotation(secret: str) -> None:
    proof = Headers(signed(BODY, NOW, message_id="m-1", secret=secret))

    assert verdict(proof) == "accepted"


def test_a_header_with_several_signatures_needs_one_that_is_right() -> None:
    right = headers()["webhook-signature"]

    assert verdict(headers(webhook_signature=f"v1a,xyz v1,AAAA {right}")) == "accepted"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-301, "timestamp"),
        (-300, "accepted"),
        (0, "accepted"),
        (300, "accepted"),
        (301, "timestamp"),
    ],
)
def test_S03_the_signed_time_may_be_300_seconds_off(seconds: int, expected: str) -> None:
    proof = Headers(signed(BODY, NOW + timedelta(seconds=seconds), message_id="m-1"))

    assert expected == verdict(proof)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"webhook_id": None}, "missing"),
        ({"webhook_timestamp": None}, "missing"),
        ({"webhook_signature": None}, "missing"),
        ({"webhook_signature": ""}, "malformed"),
        ({"webhook_id": "m-2"}, "signature"),
        ({"webhook_id": "m" * 256}, "malformed"),
        ({"webhook_timestamp": "1780308001"}, "signature"),
        ({"webhook_timestamp": "soon"}, "malformed"),
        ({"webhook_timestamp": "1" * 40}, "malformed"),
        ({"webhook_timestamp": "-1"}, "malformed"),
        ({"webhook_timestamp": "\u00b2"}, "malformed"),
        ({"webhook_signature": "v1"}, "signature"),
        ({"webhook_signature": "v1,not base64!"}, "signature"),
        ({"webhook_signature": "v1,\u00e4"}, "signature"),
        ({"webhook_signature": "sha256=abc"}, "signature"),
        ({"webhook_signature": "v1,AAAA " * 20}, "malformed"),
    ],
)
def test_S02_anything_wrong_with_a_header_is_a_refusal_never_an_error(
    changed: dict[str, str | None], expected: str
) -> None:
    assert expected == verdict(headers(**changed))


def test_S02_a_repeated_header_proves_nothing() -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers().items()]
    repeated = Headers(raw=[*raw, (b"webhook-signature", b"v1,AAAA")])

    assert verdict(repeated) == "malformed"


def test_one_changed_byte_of_the_body_is_a_wrong_signature() -> None:
    assert verdict(headers(), BODY[:-1] + b" ") == "signature"


def test_a_body_that_is_no_utf8_can_be_verified() -> None:
    assert verdict(headers(), b"\xff\xfe") == "signature"


@given(
    st.binary(max_size=40).map(lambda raw: raw.decode("latin-1")),
    st.binary(max_size=20).map(lambda raw: raw.decode("latin-1")),
    st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")),
)
def test_S01_nothing_but_a_signature_of_ours_is_accepted(
    message_id: str, timestamp: str, signature: str
) -> None:
    changed = headers(
        webhook_id=message_id, webhook_timestamp=timestamp, webhook_signature=signature
    )

    assert verdict(changed) != "accepted"


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("secret", "does not begin with 'whsec_'"),
        ("whsec_", "0 bytes"),
        ("whsec_c2hvcnQ=", "5 bytes"),
        ("whsec_ä", "not base64"),
    ],
)
def test_a_secret_that_protects_nothing_is_refused(secret: str, told: str) -> None:
    with pytest.raises(SecretError, match=told):
        StandardWebhooks([secret])


def test_no_secret_never_means_no_verification() -> None:
    with pytest.raises(SecretError, match="has no secret"):
        StandardWebhooks([])


def test_the_library_accepts_what_we_would_accept() -> None:
    """The reader and the writer of the scheme agree on the same bytes (the library knows one clock)."""
    proof = signed(BODY, NOW, message_id="m-1")

    assert proof["webhook-signature"] == Webhook(SECRET).sign("m-1", NOW, BODY.decode())
