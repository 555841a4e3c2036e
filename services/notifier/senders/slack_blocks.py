"""A message as Slack's Block Kit, within its limits, and with nothing in it that Slack would act upon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from services.notifier.domain.message import POSSIBLE_REPEAT, Message
from services.notifier.domain.phrases import phrases
from services.notifier.domain.short_id import short_id

from .fitting import bare_subject, told

#: Slack's limits, in characters. A message has 9 blocks at most, of the 50 that are allowed.
MAX_HEADER: Final = 150
MAX_TEXT: Final = 3_000

#: Sections of a message; Slack refuses messages whose blocks hold much more than this many together.
_MAX_SECTIONS: Final = 4

#: The buttons of what can be acknowledged: the answer, as `action_id` and by which the reader's language has
#: its caption, and its style.
BUTTONS: Final = (
    ("acknowledge", "primary"),
    ("take", None),
    ("snooze", None),
    ("escalate", "danger"),
)

#: Slack makes a mention of everybody from these in some kinds of text.
_EVERYBODY: Final = re.compile(r"@(?=(?:channel|here|everyone|group)\b)", re.IGNORECASE)

_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escaped(text: str, limit: int) -> str:
    """`text` as Slack shows it letter by letter, in at most `limit` characters as they are sent: no link,
    mention, channel or date that the text itself did not have as words (security S24).
    """
    said = ""
    for letter in _EVERYBODY.sub("@ ", text):
        sent = _ESCAPES.get(letter, letter)
        if len(said) + len(sent) > limit - 1:
            return said + "…"
        said += sent
    return said


def blocks_of(message: Message, *, token: str | None) -> list[dict[str, Any]]:
    """Header, what is told, a link, the small print, and buttons that carry `token` if there is one."""
    lines = told(message)
    blocks: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": {
                "type": "plain_text",
                "text": escaped(bare_subject(message), MAX_HEADER) or "-",
                "emoji": False,
            },
        },
        *(_section(text) for text in _texts(lines, message)),
    ]
    words = phrases(message.language)
    if message.acknowledge_link and not any(message.acknowledge_link in line for line in lines):
        blocks.append(_section(f"<{message.acknowledge_link}|{words.open_link}>"))
    blocks.append({"type": "context", "elements": [_mrkdwn(_small_print(message))]})
    if token:
        buttons = [_button(name, getattr(words, name), style, token) for name, style in BUTTONS]
        blocks.append({"type": "actions", "elements": buttons})
    return blocks


def fallback_of(message: Message) -> str:
    """One line for what shows no blocks: a notification on a telephone, a screen reader."""
    mark = f" {POSSIBLE_REPEAT}" if message.possible_repeat else ""
    return escaped(bare_subject(message), MAX_TEXT - len(mark)) + mark


def _texts(lines: Sequence[str], message: Message) -> list[str]:
    """The lines in as few sections as hold them; what no longer fits is counted."""
    texts = [""]
    for n, line in enumerate(lines):
        said = _line(line, message)
        joined = f"{texts[-1]}\n{said}" if texts[-1] else said
        if len(joined) <= MAX_TEXT:
            texts[-1] = joined
        elif len(texts) == _MAX_SECTIONS:
            return [*texts, f"… and {len(lines) - n} more lines"]
        else:
            texts.append(said)
    return [text for text in texts if text]


def _line(line: str, message: Message) -> str:
    """One line, in which our own addresses can be clicked and no others."""
    said = escaped(line, MAX_TEXT - 2 * len(message.links))
    for link in map(_escaped_link, message.links):
        said = said.replace(link, f"<{link}>", 1)
    return said


def _escaped_link(link: str) -> str:
    return escaped(link, MAX_TEXT)


def _small_print(message: Message) -> str:
    said = [str(message.facts["priority"])] if message.facts.get("priority") else []
    said.append(f"Ref {short_id(message.notification_id)}")
    if message.possible_repeat:
        said.append(POSSIBLE_REPEAT)
    return escaped(" · ".join(said), MAX_TEXT)


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> dict[str, Any]:
    # verbatim: names of channels and people in the text stay words
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _button(answer: str, caption: str, style: str | None, token: str) -> dict[str, Any]:
    button = {
        "type": "button",
        "action_id": answer,
        "text": {"type": "plain_text", "text": caption, "emoji": False},
        "value": token,
    }
    return button | ({"style": style} if style else {})
