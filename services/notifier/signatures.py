"""Proof that a call comes from Slack or from Twilio, over the raw bytes and in constant time (security S48)."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from pydantic import SecretStr

#: How far the signed time may be from ours, either way (semantics D1).
TOLERANCE_SECONDS: Final = 300

_SECONDS: Final = re.compile(r"[0-9]{1,10}")
_MOST_FIELDS: Final = 100


def is_from_slack(
    headers: Mapping[str, str], raw: bytes, *, secret: SecretStr, now: datetime
) -> bool:
    """Whether Slack signed `raw`, scheme v0, within five minutes of `now`."""
    sent_at = headers.get("x-slack-request-timestamp", "")
    if not _SECONDS.fullmatch(sent_at):
        return False
    if abs(now.timestamp() - int(sent_at)) > TOLERANCE_SECONDS:
        return False
    signed = b"v0:%s:%s" % (sent_at.encode(), raw)
    ours = "v0=" + hmac.new(secret.get_secret_value().encode(), signed, "sha256").hexdigest()
    return _same(ours, headers.get("x-slack-signature", ""))


def is_from_twilio(headers: Mapping[str, str], raw: bytes, *, url: str, secret: SecretStr) -> bool:
    """Whether Twilio signed the form `raw`, posted to `url` as it is configured there.

    It signs no time: a call that is played again must do no harm.
    """
    fields = form_of(raw)
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(secret.get_secret_value().encode(), signed.encode(), "sha1").digest()
    ours = base64.b64encode(digest).decode()
    return bool(fields) and _same(ours, headers.get("x-twilio-signature", ""))


def form_of(raw: bytes) -> dict[str, str]:
    """The fields of a posted form; none of what is no form, or has a field twice."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else {}


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode("latin-1", "replace"))
