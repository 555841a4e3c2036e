"""Out of office: who is told instead of somebody who is away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from .recipient import Away, Recipient

#: So many times a message is passed on, and no further.
LONGEST_CHAIN: Final = 3

#: The recipient of an id, None for an unknown one.
Known = Callable[[str], Recipient | None]


def away_at(person: Recipient, at: datetime) -> Away | None:
    """The absence they are in at that instant."""
    away = person.away
    return away if away is not None and away.since <= at < away.until else None


def stands_in(person: Recipient, known: Known, at: datetime) -> Recipient | None:
    """Who hears what `person` would: themselves while they are there, else whoever they named, who may
    have named somebody else again. None when the chain ends with nobody who is there.
    """
    asked = {person.recipient_id}
    while (away := away_at(person, at)) is not None:
        instead = known(away.delegate) if away.delegate else None
        if instead is None or instead.recipient_id in asked or len(asked) > LONGEST_CHAIN:
            return None
        asked.add(instead.recipient_id)
        person = instead
    return person


def delegate_fault(person: Recipient, known: Known) -> str | None:
    """Why the delegate of somebody's absence cannot be theirs: nobody knows them, or what is passed on to
    them would come back while everybody is away. None if nothing is wrong.
    """
    away = person.away
    if away is None or away.delegate is None:
        return None
    if away.delegate == person.recipient_id:
        return "nobody stands in for themselves"
    passed = [person.recipient_id]
    since, until, delegate = away.since, away.until, away.delegate
    while since < until:
        passed.append(delegate)
        instead = known(delegate)
        if instead is None:
            return f"no recipient {delegate!r}" if len(passed) == 2 else None
        if delegate in passed[:-1]:
            return f"goes in a circle: {' → '.join(passed)}"
        if instead.away is None or instead.away.delegate is None:
            return None
        since, until = max(since, instead.away.since), min(until, instead.away.until)
        delegate = instead.away.delegate
    return None
