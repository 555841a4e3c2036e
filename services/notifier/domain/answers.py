"""What a page may be answered with, and what an answer is good for at a given moment (semantics L4, D7)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from shared.contracts.vocabulary import Answer

from .message import can_be_acknowledged
from .notification import Notification
from .ticket import Ticket

#: Answers with which somebody takes responsibility (semantics L4).
TAKES_OVER: Final = frozenset({Answer.ACKNOWLEDGE, Answer.TAKE, Answer.SNOOZE})

#: What a page offers to snooze for. How long it holds in the end, the ladder decides (semantics L4).
SNOOZES: Final = (timedelta(minutes=15), timedelta(minutes=30), timedelta(minutes=60))

#: Nobody snoozes for longer, however they ask.
LONGEST_SNOOZE: Final = timedelta(hours=24)

_ONCE_TAKEN_OVER: Final = frozenset({Answer.ACKNOWLEDGE, Answer.SNOOZE})


class Standing(Enum):
    """What an answer is good for at this moment."""

    UNKNOWN = auto()
    EXPIRED = auto()
    DONE = auto()
    OVER = auto()
    OPEN = auto()


class WishRefusedError(Exception):
    """An answer that cannot be understood; the message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody answers. A snooze says for how long, an escalation for which of the workflow's manual
    reasons; nothing else says either.
    """

    answer: Answer
    snooze: timedelta | None = None
    reason: str | None = None


def check(wish: Wish, reasons: AbstractSet[str]) -> None:
    """Raises WishRefusedError for a snooze without a sensible length, a reason the workflow has not."""
    if wish.answer is Answer.SNOOZE:
        if wish.snooze is None or not timedelta(0) < wish.snooze <= LONGEST_SNOOZE:
            raise WishRefusedError("Say for how long, from one minute to 24 hours.")
    elif wish.answer is Answer.ESCALATE and wish.reason not in reasons:
        raise WishRefusedError(f"Say for which reason: {', '.join(sorted(reasons))}.")


def standing(
    answer: Answer,
    notification: Notification | None,
    ticket: Ticket,
    *,
    given: AbstractSet[Answer],
    expires_at: datetime | None,
    now: datetime,
) -> Standing:
    """What `answer` is good for, when `given` have been given to that message already.

    Whoever took or snoozed it has acknowledged it with that, and who has acknowledged it has it for as
    long as the ladder allows: there is nothing to snooze. An escalation that is over needs nobody any
    more; `expires_at` is the end of the link it comes by.
    """
    if notification is None or not can_be_acknowledged(notification):
        return Standing.UNKNOWN
    if answer in given or (answer in _ONCE_TAKEN_OVER and given & TAKES_OVER):
        return Standing.DONE
    if expires_at is not None and now >= expires_at:
        return Standing.EXPIRED
    escalation = ticket.escalation
    if escalation is None or escalation.escalation_id != notification.about.escalation_id:
        return Standing.OVER
    return Standing.OPEN
