"""Slack: an incoming webhook's URL, or a channel or person by id through the app's own token.

Slack cannot recognise a repeat, so one is marked. Its API says no inside a 200.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.message import Message
from shared.http.egress import Egress, Reply

from .request import Request, post, retry_after
from .settings import SlackSettings
from .slack_blocks import blocks_of, fallback_of

#: Channels, groups, direct messages, people and people of other workspaces.
_ID: Final = re.compile(r"[CDGUW][A-Z0-9]{2,20}")

#: What may be different in a moment; nothing was posted.
_LATER: Final = frozenset(
    {"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org", "accesslimited"}
)

#: Slack's own words for "some of it may have happened".
_PERHAPS: Final = frozenset({"fatal_error", "internal_error"})


class SlackSender:
    """Posts messages; buttons only through the app, which alone is told of a click."""

    channel = "slack"
    recognises_repeats = False

    def __init__(self, settings: SlackSettings, egress: Egress) -> None:
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


def render(message: Message, settings: SlackSettings) -> Request | Result:
    """The request, or that there cannot be one."""
    headers = {"content-type": "application/json; charset=utf-8"}
    if "://" in message.address:
        content = _content(message, token=None)
        return Request(message.address, msgspec.json.encode(content), headers)
    if not _ID.fullmatch(message.address):
        return Result(Outcome.DEAD, "neither a webhook's URL nor a channel's or person's id")
    if settings.bot_token is None:
        return Result(Outcome.DEAD, "a channel's id, and no bot token is configured")
    headers["authorization"] = f"Bearer {settings.bot_token.get_secret_value()}"
    token = token_of(message) if settings.signing_secret else None
    content = {"channel": message.address, "parse": "none", "link_names": False}
    content |= _content(message, token=token)
    url = f"{settings.api_url.rstrip('/')}/chat.postMessage"
    return Request(url, msgspec.json.encode(content), headers)


def token_of(message: Message) -> str | None:
    """The opaque token of the message's link: worth nothing without the database it is known in."""
    link = message.acknowledge_link
    return urlsplit(link).path.rpartition("/")[2] if link else None


def classify(reply: Reply, *, now: datetime) -> Result:
    """Slack says `ok` in words or in JSON; what it refuses it will refuse again, unless it says when.

    An answer of somebody in between leaves it unknown.
    """
    answer = _answer(reply)
    said = str(answer.get("error", "")) or f"http {reply.status}"
    if answer.get("ok") is True and reply.status == 200:
        return Result(Outcome.SENT, said, reference=_reference(answer))
    if reply.status in {429, 503} or said in _LATER:
        return Result(Outcome.RETRY, said, retry_after(reply, now))
    if reply.status >= 500 or said in _PERHAPS:
        return Result(Outcome.UNKNOWN, said)
    if answer.get("ok") is False or reply.status >= 300:
        return Result(Outcome.DEAD, said)
    return Result(Outcome.UNKNOWN, f"http {reply.status}, and no word of Slack's")


def _content(message: Message, *, token: str | None) -> dict[str, Any]:
    return {
        "text": fallback_of(message),
        "blocks": blocks_of(message, token=token),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _answer(reply: Reply) -> dict[str, Any]:
    """What Slack answered; a webhook's plain `ok` as its API would say it."""
    if reply.body.strip() == b"ok":
        return {"ok": True}
    try:
        answer = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _reference(answer: dict[str, Any]) -> str | None:
    return f"{answer['channel']}:{answer['ts']}" if {"channel", "ts"} <= answer.keys() else None
