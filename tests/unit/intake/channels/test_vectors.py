"""The providers' published signatures, and some made by their own libraries, verify (security S01)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.datastructures import Headers

from services.intake.channels import CHANNELS, Call, SecretError, SignatureError, Source
from services.intake.channels.signatures import (
    hmac_verifier,
    iso_instant,
    only,
    prove_token,
    raw_body,
    unix_milliseconds,
)
from services.intake.channels.zendesk import SIGNATURE, TIMESTAMP, signed
from tests.support.signing import SIGNINGS, TOKENS

VECTORS: Final = (
    Path(__file__).parents[5] / "shared" / "data" / "webhook_payloads" / "signature_vectors.json"
)

Verify = Callable[[Call, datetime], None]
Vector = Mapping[str, Any]


def by_channel(vector: Vector) -> Verify:
    """As our channel verifies it, with the vector's secret."""
    source = Source("source", (vector["secret"],), public_url=vector.get("url"), verify_token="w")
    return CHANNELS[vector["provider"]](source).verify


def by_zendesk(vector: Vector) -> Verify:
    """The vector is made with Zendesk's public test secret, which no source of ours may have."""
    with pytest.raises(SecretError, match="public test secret"):
        by_channel(vector)
    return hmac_verifier(
        [vector["secret"].encode()],
        header=SIGNATURE,
        signed=signed,
        encoding="base64",
        sent_at=iso_instant(TIMESTAMP),
    )


def by_front(vector: Vector) -> Verify:
    """No channel of ours, but a scheme that could be one."""
    time = "x-front-request-timestamp"
    return hmac_verifier(
        [vector["secret"].encode()],
        header="x-front-signature",
        signed=lambda call: only(call.headers, time).encode() + b":" + call.raw,
        encoding="base64",
        sent_at=unix_milliseconds(time),
    )


def by_teams(vector: Vector) -> Verify:
    """No channel either: an outgoing webhook of Teams has a key in base64."""
    return hmac_verifier(
        [base64.b64decode(vector["secret"])],
        header="authorization",
        signed=raw_body,
        encoding="base64",
        prefix="HMAC ",
    )


def by_token(vector: Vector) -> Verify:
    """Where a token is all there is; the vectors' are shorter than we accept in a configuration."""
    header = next((name for name in vector["header"] if "Token" in name), None)
    token = vector.get("secret", "pass").encode()
    return lambda call, _now: prove_token([token], call, header=header)


def by_our_token(_vector: Vector) -> Verify:
    """Freshdesk has no proof of its own: the vector says so, and ours is the token."""
    verify = CHANNELS["freshdesk"](SIGNINGS["freshdesk"].source).verify
    return lambda call, now: verify(replace(call, token=TOKENS[0]), now)


OTHERS: Final[Mapping[str, Callable[[Vector], Verify]]] = {
    "zendesk": by_zendesk,
    "front": by_front,
    "msteams_outgoing": by_teams,
    "telegram": by_token,
    "postmark_inbound": by_token,
    "freshdesk": by_our_token,
}

#: When each was made, where that is signed.
MADE_AT: Final = {
    "slack": datetime.fromtimestamp(1531420618, UTC),
    "zendesk": datetime(2021, 7, 25, 10, 0, tzinfo=UTC),
    "hubspot": datetime.fromtimestamp(1700000000, UTC),
    "front": datetime.fromtimestamp(1700000000, UTC),
    "mailgun": datetime.fromtimestamp(1700000000, UTC),
}


def the_vectors() -> list[Vector]:
    found: list[Vector] = json.loads(VECTORS.read_text()) if VECTORS.exists() else []
    return found


def the_call(vector: Vector) -> Call:
    named = vector.get("header", {})
    raw = [(name.lower().encode(), value.encode()) for name, value in named.items()]
    form = "&".join(f"{name}={value}" for name, value in vector.get("params", {}).items())
    return Call(vector.get("method", "POST"), Headers(raw=raw), vector.get("body", form).encode())


@pytest.mark.skipif(not VECTORS.exists(), reason="the data folder is absent")
@pytest.mark.parametrize("vector", the_vectors(), ids=lambda vector: vector["provider"])
def test_S01_every_published_vector_verifies(vector: Vector) -> None:
    verify = OTHERS.get(vector["provider"], by_channel)(vector)
    now = MADE_AT.get(vector["provider"], datetime(2026, 6, 1, tzinfo=UTC))

    verify(the_call(vector), now + timedelta(seconds=1))


@pytest.mark.skipif(not VECTORS.exists(), reason="the data folder is absent")
@pytest.mark.parametrize(
    "vector",
    [vector for vector in the_vectors() if vector.get("header") and vector.get("secret")],
    ids=lambda vector: vector["provider"],
)
def test_S01_a_vector_with_another_byte_does_not_verify(vector: Vector) -> None:
    verify = OTHERS.get(vector["provider"], by_channel)(vector)
    now = MADE_AT.get(vector["provider"], datetime(2026, 6, 1, tzinfo=UTC))
    call = the_call(vector)
    forged = [replace(call, raw=raw) for raw in mutations(call.raw)]
    for name, value in call.headers.raw:
        others = [(k, v) for k, v in call.headers.raw if k != name]
        forged += [
            replace(call, headers=Headers(raw=[*others, (name, mutation)]))
            for mutation in mutations(value)
        ]

    for one in forged:
        with pytest.raises(SignatureError):
            verify(one, now)


def mutations(raw: bytes) -> list[bytes]:
    return [raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] for at in range(len(raw))]
