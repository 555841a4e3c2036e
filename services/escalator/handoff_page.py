"""The hand-off document as Markdown: the customer's fields in their order, in words of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from services.escalator.domain.document import Document
from services.escalator.domain.handoff_words import clock_time
from services.escalator.store_handoffs import HandoffRow

#: What Markdown or HTML would take for its own.
_SPECIAL: Final = re.compile(r"([\\`*\[\]<>#|])")

_NOTHING: Final = "Nothing is known."


def markdown(document: Document, last: HandoffRow | None) -> str:
    """The whole document as one Markdown page."""
    sections = (
        ("Summary", [_text(document.summary)]),
        ("Timeline", [f"- {clock_time(o.at)}: {_text(o.text)}" for o in document.timeline]),
        ("Tried so far", _numbered(document.tried)),
        (
            "How the customer feels",
            [str(document.sentiment).capitalize()] * bool(document.sentiment),
        ),
        ("What the customer expects", [_text(document.expectation)] * bool(document.expectation)),
        ("Next steps", _numbered(document.next_steps)),
        ("Attachments", [f"- message {message}" for message in document.attachments]),
    )
    lines = [f"# Hand-off of ticket {document.ticket_id}", "", *_head(document), ""]
    for title, content in sections:
        lines += [f"## {title}", "", *(content or [_NOTHING]), ""]
    return "\n".join([*lines, _origin(document, last), ""])


def _head(document: Document) -> list[str]:
    goes = document.escalating_to
    team = f" (team {_text(document.team)})" if document.team else ""
    facts = (
        ("Ticket", str(document.ticket_id)),
        ("Customer", _text(document.customer_id or "not known")),
        ("Priority", str(document.priority)),
        ("Escalating to", f"{_text(goes)}{team}" if goes else "nobody yet"),
        ("Reason", _text(document.reason or "none yet")),
    )
    return [f"- **{name}**: {value}" for name, value in facts]


def _origin(document: Document, last: HandoffRow | None) -> str:
    """Whose words these are."""
    if last is None or document.generated:
        return "All of this was generated from the ticket's events."
    fields = ", ".join(name.replace("_", " ") for name in document.written)
    by = f"{_text(last.written_by)} at {clock_time(last.written_at)}"
    return f"Written by people: {fields} (version {last.version}, {by}). The rest was generated."


def _numbered(items: Iterable[str]) -> list[str]:
    return [f"{number}. {_text(item)}" for number, item in enumerate(items, 1)]


def _text(text: str | None) -> str:
    """One paragraph of text, whatever somebody wrote."""
    return _SPECIAL.sub(r"\\\1", " ".join((text or "").split()))
