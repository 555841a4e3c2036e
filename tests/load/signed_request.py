"""Webhooks of about 900 bytes, signed beforehand, as bytes that only have to be sent."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Final
from uuid import uuid4

from standardwebhooks import Webhook

SECRET: Final = "whsec_" + base64.b64encode(b"a secret that only benches use..").decode()


def opening(number: int) -> bytes:
    """A webhook's body of about 900 bytes."""
    return json.dumps(
        {
            "type": "ticket.open",
            "external_id": str(uuid4()),
            "customer": {"id": f"customer-{number % 997}", "tier": "standard"},
            "subject": f"The export {number} ends in the middle",
            "body": "It stops after the first thousand rows every time I try it, which is bad. "
            * 9,
            "channel": "email",
        }
    ).encode()


def request(number: int, at: datetime) -> bytes:
    """One signed request, ready to be sent."""
    body, message_id = opening(number), str(uuid4())
    signature = Webhook(SECRET).sign(message_id, at, body.decode())
    head = (
        "POST /v1/channels/generic/webhook HTTP/1.1\r\nhost: 127.0.0.1\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        f"webhook-id: {message_id}\r\nwebhook-timestamp: {int(at.timestamp())}\r\n"
        f"webhook-signature: {signature}\r\n\r\n"
    )
    return head.encode() + body
