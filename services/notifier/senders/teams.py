"""Microsoft Teams: an Adaptive Card to the webhook of a Workflows flow.

Text stands in text runs, which know no Markdown, so nothing in it can become a link or a mention. Teams
cannot recognise a repeat, so one is marked. A limit that is exceeded may be told inside a 200.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.message import POSSIBLE_REPEAT, Message
from services.notifier.domain.phrases import phrases
from services.notifier.domain.short_id import short_id
from shared.http.egress import Egress, Reply

from .fitting import bare_subject, fit, told
from .request import Request, post, retry_after
from .settings import TeamsSettings

#: Teams refuses more than 28 KB; a little is left for what it adds itself.
MAX_BYTES: Final = 27 * 1024

_MAX_TITLE: Final = 200
_MAX_LINE: Final = 1_000

#: How the old connectors say inside a 200 that nothing was posted.
_INNER_STATUS: Final = re.compile(rb"HTTP error (\d{3})")


class TeamsSender:
    """Posts cards to flows."""

    channel = "teams"
    recognises_repeats = False

    def __init__(self, settings: TeamsSettings, egress: Egress) -> None:
        self._settings = settings
        self._egress = egress

    async def send(self, message: Message) -> Result:
        """Post `message` once and classify the answer."""
        return await post(
            self._egress,
            render(message),
            lambda reply: classify(reply, now=message.sent_at),
            timeout_seconds=self._settings.timeout_seconds,
        )


def render(message: Message) -> Request:
    """The request; lines at the end are left out, and counted, until the card is small enough."""
    lines = told(message)
    content = _encoded(message, lines)
    if len(content) > MAX_BYTES:
        sizes = range(1, len(lines) + 1)
        left_out = bisect_left(
            sizes, True, key=lambda n: len(_shortened(message, lines, n)) <= MAX_BYTES
        )
        content = _shortened(message, lines, sizes[left_out])
    return Request(message.address, content, {"content-type": "application/json"})


def classify(reply: Reply, *, now: datetime) -> Result:
    """A flow accepts with 2xx. A flow that is gone, or its owner, is final."""
    inner = _INNER_STATUS.search(reply.body)
    status = int(inner[1]) if inner else reply.status
    said = f"http {reply.status}" + (f", inside it {status}" if inner else "")
    if 200 <= status < 300:
        return Result(Outcome.SENT, said)
    if status in {408, 425, 429, 503}:
        return Result(Outcome.RETRY, said, retry_after(reply, now))
    return Result(Outcome.UNKNOWN if status >= 500 else Outcome.DEAD, said)


def _shortened(message: Message, lines: Sequence[str], left_out: int) -> bytes:
    return _encoded(message, [*lines[:-left_out], f"… and {left_out} more lines"])


def _encoded(message: Message, lines: Sequence[str]) -> bytes:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [
            _text(fit(bare_subject(message), _MAX_TITLE), size="Large", weight="Bolder"),
            *(_text(fit(line, _MAX_LINE)) for line in lines),
            _text(_small_print(message), size="Small", isSubtle=True),
        ],
        "actions": _actions(message),
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return msgspec.json.encode({"type": "message", "attachments": [attachment]})


def _actions(message: Message) -> list[dict[str, str]]:
    title, link = phrases(message.language).acknowledge, message.acknowledge_link
    return [{"type": "Action.OpenUrl", "title": title, "url": link}] if link else []


def _text(text: str, **style: object) -> dict[str, Any]:
    # cards read {{DATE(…)}} and {{TIME(…)}} even where they read no Markdown
    words = text.replace("{{", "{ {")
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": words, **style}]}


def _small_print(message: Message) -> str:
    said = [str(message.facts["priority"])] if message.facts.get("priority") else []
    said.append(f"Ref {short_id(message.notification_id)}")
    return " · ".join([*said, POSSIBLE_REPEAT] if message.possible_repeat else said)
