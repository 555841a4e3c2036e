"""One delivery: an event to a subscription, from the first attempt to its end."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

#: The waits after a first, second … attempt without success: eight attempts over 27 h 35 min.
WAITS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)

#: Waits vary by this share either way, so that what failed together does not return together.
JITTER: Final = 0.2

#: How long a receiver may ask us to wait.
SHORTEST_ASKED: Final = timedelta(seconds=1)
LONGEST_ASKED: Final = timedelta(hours=24)

#: An address we refuse to send to is looked at again this often, at most.
REFUSED_WAIT: Final = timedelta(hours=1)


class Status(StrEnum):
    """Where a delivery is in its life."""

    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    DEAD = "dead"


class Outcome(StrEnum):
    """What came of one attempt. `lost`: our process ended before it could write the outcome down;
    `unknown`: it was sent, and no answer came.
    """

    SENT = "sent"
    RETRY = "retry"
    CLIENT_ERROR = "client_error"
    UNKNOWN = "unknown"
    LOST = "lost"
    REFUSED = "refused"
    GONE = "gone"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt's outcome, with the HTTP status, a few fixed words, and the start of the answer."""

    outcome: Outcome
    detail: str
    status: int | None = None
    retry_after: timedelta | None = None
    answer: bytes = b""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How far telling a subscription of an event has come.

    `due_at` is the next attempt's instant, or the lease's end. `attempts` counts all of them and is the
    fence: an outcome of an older attempt decides nothing. `run_from` is how many there were before the
    schedule last began anew, by a re-send or a replay.
    """

    subscription_id: UUID
    event_id: UUID
    due_at: datetime
    status: Status = Status.PENDING
    attempts: int = 0
    run_from: int = 0


def lease(delivery: Delivery, *, until: datetime) -> Delivery:
    """One process has it, until that instant, for its next attempt."""
    return _replace(delivery, status=Status.LEASED, due_at=until, attempts=delivery.attempts + 1)


def decides(delivery: Delivery, n: int, outcome: Outcome) -> bool:
    """May the outcome of attempt `n` change the delivery?

    It may while that attempt is the one under way. A success that comes after its lease has run out ends
    what is tried or waits to be tried again, unless the delivery was begun anew meanwhile.
    """
    if outcome is Outcome.SENT and n > delivery.run_from:
        return delivery.status in {Status.PENDING, Status.LEASED}
    return delivery.status is Status.LEASED and delivery.attempts == n


def settle(
    delivery: Delivery, verdict: Verdict, *, enabled: bool, now: datetime, jitter: float
) -> Delivery:
    """The delivery after an attempt; `jitter` in [0, 1). What is disabled is tried no further."""
    if verdict.outcome is Outcome.SENT:
        return _replace(delivery, status=Status.SENT)
    tries = delivery.attempts - delivery.run_from
    if verdict.outcome is Outcome.GONE or not enabled or tries > len(WAITS):
        return _replace(delivery, status=Status.DEAD)
    wait = WAITS[max(tries, 1) - 1] * (1 - JITTER + 2 * JITTER * jitter)
    if verdict.outcome is Outcome.REFUSED:
        wait = max(wait, REFUSED_WAIT)
    if verdict.retry_after is not None:
        wait = max(wait, min(max(verdict.retry_after, SHORTEST_ASKED), LONGEST_ASKED))
    return _replace(delivery, status=Status.PENDING, due_at=now + wait)


def again(delivery: Delivery, now: datetime) -> Delivery:
    """It ended, and begins anew: the same id and bytes, the whole schedule. One that is under way goes on."""
    if delivery.status in {Status.PENDING, Status.LEASED}:
        return delivery
    return _replace(delivery, status=Status.PENDING, due_at=now, run_from=delivery.attempts)


_replace = msgspec.structs.replace
