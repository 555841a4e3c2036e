"""Signed webhooks after the Standard Webhooks specification; only 2xx is success (semantics D3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from standardwebhooks import Webhook

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.message import Message
from shared.http.egress import Egress, Reply

from .request import Request, post, retry_after
from .settings import WebhookSettings

#: The receiver has gone for good.
_GONE: Final = 410


class WebhookSender:
    """Posts signed JSON; `webhook-id` is the notification's id on every attempt."""

    channel = "webhook"
    recognises_repeats = True

    def __init__(self, settings: WebhookSettings, egress: Egress) -> None:
        self._signer = Webhook(settings.secret.get_secret_value())
        self._timeout_seconds = settings.timeout_seconds
        self._egress = egress

    async def send(self, message: Message) -> Result:
        """Post `message` to its address and classify the answer."""
        content = msgspec.json.encode(body_of(message))
        return await post(
            self._egress,
            Request(message.address, content, self._headers(message, content)),
            lambda reply: classify(reply, now=message.sent_at),
            timeout_seconds=self._timeout_seconds,
        )

    def _headers(self, message: Message, content: bytes) -> Mapping[str, str]:
        message_id = str(message.notification_id)
        signature = self._signer.sign(message_id, message.sent_at, content.decode())
        return {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(message.sent_at.timestamp())),
            "webhook-signature": signature,
        }


def body_of(message: Message) -> dict[str, object]:
    """What the receiver gets: the fact, whom it is for, the words, and the facts behind them."""
    return {
        "type": f"notification.{message.fact}",
        "timestamp": message.happened_at,
        "data": {
            "notification_id": message.notification_id,
            "ticket_id": message.ticket_id,
            "recipient_id": message.recipient_id,
            "role": message.role,
            "template": message.template,
            "subject": message.subject,
            "text": message.body,
            "facts": message.facts,
            "acknowledge_link": message.acknowledge_link,
            "possible_repeat": message.possible_repeat,
            **_lines(message),
        },
    }


def _lines(message: Message) -> dict[str, object]:
    """The notifications of a bundle or a digest."""
    lines = [
        {
            "notification_id": line.notification_id,
            "ticket_id": line.ticket_id,
            "reference": line.reference,
            "subject": line.subject,
            "acknowledge_link": line.link,
        }
        for line in message.lines
    ]
    return {"lines": lines} if lines else {}


def classify(reply: Reply, *, now: datetime) -> Result:
    """2xx is sent; gone and redirected are final; anything else may be put right and is tried again."""
    detail = f"http {reply.status}"
    if 200 <= reply.status < 300:
        return Result(Outcome.SENT, detail)
    if reply.status == _GONE or 300 <= reply.status < 400:
        return Result(Outcome.DEAD, detail)
    return Result(Outcome.RETRY, detail, retry_after(reply, now))
