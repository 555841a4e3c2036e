"""The words providers have for the status and the priority of a ticket, and ours for them.

A word nobody taught us makes the delivery unreadable: it is parked, and released when it is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.contracts.vocabulary import Priority, Status

from .fields import inside, word
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
