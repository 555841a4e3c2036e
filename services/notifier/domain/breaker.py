"""The circuit breaker of one target: what fails ten times in a row is asked once a minute (semantics D3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

#: Failures in a row that open it.
FAILURES: Final = 10


@dataclass(frozen=True, slots=True)
class Breaker:
    """Closed without `opened_at`. Open, one message may go as a probe from `probe_at` on; the first that
    succeeds closes it.
    """

    failures: int = 0
    opened_at: datetime | None = None
    probe_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """The target is given up for now."""
        return self.opened_at is not None


def allowed(breaker: Breaker, now: datetime) -> int | None:
    """How many messages may go: None is as many as there are, 1 is a probe."""
    if breaker.probe_at is None:
        return None
    return 1 if breaker.probe_at <= now else 0


def probing(breaker: Breaker, now: datetime, *, every: timedelta) -> Breaker:
    """A message is leaving. Should nobody ever hear of this probe, there will be the next one."""
    if not breaker.is_open:
        return breaker
    return Breaker(breaker.failures, breaker.opened_at, now + every)


def succeeded() -> Breaker:
    """The target has answered: whatever was, it is there."""
    return Breaker()


def failed(breaker: Breaker, now: datetime, *, every: timedelta) -> Breaker:
    """The target has failed once more."""
    failures = breaker.failures + 1
    if breaker.is_open or failures < FAILURES:
        return Breaker(failures, breaker.opened_at, breaker.probe_at)
    return Breaker(failures, now, now + every)
