"""Words made to fit: every channel has its limits, and what is cut says so."""

from __future__ import annotations

from services.notifier.domain.message import POSSIBLE_REPEAT, Line, Message
from services.notifier.domain.templates import clean_line


def fit(text: str, limit: int) -> str:
    """`text` in at most `limit` characters; what is cut ends with an ellipsis."""
    return text if len(text) <= limit else text[: max(0, limit - 1)].rstrip() + "…"


def bare_subject(message: Message) -> str:
    """The subject without the mark of a possible repeat, for a sender that has its own place for it."""
    return message.subject.removesuffix(POSSIBLE_REPEAT).rstrip()


def told(message: Message) -> list[str]:
    """What the message says below its subject, a line each: the lines of a bundle, else the body."""
    if message.lines:
        return [f"• {clean_line(_of(line))}" for line in message.lines]
    return [line for line in message.body.splitlines() if line]


def _of(line: Line) -> str:
    """What happened, when, and why it comes only now."""
    return " · ".join(part for part in (line.subject, line.happened, line.held) if part)
