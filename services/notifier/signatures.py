"""Proof that a call comes from Slack or from Twilio, over the raw bytes and in constant time (security S48)."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from pydantic import SecretStr

#: How far the signed time may be from ours, either way (semantics D1).
TOLERANCE_SECONDS: Final = 300

_SECONDS: Final = re.compile(r"[0-9]{1,10}")
_MOST_FIELDS: Final = 100


def is_from_slack(
    headers: Mapping[str, str], raw: bytes, *, secrets: Sequence[SecretStr], now: datetime
) -> bool:
    """Whether Slack signed `raw` with one of `secrets`, scheme v0, within five minutes of `now`."""
    sent_at = headers.get("x-slack-request-timestamp", "")
    if not _SECONDS.fullmatch(sent_at):
        return False
    if abs(now.timestamp() - int(sent_at)) > TOLERANCE_SECONDS:
        return False
    signed = b"v0:%s:%s" % (sent_at.encode(), raw)
    ours = [f"v0={hmac.digest(key, signed, 'sha256').hex()}" for key in _keys(secrets)]
    return _is_one(ours, headers.get("x-slack-signature", ""))


def is_from_twilio(
    headers: Mapping[str, str], raw: bytes, *, url: str, secrets: Sequence[SecretStr]
) -> bool:
    """Whether Twilio signed the form `raw`, posted to `url` as it is configured there, with one of `secrets`.

    It signs no time: a call that is played again must do no harm.
    """
    fields = form_of(raw)
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digests = [hmac.digest(key, signed.encode(), "sha1") for key in _keys(secrets)]
    ours = [base64.b64encode(digest).decode() for digest in digests]
    return bool(fields) and _is_one(ours, headers.get("x-twilio-signature", ""))


def form_of(raw: bytes) -> dict[str, str]:
    """The fields of a posted form; none of what is no form, or has a field twice."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else {}


def _keys(secrets: Sequence[SecretStr]) -> list[bytes]:
    return [secret.get_secret_value().encode() for secret in secrets]


def _is_one(ours: Sequence[str], theirs: str) -> bool:
    """Whether it is one of ours, in a time that does not tell which."""
    given = theirs.encode("latin-1", "replace")
    equal = [hmac.compare_digest(one.encode(), given) for one in ours]
    return any(equal)
