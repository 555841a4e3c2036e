"""The words providers have for status, priority and rating, and ours for them.

A word nobody taught us makes the delivery unreadable: it is parked, and released when it is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.contracts.vocabulary import Priority, Status

from .fields import inside, number, word
from .reading import ReadingError

#: As `fields.word` spells them.
STATUSES: Final[Mapping[str, Status]] = {
    "new": Status.NEW,
    "open": Status.OPEN,
    "opened": Status.OPEN,
    "reopened": Status.OPEN,
    "in_progress": Status.OPEN,
    "pending": Status.PENDING,
    "snoozed": Status.PENDING,
    "waiting_on_customer": Status.PENDING,
    "waiting_on_contact": Status.PENDING,
    "hold": Status.ON_HOLD,
    "on_hold": Status.ON_HOLD,
    "waiting_on_us": Status.OPEN,
    "waiting_on_third_party": Status.ON_HOLD,
    "solved": Status.RESOLVED,
    "resolved": Status.RESOLVED,
    "closed": Status.CLOSED,
}

PRIORITIES: Final[Mapping[str, Priority]] = {
    "critical": Priority.CRITICAL,
    "urgent": Priority.CRITICAL,
    "high": Priority.HIGH,
    "medium": Priority.MEDIUM,
    "normal": Priority.MEDIUM,
    "low": Priority.LOW,
}

RATINGS: Final[Mapping[str, int]] = {
    **{str(score): score for score in range(1, 6)},
    "good": 5,
    "happy": 5,
    "satisfied": 5,
    "neutral": 3,
    "bad": 1,
    "unhappy": 1,
    "unsatisfied": 1,
}

#: What providers say of a survey that nobody has answered.
NOT_RATED: Final = frozenset({"", "offered", "unoffered", "not_rated"})


def status(value: Any, *path: str | int, also: Mapping[str, Status] | None = None) -> Status | None:
    """The status at `path`, None where nothing stands. Raises ReadingError for a strange word."""
    said = word(value, *path)
    if not said and inside(value, *path) in (None, ""):
        return None
    found = (also or {}).get(said) or STATUSES.get(said)
    if found is None:
        raise ReadingError(f"no status {said[:40]!r}")
    return found


def priority(
    value: Any, *path: str | int, also: Mapping[str, Priority] | None = None
) -> Priority | None:
    """The priority at `path`, None where nothing stands. Raises ReadingError for a strange word."""
    said = word(value, *path)
    if not said and inside(value, *path) in (None, ""):
        return None
    found = (also or {}).get(said) or PRIORITIES.get(said)
    if found is None:
        raise ReadingError(f"no priority {said[:40]!r}")
    return found


def rating(value: Any, *path: str | int, also: Mapping[str, int] | None = None) -> int | None:
    """The rating at `path` in 1 to 5, None where the customer has not said anything yet.

    1 to 5 is taken as it is; good and bad are 5 and 1. Raises ReadingError for a strange word.
    """
    counted = number(value, *path)  # a word has no sign
    said = word(value, *path) if counted is None else str(counted)
    if said in NOT_RATED and (said or inside(value, *path) in (None, "")):
        return None
    found = (also or {}).get(said) or RATINGS.get(said)
    if found is None:
        raise ReadingError(f"no rating {said[:40]!r}")
    return found
