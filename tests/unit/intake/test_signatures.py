"""How providers prove themselves: HMACs of any kind, and tokens where nothing is signed (S01–S07)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from services.intake.channels.base import Call, SecretError, SignatureError, Source
from services.intake.channels.signatures import (
    hmac_verifier,
    iso_instant,
    need,
    need_url,
    raw_body,
    token_verifier,
    unix_milliseconds,
    unix_seconds,
)

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
OLD, NEW = b"the old secret", b"the new secret"
BODY = '{"subject": "grün"}'.encode()
TOKEN = "Zm9yLXRlc3Rpbmctb25seQ_"

Verify = Callable[[Call, datetime], None]


def digest(secret: bytes = OLD, algorithm: str = "sha256", body: bytes = BODY) -> bytes:
    return hmac.digest(secret, body, algorithm)


def a_call(*headers: tuple[str, str], body: bytes = BODY, token: str | None = None) -> Call:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return Call("POST", Headers(raw=raw), body, token=token)


def verdict(verify: Verify, call: Call, now: datetime = NOW) -> str:
    """`accepted`, or the reason of the refusal."""
    try:
        verify(call, now)
    except SignatureError as error:
        return error.reason
    return "accepted"


def by_hex(**changed: Any) -> Verify:
    scheme = {"header": "X-Signature", "signed": raw_body, "prefix": "sha256=", **changed}
    return hmac_verifier([OLD, NEW], **scheme)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_S04_either_secret_proves_a_call_during_a_rotation(secret: bytes) -> None:
    call = a_call(("X-Signature", f"sha256={digest(secret).hex()}"))

    assert verdict(by_hex(), call) == "accepted"


def test_a_digest_may_be_written_in_base64() -> None:
    verify = hmac_verifier([OLD], header="X-S", signed=raw_body, encoding="base64")

    assert verdict(verify, a_call(("X-S", base64.b64encode(digest()).decode()))) == "accepted"


def test_S05_a_weaker_algorithm_is_not_the_callers_to_choose() -> None:
    call = a_call(("X-Signature", f"sha1={digest(algorithm='sha1').hex()}"))

    assert verdict(by_hex(), call) == "malformed"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", "malformed"),
        ("sha256=", "malformed"),
        (digest().hex(), "malformed"),
        (f"sha256={digest().hex()[:-1]}", "malformed"),
        (f"sha256={digest().hex()[:-2]}", "signature"),
        (f"sha256={digest().hex()}00", "signature"),
        (f"sha256={digest().hex().upper()}", "malformed"),
        (f"sha256={digest().hex()} ", "malformed"),
        (f"sha256= {digest().hex()[1:]}", "malformed"),
        (f"SHA256={digest().hex()}", "malformed"),
        (f"sha256={digest(b'another').hex()}", "signature"),
        (f"sha256={digest(body=b'another').hex()}", "signature"),
        ("sha256=\u00e4\u00ff", "malformed"),
        ("\u00ff" * 71, "malformed"),
    ],
)
def test_S02_whatever_the_header_holds_is_a_refusal_never_an_error(
    value: str, expected: str
) -> None:
    assert expected == verdict(by_hex(), a_call(("X-Signature", value)))


def test_S02_a_header_must_be_there_once() -> None:
    right = ("X-Signature", f"sha256={digest().hex()}")

    assert verdict(by_hex(), a_call()) == "missing"
    assert verdict(by_hex(), a_call(right, right)) == "malformed"


def test_base64_that_means_the_same_bytes_but_is_written_otherwise_is_refused() -> None:
    verify = hmac_verifier([OLD], header="X-S", signed=raw_body, encoding="base64")
    right = base64.b64encode(digest()).decode()
    twin = right[:-2] + chr(ord(right[-2]) + 1) + "="

    assert base64.b64decode(twin) == base64.b64decode(right)
    assert verdict(verify, a_call(("X-S", twin))) == "malformed"
    assert verdict(verify, a_call(("X-S", right.rstrip("=")))) == "malformed"


def timed(reader: Callable[[Call], datetime]) -> Verify:
    return by_hex(sent_at=reader, prefix="")


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        (-301, "timestamp"),
        (-300, "accepted"),
        (0, "accepted"),
        (300, "accepted"),
        (301, "timestamp"),
    ],
)
def test_S03_the_signed_time_may_be_300_seconds_off(off: int, expected: str) -> None:
    sent = NOW + timedelta(seconds=off)
    seconds = int(sent.timestamp())
    for reader, value in (
        (unix_seconds("X-Time"), str(seconds)),
        (unix_milliseconds("X-Time"), str(seconds * 1000)),
        (iso_instant("X-Time"), sent.strftime("%Y-%m-%dT%H:%M:%SZ")),
        (iso_instant("X-Time"), sent.strftime("%Y-%m-%dT%H:%M:%S.000123456Z")),
    ):
        call = a_call(("X-Signature", digest().hex()), ("X-Time", value))
        assert expected == verdict(timed(reader), call), value


@pytest.mark.parametrize(
    "value", ["", "soon", "-1", "1e9", "\u00b2", "9" * 40, "2026-06-31T10:00:00Z", "1780308000.5"]
)
def test_S03_a_time_that_is_none_is_a_refusal(value: str) -> None:
    call = a_call(("X-Signature", digest().hex()), ("X-Time", value))

    for reader in (unix_seconds("X-Time"), unix_milliseconds("X-Time"), iso_instant("X-Time")):
        assert verdict(timed(reader), call) == "malformed"


def test_a_part_that_should_be_signed_and_is_not_there_is_a_refusal() -> None:
    verify = by_hex(signed=lambda call: call.headers["x-time"].encode())

    assert verdict(verify, a_call(("X-Signature", f"sha256={digest().hex()}"))) == "malformed"


@given(st.lists(st.binary(max_size=80), max_size=3))
def test_S01_nothing_but_a_signature_of_ours_is_accepted(values: list[bytes]) -> None:
    offered = Headers(raw=[(b"x-signature", value) for value in values])

    assert verdict(by_hex(), Call("POST", offered, BODY)) != "accepted"


def basic(password: str, name: str = "tierline") -> tuple[str, str]:
    return "Authorization", "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "call",
    [
        a_call(token=TOKEN),
        a_call(basic(TOKEN)),
        a_call(basic(TOKEN, "")),
        a_call(("Authorization", f"Bearer {TOKEN}")),
        a_call(("X-Token", TOKEN)),
    ],
)
def test_S07_a_token_may_come_in_the_path_in_authorization_or_in_a_header(call: Call) -> None:
    verify = token_verifier(["x" * 22, TOKEN], header="X-Token")

    assert verdict(verify, call) == "accepted"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (a_call(), "missing"),
        (a_call(token=""), "missing"),
        (a_call(token=TOKEN[:-1]), "signature"),
        (a_call(token="\u00e4" * 22), "signature"),
        (a_call(token="\ud800"), "signature"),
        (a_call(("X-Other", TOKEN)), "missing"),
        (a_call(("X-Token", "\u00ff")), "signature"),
        (a_call(("X-Token", TOKEN), ("X-Token", TOKEN)), "malformed"),
        (a_call(basic("wrong")), "signature"),
        (a_call(("Authorization", "Basic not base64")), "signature"),
        (a_call(("Authorization", "Basic \u00e4")), "signature"),
        (a_call(("Authorization", "Basic")), "signature"),
        (a_call(("Authorization", f"Digest {TOKEN}")), "missing"),
        (a_call(("Authorization", "\u00ff")), "missing"),
    ],
)
def test_S07_without_the_token_nothing_is_accepted(call: Call, expected: str) -> None:
    assert expected == verdict(token_verifier([TOKEN], header="X-Token"), call)


@pytest.mark.parametrize("token", ["", "short", "x" * 21, "x" * 257, "with a space in its middle!"])
def test_S07_a_token_that_could_be_guessed_is_refused_at_the_start(token: str) -> None:
    with pytest.raises(SecretError, match="no token"):
        token_verifier([TOKEN, token])


def test_S01_no_secret_never_means_no_verification() -> None:
    with pytest.raises(SecretError, match="has no secret"):
        need(Source("s", ()))
    with pytest.raises(SecretError, match="empty secret"):
        need(Source("s", ("good", " ")))
    with pytest.raises(SecretError, match="has no secret"):
        hmac_verifier([], header="X-S", signed=raw_body)
    with pytest.raises(SecretError, match="has no secret"):
        token_verifier([])
    assert need(Source("s", ("one", "zwö"))) == (b"one", "zwö".encode())


def test_S06_a_provider_that_signs_its_url_needs_it_configured() -> None:
    with pytest.raises(SecretError) as told:
        need_url(Source("s", ("one",)))

    assert told.value.setting == "PUBLIC_URL"
    assert need_url(Source("s", ("one",), "https://t.example/x")) == "https://t.example/x"
