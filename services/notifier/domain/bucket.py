"""The rate of one target: a token bucket, kept as one instant so that replicas can share it in a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Rate:
    """So many messages a second in the long run, and as many as one second brings at once.

    In any stretch of w seconds no more than `burst + per_second * w` leave.
    """

    per_second: float

    @property
    def interval(self) -> timedelta:
        """From one token to the next."""
        return timedelta(seconds=1 / self.per_second)

    @property
    def burst(self) -> int:
        """What a full bucket holds."""
        return max(1, int(self.per_second))


def room(full_at: datetime, rate: Rate, now: datetime) -> int:
    """How many tokens there are, of a bucket that will be full at `full_at`."""
    missing = max(full_at - now, timedelta())
    return max(0, (rate.burst * rate.interval - missing) // rate.interval)


def taken(full_at: datetime, rate: Rate, count: int, now: datetime) -> datetime:
    """When the bucket will be full after `count` tokens are taken."""
    return max(full_at, now) + count * rate.interval


def next_at(full_at: datetime, rate: Rate) -> datetime:
    """When there is a token again; in the past when there is one."""
    return full_at - (rate.burst - 1) * rate.interval
