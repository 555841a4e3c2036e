"""What the providers of chats and calls send (how they sign it: `signing.py`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode


def encoded(body: object) -> bytes:
    """A body in JSON; bytes stay as they are."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def slack_event(**fields: Any) -> dict[str, Any]:
    """A message somebody wrote in a channel."""
    event = {
        "type": "message",
        "channel": "C1",
        "user": "U1",
        "text": "The export fails",
        "ts": "1780308000.000100",
        "channel_type": "channel",
        **fields,
    }
    return {
        "team_id": "T1",
        "api_app_id": "A1",
        "type": "event_callback",
        "event_id": f"Ev{event['ts']}",
        "event_time": 1780308000,
        "event": event,
    }


def twilio_text(**fields: str) -> dict[str, str]:
    """A text message that came in."""
    return {
        "MessageSid": "SM1",
        "SmsSid": "SM1",
        "SmsStatus": "received",
        "AccountSid": "AC1",
        "From": "+4915112345678",
        "To": "+4930123456",
        "Body": "The router is down again",
        "NumMedia": "0",
        "FromCity": "",
        **fields,
    }


def twilio_call(**fields: str) -> dict[str, str]:
    """A call that came in and is over."""
    return {
        "CallSid": "CA1",
        "CallStatus": "completed",
        "CallDuration": "192",
        "Direction": "inbound",
        "AccountSid": "AC1",
        "From": "+4915112345678",
        "To": "+4930123456",
        **fields,
    }


def form(fields: Mapping[str, str]) -> bytes:
    """`fields` as Twilio posts them."""
    return urlencode(fields).encode()


def whatsapp_message(**fields: Any) -> dict[str, Any]:
    """One message of somebody on WhatsApp."""
    return {
        "from": "4915112345678",
        "id": "wamid.1",
        "timestamp": "1780308000",
        "type": "text",
        "text": {"body": "Where is my parcel?"},
        **fields,
    }


def whatsapp_call(*messages: object, **value: Any) -> dict[str, Any]:
    """Messages as Meta sends them together."""
    changed = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "4930123456", "phone_number_id": "1"},
        "contacts": [{"profile": {"name": "Ana Ruiz"}, "wa_id": "4915112345678"}],
        "messages": list(messages),
        **value,
    }
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"value": changed, "field": "messages"}]}],
    }


def telegram_update(update_id: int = 1, /, **fields: Any) -> dict[str, Any]:
    """A message somebody wrote to the bot."""
    return {
        "update_id": update_id,
        "message": {
            "message_id": 1,
            "date": 1780308000,
            "from": {"id": 77, "is_bot": False, "first_name": "Ana", "last_name": "Ruiz"},
            "chat": {"id": 77, "type": "private"},
            "text": "My card was charged twice",
            **fields,
        },
    }
