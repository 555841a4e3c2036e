"""Slack, Teams, PagerDuty and Twilio as they look from outside: they check what the real ones check.

Each is the `says` of an endpoint of `sinks`: it judges a request and keeps what it accepts. `clock` counts
seconds, for the limits in time.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.support.sinks import OK, Received, answer

#: Block Kit's limits on the text of a block, by its type.
_TEXTS: Final = {"header": 150, "section": 3_000}


def said(status: int, body: object, **headers: str) -> bytes:
    """An answer in JSON."""
    return answer(status, json.dumps(body).encode(), content_type="application/json", **headers)


def block_complaints(blocks: list[dict[str, Any]]) -> list[str]:
    """What Slack would refuse of `blocks`."""
    found = ["too many blocks"] if len(blocks) > 50 else []
    for block in blocks:
        kind = block["type"]
        if kind in _TEXTS and not 1 <= len(block["text"]["text"]) <= _TEXTS[kind]:
            found.append(f"{kind} of {len(block['text']['text'])} characters")
        if kind == "header" and block["text"]["type"] != "plain_text":
            found.append("a header takes plain text")
        elements = block.get("elements", [])
        if kind == "context" and not 1 <= len(elements) <= 10:
            found.append("a context has 1 to 10 elements")
        if kind == "actions":
            found += [c for button in elements for c in _button_complaints(button)]
            if len({button["action_id"] for button in elements}) != len(elements):
                found.append("an action id twice")
    return found


def _button_complaints(button: dict[str, Any]) -> list[str]:
    limits = [
        (button["text"]["text"], 75),
        (button["action_id"], 255),
        (button.get("value", ""), 2_000),
    ]
    return [f"{text[:10]!r} above {limit}" for text, limit in limits if len(text) > limit]


@dataclass
class Slack:
    """An app in a workspace: `channel → error`, one message a second and channel."""

    token: str = "xoxb-test"
    errors: dict[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    posts: list[dict[str, Any]] = field(default_factory=list)
    _last: dict[str, float] = field(default_factory=dict)

    def __call__(self, request: Received) -> bytes:
        """Answer a webhook with a word, the API with JSON."""
        post = json.loads(request.body)
        hook = request.path != "/api/chat.postMessage"
        where = request.path if hook else str(post.get("channel"))
        wait = self._last.get(where, float("-inf")) + 1 - self.clock()
        if wait > 0:
            return said(429, {"ok": False, "error": "ratelimited"}, retry_after="1")
        error = self._error(request, post, where, hook=hook)
        if error:
            return answer(400, error.encode()) if hook else said(200, {"ok": False, "error": error})
        self._last[where] = self.clock()
        self.posts.append(post)
        return OK if hook else said(200, {"ok": True, "channel": where, "ts": "1767.0001"})

    def _error(
        self, request: Received, post: dict[str, Any], where: str, *, hook: bool
    ) -> str | None:
        if not hook and request.headers.get("authorization") != f"Bearer {self.token}":
            return "invalid_auth"
        if not post.get("text"):
            return "no_text"
        if block_complaints(post.get("blocks", [])):
            return "invalid_blocks"
        return self.errors.get(where)


def card_complaints(raw: bytes) -> list[str]:
    """What a flow that posts to Teams would refuse of `raw`."""
    found = ["above 28 KB"] if len(raw) > 28 * 1024 else []
    message = json.loads(raw)
    if message.get("type") != "message" or len(message.get("attachments", [])) != 1:
        return [*found, "no message with one card"]
    attachment = message["attachments"][0]
    card = attachment["content"]
    if attachment["contentType"] != "application/vnd.microsoft.card.adaptive":
        found.append("no adaptive card")
    if card["type"] != "AdaptiveCard" or card["version"] not in {"1.2", "1.3", "1.4", "1.5"}:
        found.append("no version Teams knows")
    if not card["body"]:
        found.append("an empty card")
    return found


@dataclass
class Teams:
    """A flow that takes so many cards, and then says inside a 200 that there were too many."""

    room: int = 4
    cards: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Received) -> bytes:
        """Accept with 202."""
        if card_complaints(request.body):
            return answer(400, b"Bad payload received by generic incoming webhook.")
        if len(self.cards) >= self.room:
            inner = b"Microsoft Teams endpoint returned HTTP error 429 with ContextId tcid=0"
            return answer(200, b"Webhook message delivery failed with error: " + inner)
        self.cards.append(json.loads(request.body))
        return answer(202)


def event_complaints(raw: bytes) -> list[str]:
    """What PagerDuty would refuse of the event `raw`."""
    found = ["above 512 KB"] if len(raw) > 512 * 1024 else []
    event = json.loads(raw)
    action = event.get("event_action")
    if not re.fullmatch(r"[0-9a-zA-Z]{32}", str(event.get("routing_key"))):
        found.append("'routing_key' is missing or invalid")
    if action not in {"trigger", "acknowledge", "resolve"}:
        found.append("'event_action' is missing or invalid")
    if len(event.get("dedup_key", "")) > 255 or (action != "trigger" and not event["dedup_key"]):
        found.append("'dedup_key' is missing or too long")
    if action == "trigger":
        payload = event.get("payload", {})
        if not 1 <= len(payload.get("summary", "")) <= 1024 or not payload.get("source"):
            found.append("'summary' or 'source' is missing or too long")
        if payload.get("severity") not in {"critical", "error", "warning", "info"}:
            found.append("'severity' is invalid")
    return found


@dataclass
class PagerDuty:
    """Services by their key, and what has become of each incident; `room` events, then 429."""

    room: int = 100
    alerts: list[dict[str, Any]] = field(default_factory=list)
    incidents: dict[str, str] = field(default_factory=dict)

    def __call__(self, request: Received) -> bytes:
        """Accept with 202."""
        if errors := event_complaints(request.body):
            return said(400, {"status": "invalid event", "errors": errors})
        if len(self.alerts) >= self.room:
            return answer(429)
        event = json.loads(request.body)
        self.alerts.append(event)
        self.incidents[event["dedup_key"]] = event["event_action"]
        return said(202, {"status": "success", "dedup_key": event["dedup_key"]})


@dataclass
class Twilio:
    """An account: texts by number, and errors by number; `now` is when texts are created."""

    now: datetime
    account: str = "AC" + "0" * 32
    token: str = "secret"
    errors: dict[str, int] = field(default_factory=dict)
    texts: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Received) -> bytes:
        """Create a text, or list those to a number, the newest first."""
        path, query = urlsplit(request.path)[2:4]
        pair = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return said(401, {"code": 20003})
        if path != f"/2010-04-01/Accounts/{self.account}/Messages.json":
            return said(404, {"code": 20404})
        if request.method == "GET":
            asked = parse_qs(query)
            listed = [t for t in reversed(self.texts) if t["to"] in asked["To"]]
            return said(200, {"messages": listed[: int(asked["PageSize"][0])]})
        return self._created(dict(parse_qsl(request.body.decode())))

    def _created(self, form: dict[str, str]) -> bytes:
        if code := self._code(form):
            return said(429 if code == 20429 else 400, {"code": code})
        self.texts.append(
            {
                "sid": f"SM{len(self.texts):032x}",
                "to": form["To"],
                "body": form["Body"],
                "status": "queued",
                "date_created": format_datetime(self.now),
            }
        )
        return said(201, self.texts[-1])

    def _code(self, form: dict[str, str]) -> int | None:
        if not re.fullmatch(r"\+[1-9]\d{6,14}", form.get("To", "")):
            return 21211
        if not form.get("From") and not form.get("MessagingServiceSid"):
            return 21603
        if not form.get("Body"):
            return 21602
        if len(form["Body"]) > 1600:
            return 21617
        if not 1 <= int(form.get("ValidityPeriod", "14400")) <= 36_000:
            return 21911
        return self.errors.get(form["To"])
