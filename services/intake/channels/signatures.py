"""Who signed it: the schemes by which providers prove themselves, as functions over the raw call.

Everything wrong with a call is a SignatureError, whatever bytes it is made of. The algorithm is the
source's, never the call's (security S05); the URL is the configured one (S06); the clock is injected.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final, Literal, TypeAlias

from starlette.datastructures import Headers

from .base import Call, SecretError, SignatureError, Source

#: How far the signed time may be from ours, either way (semantics D1).
TOLERANCE_SECONDS: Final = 300

#: Where nothing is signed the secret is all there is: 22 characters of this alphabet are 128 bits (S07).
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22,256}")

_LOWER_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+")
_SECONDS: Final = re.compile(r"[0-9]{1,10}")
_MILLISECONDS: Final = re.compile(r"[0-9]{11,13}")
_ISO: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?Z"
)

#: Says nothing of an authentic call; raises SignatureError for any other.
Verify: TypeAlias = Callable[[Call, datetime], None]
Encoding: TypeAlias = Literal["hex", "base64"]
Algorithm: TypeAlias = Literal["sha1", "sha256"]


def need(source: Source) -> tuple[bytes, ...]:
    """The source's secrets as keys. Raises SecretError when there is none, or an empty one (S01)."""
    if not source.secrets:
        raise SecretError("has no secret")
    if not all(secret.strip() for secret in source.secrets):
        raise SecretError("has an empty secret")
    return tuple(secret.encode() for secret in source.secrets)


def need_url(source: Source) -> str:
    """The URL that the provider signs. Raises SecretError when it is not configured (S06)."""
    if not source.public_url:
        raise SecretError("signs its URL, and has none", setting="PUBLIC_URL")
    return source.public_url


def hmac_verifier(
    secrets: Sequence[bytes],
    *,
    header: str,
    signed: Callable[[Call], bytes],
    algorithm: Algorithm = "sha256",
    encoding: Encoding = "hex",
    prefix: str = "",
    sent_at: Callable[[Call], datetime] | None = None,
) -> Verify:
    """Verifies a call whose one `header` is `prefix` and the HMAC of what `signed` makes of the call.

    With `sent_at`, a time that is part of what is signed, the call may be 300 s old (S03). Raises
    SecretError without secrets.
    """
    if not secrets or not all(secrets):
        raise SecretError("has no secret")

    def verify(call: Call, now: datetime) -> None:
        value = only(call.headers, header)
        if not value.startswith(prefix):
            raise SignatureError("malformed")
        try:
            message = signed(call)
        except (LookupError, ValueError) as error:  # a part of it is missing, or is no text
            raise SignatureError("malformed") from error
        prove_hmac(secrets, message, value[len(prefix) :], algorithm, encoding)
        if sent_at is not None:
            prove_time(sent_at(call), now)

    return verify


def token_verifier(tokens: Sequence[str], *, header: str | None = None) -> Verify:
    """Verifies a call of a provider that signs nothing by a token that it brings along.

    The token is the end of the path, the password of basic authentication (any name), a bearer token,
    or stands in `header`. Raises SecretError for one of less than 128 bits (S07).
    """
    if not tokens:
        raise SecretError("has no secret")
    if not all(_TOKEN.fullmatch(token) for token in tokens):
        raise SecretError("has a secret that is no token: 22 to 256 of A-Z, a-z, 0-9, - and _")
    return partial(_prove_token, tuple(token.encode() for token in tokens), header)


def prove_hmac(
    secrets: Sequence[bytes], signed: bytes, offered: str, algorithm: Algorithm, encoding: Encoding
) -> None:
    """Raise SignatureError unless one of the secrets made `offered`; all are computed and compared."""
    digest = _decoded(offered, encoding)
    if digest is None:
        raise SignatureError("malformed")
    expected = [hmac.digest(secret, signed, algorithm) for secret in secrets]
    if not _any_equal(expected, [digest]):
        raise SignatureError("signature")


def prove_token(tokens: Sequence[bytes], call: Call, *, header: str | None = None) -> None:
    """Raise SignatureError unless `call` brings one of the tokens along, where `token_verifier` says."""
    offered = list(_offered(call, header))
    if not offered:
        raise SignatureError("missing")
    if not _any_equal(tokens, offered):
        raise SignatureError("signature")


def prove_time(sent_at: datetime, now: datetime) -> None:
    """Raise SignatureError for a call sent more than 300 s ago, or ahead."""
    if abs((now - sent_at).total_seconds()) > TOLERANCE_SECONDS:
        raise SignatureError("timestamp")


def only(headers: Headers, name: str) -> str:
    """The one value of a header; one that is missing, empty or repeated proves nothing (S02)."""
    values = headers.getlist(name)
    if len(values) != 1 or not values[0]:
        raise SignatureError("malformed" if values else "missing")
    return values[0]


def raw_body(call: Call) -> bytes:
    """What most providers sign."""
    return call.raw


def unix_seconds(header: str) -> Callable[[Call], datetime]:
    """Reads the instant of a header with seconds since 1970."""
    return lambda call: datetime.fromtimestamp(int(_shaped(_SECONDS, call, header)), UTC)


def unix_milliseconds(header: str) -> Callable[[Call], datetime]:
    """Reads the instant of a header with milliseconds since 1970, in whole seconds."""
    return lambda call: datetime.fromtimestamp(
        int(_shaped(_MILLISECONDS, call, header)) // 1000, UTC
    )


def iso_instant(header: str) -> Callable[[Call], datetime]:
    """Reads the instant of a header like `2026-06-01T10:00:00Z`, in whole seconds."""

    def read(call: Call) -> datetime:
        seconds = _ISO.sub(r"\1", _shaped(_ISO, call, header))
        try:
            return datetime.fromisoformat(seconds).replace(tzinfo=UTC)
        except ValueError:  # the 31st of June
            raise SignatureError("malformed") from None

    return read


def from_base64(encoded: str) -> bytes | None:
    """The bytes that base64 writes as `encoded`, None if it writes none like this.

    One spelling a signature: unused bits that are not zero would make another text mean the same bytes.
    """
    try:
        decoded = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return decoded if base64.b64encode(decoded).decode() == encoded else None


def _prove_token(tokens: Sequence[bytes], header: str | None, call: Call, _now: datetime) -> None:
    prove_token(tokens, call, header=header)


def _offered(call: Call, header: str | None) -> Iterable[bytes]:
    if call.token:
        yield call.token.encode("utf-8", "surrogatepass")
    if header is not None and header in call.headers:
        yield only(call.headers, header).encode("latin-1")
    if "authorization" in call.headers:
        scheme, _, credentials = only(call.headers, "authorization").partition(" ")
        match scheme.lower():
            case "bearer":
                yield credentials.encode("latin-1")
            case "basic":
                yield (from_base64(credentials) or b"").partition(b":")[2]


def _decoded(offered: str, encoding: Encoding) -> bytes | None:
    """A digest as it was written; in lower case only, as every provider writes hex."""
    if encoding == "base64":
        return from_base64(offered)
    return bytes.fromhex(offered) if _LOWER_HEX.fullmatch(offered) else None


def _any_equal(expected: Sequence[bytes], offered: Sequence[bytes]) -> bool:
    """Whether any pair is equal, in a time that does not tell which."""
    equal = [hmac.compare_digest(mine, theirs) for mine in expected for theirs in offered]
    return any(equal)


def _shaped(pattern: re.Pattern[str], call: Call, header: str) -> str:
    value = only(call.headers, header)
    if not pattern.fullmatch(value):
        raise SignatureError("malformed")
    return value
