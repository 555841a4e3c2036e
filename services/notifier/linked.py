"""What the page behind a link says of its message, and which answers it offers: no more than the message did."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.contracts.vocabulary import Answer

from .answering import Answering
from .domain.answers import SNOOZES, Standing
from .domain.templates import clean_line
from .domain.wording import at_clock, in_words, lasting
from .pages import Offer
from .store.links import Link

_BUTTONS: Final = {
    Answer.ACKNOWLEDGE: "Yes, I see to it",
    Answer.TAKE: "I take the ticket myself",
    Answer.SNOOZE: "I see to it, ask again later",
    Answer.ESCALATE: "Escalate further",
}


def offers_of(link: Link, answering: Answering) -> list[Offer]:
    """A form for every answer that can still be given."""
    choices = {
        Answer.SNOOZE: (
            "minutes",
            {str(int(s.total_seconds()) // 60): lasting(s) for s in SNOOZES},
        ),
        Answer.ESCALATE: ("reason", {r: in_words(r) or r for r in sorted(answering.reasons)}),
    }
    return [
        Offer(answer=answer.value, button=button, name=name, choices=values)
        for answer, button in _BUTTONS.items()
        if answering.standing(link, answer) is Standing.OPEN
        for name, values in [choices.get(answer, ("", {}))]
    ]


def name_of(link: Link) -> str:
    """Whom the message was sent to."""
    return clean_line(link.recipient_name, limit=80)


def facts_of(link: Link) -> dict[str, str | None]:
    """What the page says about the ticket: nothing that its message did not say."""
    fields = link.notification.fields
    held = link.ticket.escalation
    return {
        "Ticket": link.ticket.reference,
        "Subject": clean_line(link.subject_line) or None,
        "Priority": clean_line(fields.get("priority")),
        "Level": clean_line(fields.get("level_title")),
        "Because": clean_line(fields.get("reason")),
        "Take it by": clean_line(fields.get("acknowledge_by")),
        "Taken by": held.acknowledged_by if held else None,
        "Until": _at(held.holds_until if held and held.acknowledged_by else None),
        "Acknowledged": _at(link.acknowledged_at),
    }


def _at(instant: datetime | None) -> str | None:
    return at_clock(instant) if instant else None
