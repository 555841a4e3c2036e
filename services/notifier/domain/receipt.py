"""The acknowledgement of receipt: when it goes, and what it may promise (semantics D5, D6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from .audience import CUSTOMER
from .instants import spoken
from .notification import Status
from .promise import PROMISED
from .state import Ready, State
from .ticket import Ticket
from .wording import lasting

#: The fact that is acknowledged.
OPENING: Final = "ticket.opened"

#: So long it waits for the clocks and for the analysis of what was written (D6).
PATIENCE: Final = timedelta(seconds=5)

#: So many a customer gets within so long; a machine that answers us gets no more (D5, N2.49).
MOST: Final = 5
WITHIN: Final = timedelta(hours=1)


#: So many articles are suggested at most (D6).
MOST_ARTICLES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads a message, as far as it decides how things are said."""

    language: str
    zone: ZoneInfo


def is_receipt(fact: str, role: str) -> bool:
    """Whether a message about `fact` to `role` acknowledges to a customer that a ticket is there."""
    return fact == OPENING and role == CUSTOMER


def is_complete(ticket: Ticket) -> bool:
    """All that an acknowledgement may tell is known: both clocks were started, the text was read."""
    return ticket.analysed and ticket.promises.keys() >= PROMISED


def goes_at(fact: str, role: str, ticket: Ticket, now: datetime) -> datetime:
    """When a message planned now goes: at once, unless it acknowledges and something is still missing."""
    waits = is_receipt(fact, role) and not is_complete(ticket)
    return now + PATIENCE if waits else now


def made_ready(state: State, now: datetime) -> list[Ready]:
    """The acknowledgements that wait for nothing any more."""
    if not is_complete(state.ticket):
        return []
    return [
        Ready(known.notification_id, now)
        for known in state.notifications.values()
        if is_receipt(known.about.fact, known.role)
        and known.status is Status.PENDING
        and known.attempts == 0
        and known.due_at > now
    ]


def promises(ticket: Ticket, reader: Reader, *, now: datetime) -> Mapping[str, str]:
    """The template fields of what the ticket's clocks measure: the reader's words for each deadline, and
    the length of each target. What no clock measures, or is late already, is not promised.
    """
    told: dict[str, str] = {}
    for metric, owed in ticket.promises.items():
        if owed.deadline is not None and owed.deadline > now:
            told[f"{metric}_due"] = spoken(owed.deadline, reader.zone, reader.language, now=now)
            told[f"{metric}_target"] = lasting(timedelta(seconds=owed.target_seconds))
    return told
