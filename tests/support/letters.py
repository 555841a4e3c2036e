"""Webhooks as a careless or hostile sender would send them, to a running intake."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
from standardwebhooks import Webhook

from .running import Running


def opening(external_id: str, **changes: Any) -> dict[str, Any]:
    """The smallest command that opens a ticket, with some fields changed."""
    customer = {"id": f"customer of {external_id}"}
    return {
        "type": "ticket.open",
        "external_id": external_id,
        "subject": external_id,
        "customer": customer,
        **changes,
    }


async def post(
    tierline: Running,
    body: dict[str, Any] | bytes,
    *,
    message_id: str | None = None,
    age: timedelta = timedelta(0),
    secret: str | None = None,
) -> httpx2.Response:
    """One signed call, once; `secret` other than intake's, or too high an `age`, is not authentic."""
    raw = body if isinstance(body, bytes) else as_json(body)
    known = secret or tierline.installation.installation.webhook_secret
    assert known is not None
    message_id = message_id or f"msg_{uuid4().hex}"
    at = datetime.now(UTC) - age  # noqa: TID251 - the signature's own instant
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(known).sign(message_id, at, raw.decode()),
    }
    url = f"{tierline.url('intake')}/v1/channels/generic/webhook"
    async with httpx2.AsyncClient(trust_env=False, timeout=20.0) as client:
        return await client.post(url, content=raw, headers=headers)


def as_json(command: dict[str, Any]) -> bytes:
    """The command as it stands in a body."""
    return json.dumps(command).encode()
