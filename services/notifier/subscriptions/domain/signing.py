"""Requests signed after the Standard Webhooks specification, with every secret that is in force."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from standardwebhooks import Webhook


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    """A fresh secret: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(random_bytes(32)).decode()


def signed(
    message_id: UUID, document: bytes, secrets: Sequence[str], now: datetime
) -> dict[str, str]:
    """The headers of one attempt at `now` (UTC): one signature a secret, separated by spaces."""
    text, named = document.decode(), str(message_id)
    return {
        "content-type": "application/json",
        "webhook-id": named,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(named, now, text) for secret in secrets),
    }
