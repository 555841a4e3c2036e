"""Standard Webhooks: the scheme of our own webhook.

The scheme's own library reads the wall clock and lets errors of four kinds escape; here the clock is the
injected one and everything wrong is a SignatureError. The library is the judge in the tests.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from starlette.datastructures import Headers

from .base import SecretError, SignatureError
from .signatures import TOLERANCE_SECONDS, from_base64, only

#: The standard's bounds for a symmetric secret.
SECRET_BYTES: Final = range(24, 65)

_PREFIX: Final = "whsec_"
_ID_CHARACTERS: Final = 255
_SIGNATURES: Final = 16


class StandardWebhooks:
    """HMAC-SHA256 over `id.timestamp.body`, base64, any number of signatures in one header.

    Two secrets may be in force at once, for rotation; both are always computed and compared.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        """Raises SecretError for a secret that is not `whsec_` and 24 to 64 bytes in base64."""
        if not secrets:
            raise SecretError("has no secret")
        self._keys = tuple(_key(secret) for secret in secrets)

    def verify(self, headers: Headers, raw: bytes, *, now: datetime) -> None:
        """Raise SignatureError unless one key made one of the signatures, at most 300 s ago."""
        message_id, timestamp = only(headers, "webhook-id"), only(headers, "webhook-timestamp")
        offered = only(headers, "webhook-signature").split(" ")
        if len(message_id) > _ID_CHARACTERS or len(offered) > _SIGNATURES:
            raise SignatureError("malformed")
        if not (
            timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= len("9999999999")
        ):
            raise SignatureError("malformed")
        signed = f"{message_id}.{timestamp}.".encode("latin-1") + raw
        expected = [hmac.digest(key, signed, "sha256") for key in self._keys]
        matches = [
            hmac.compare_digest(mine, theirs) for theirs in _decoded(offered) for mine in expected
        ]
        if not any(matches):
            raise SignatureError("signature")
        if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
            raise SignatureError("timestamp")


def _key(secret: str) -> bytes:
    if not secret.startswith(_PREFIX):
        raise SecretError(f"has a secret that does not begin with {_PREFIX!r}")
    try:
        encoded = secret.removeprefix(_PREFIX).rstrip("=")
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError as error:
        raise SecretError("has a secret that is not base64") from error
    if len(key) not in SECRET_BYTES:
        raise SecretError(f"has a secret of {len(key)} bytes; 24 to 64 are needed")
    return key


def _decoded(offered: Sequence[str]) -> list[bytes]:
    """The signatures of the version we know; others belong to other readers."""
    known = []
    for entry in offered:
        version, _, encoded = entry.partition(",")
        if version == "v1" and (digest := from_base64(encoded)) is not None:
            known.append(digest)
    return known
