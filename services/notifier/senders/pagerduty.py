"""PagerDuty Events v2: an alert that is triggered, acknowledged and resolved under one key.

The key is of the escalation or the clock, so a repeat, and the same matter told again, is one incident.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.message import Message
from services.notifier.domain.notification import Kind, Urgency
from services.notifier.domain.templates import clean_line
from shared.http.egress import Egress, Reply

from .fitting import bare_subject, fit, told
from .request import Request, post, retry_after
from .settings import PagerDutySettings

MAX_SUMMARY: Final = 1_024
MAX_KEY: Final = 255

#: A message is far below PagerDuty's 512 KB; this bounds what a fact can add to it.
_MAX_DETAIL: Final = 4_000

#: What the events that settle a matter do to its incident; everything else triggers it.
_ACTIONS: Final = {
    "escalation.acknowledged": "acknowledge",
    "escalation.resolved": "resolve",
    "sla.met": "resolve",
    "sla.closed_late": "resolve",
    "sla.cancelled": "resolve",
    "ticket.resolved": "resolve",
}

_SEVERITIES: Final = {"critical": "critical", "high": "error", "medium": "warning", "low": "info"}


class PagerDutySender:
    """Hands events to the service behind a routing key."""

    channel = "pagerduty"
    recognises_repeats = True

    def __init__(self, settings: PagerDutySettings, egress: Egress) -> None:
        self._settings = settings
        self._egress = egress

    async def send(self, message: Message) -> Result:
        """Post `message` once and classify the answer."""
        request = render(message, self._settings)
        if isinstance(request, Result):
            return request
        return await post(
            self._egress,
            request,
            lambda reply: classify(reply, now=message.sent_at),
            timeout_seconds=self._settings.timeout_seconds,
        )


def render(message: Message, settings: PagerDutySettings) -> Request | Result:
    """The request, or that there is no key to send it with."""
    default = settings.routing_key.get_secret_value() if settings.routing_key else ""
    routing_key = message.address or default
    if not routing_key:
        return Result(Outcome.DEAD, "no routing key, neither the recipient's nor a general one")
    action = action_of(message)
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": dedup_key(message),
    }
    if action == "trigger":
        event |= _alert(message, settings.source)
    url = f"{settings.api_url.rstrip('/')}/v2/enqueue"
    return Request(url, msgspec.json.encode(event), {"content-type": "application/json"})


def action_of(message: Message) -> str:
    """What the message does to its incident: a correction takes it back (semantics T3)."""
    if message.about.kind is Kind.CORRECTION:
        return "resolve"
    return _ACTIONS.get(message.fact, "trigger")


def dedup_key(message: Message) -> str:
    """One incident for each escalation and each cycle of a clock; a bundle is one of its own."""
    if message.lines:
        return f"bundle:{message.notification_id}"
    return f"{message.ticket_id}:{message.about.matter}"[:MAX_KEY]


def classify(reply: Reply, *, now: datetime) -> Result:
    """202 is accepted. What is invalid stays so; every other refusal may pass, and a repeat does no harm."""
    said = f"http {reply.status}"
    if 200 <= reply.status < 300:
        return Result(Outcome.SENT, said, reference=_key_in(reply))
    if reply.status == 429 or reply.status >= 500:
        return Result(Outcome.RETRY, said, retry_after(reply, now))
    return Result(Outcome.DEAD, said)


def _alert(message: Message, source: str) -> dict[str, Any]:
    facts = message.facts
    payload = {
        "summary": fit(bare_subject(message), MAX_SUMMARY) or message.fact,
        "source": source,
        "severity": _severity(message),
        "timestamp": message.happened_at,
        "component": facts.get("queue"),
        "group": facts.get("team"),
        "class": message.fact,
        "custom_details": {
            **{name: clean_line(value, limit=_MAX_DETAIL) for name, value in facts.items()},
            "text": fit("\n".join(told(message)), _MAX_DETAIL),
            "ticket_id": message.ticket_id,
            "notification_id": message.notification_id,
        },
    }
    links = [{"href": message.acknowledge_link, "text": "Acknowledge"}]
    return {
        "client": "Tierline",
        "payload": {name: value for name, value in payload.items() if value is not None},
        "links": links if message.acknowledge_link else [],
    }


def _severity(message: Message) -> str:
    if message.urgency is Urgency.PAGE:
        return "critical"
    return _SEVERITIES.get(str(message.facts.get("priority")), "warning")


def _key_in(reply: Reply) -> str | None:
    """The key PagerDuty keeps the alert under."""
    try:
        answer = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    key = answer.get("dedup_key") if isinstance(answer, dict) else None
    return str(key) if key else None
