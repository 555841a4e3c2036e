"""What somebody texts back: a word, the short id of a message or a ticket's name, minutes or a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.contracts.vocabulary import Answer

from .short_id import LENGTH, read_short_id

#: How long a snooze lasts when nobody says.
USUAL_SNOOZE: Final = timedelta(minutes=30)

#: The words people use, the one we teach first.
_WORDS: Final = {
    "ack": Answer.ACKNOWLEDGE,
    "acknowledge": Answer.ACKNOWLEDGE,
    "ok": Answer.ACKNOWLEDGE,
    "take": Answer.TAKE,
    "mine": Answer.TAKE,
    "snooze": Answer.SNOOZE,
    "later": Answer.SNOOZE,
    "up": Answer.ESCALATE,
    "escalate": Answer.ESCALATE,
}

#: What carriers act upon by themselves: nothing may answer them.
_TO_THE_CARRIER: Final = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke", "start"}
)

_MOST_DIGITS: Final = 4

#: A ticket's short name, without its `#`.
_REFERENCE: Final = re.compile(r"[0-9A-Fa-f]{8}")


@dataclass(frozen=True, slots=True)
class TextReply:
    """An answer by text. Without a short id and a ticket's `reference`, the only page there is is meant;
    `snooze` is how long a snooze is to last, `reason` what is said of an escalation.
    """

    answer: Answer
    short_id: str | None = None
    reference: str | None = None
    snooze: timedelta | None = None
    reason: str | None = None


def read_reply(text: str) -> TextReply | None:
    """What `text` says, case and punctuation aside; None for what nobody understands."""
    words = [word.strip(".,;:!#") for word in text.split()]
    words = [word for word in words if word]
    answer = _WORDS.get(words[0].lower()) if words else None
    if answer is None:
        return None
    rest = words[1:]
    named = next((word for word in rest if _names(word, rest, answer)), None)
    others = [word for word in rest if word is not named]
    minutes = next((word for word in others if word.isascii() and word.isdigit()), None)
    if minutes is not None and len(minutes) > _MOST_DIGITS:
        return None
    return TextReply(
        answer,
        short_id=read_short_id(named) if named and len(named) == LENGTH else None,
        reference=named if named and len(named) != LENGTH else None,
        snooze=_length(minutes) if answer is Answer.SNOOZE else None,
        reason=("_".join(others).lower() or None) if answer is Answer.ESCALATE else None,
    )


def is_to_the_carrier(text: str) -> bool:
    """Whether `text` is one of the words by which people refuse or allow texts."""
    return text.strip().lower() in _TO_THE_CARRIER


def _names(word: str, rest: list[str], answer: Answer) -> bool:
    """Whether `word` names a page or a ticket: four digits may be minutes if another word could be the name."""
    if _REFERENCE.fullmatch(word):
        return True
    if len(word) != LENGTH:
        return False
    doubtful = answer is Answer.SNOOZE and word.isdigit()
    return not doubtful or all(other.isdigit() for other in rest)


def _length(minutes: str | None) -> timedelta:
    return timedelta(minutes=int(minutes)) if minutes else USUAL_SNOOZE
