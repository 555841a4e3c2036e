"""How an endpoint has been doing: when it is only probed, and when it is told nothing any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from .delivery import Outcome
from .subscription import DisabledBecause

#: From so many failures in a row on, an endpoint gets one probe at a time and nothing else.
BREAKS_AT: Final = 10
PROBE_EVERY: Final = timedelta(minutes=1)

#: An endpoint that has failed for so long without one success is disabled.
GIVEN_UP_AFTER: Final = timedelta(days=5)


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Failures in a row, since when, and the last success."""

    failures: int = 0
    failing_since: datetime | None = None
    last_success_at: datetime | None = None

    @property
    def is_broken(self) -> bool:
        """Is it only probed?"""
        return self.failures >= BREAKS_AT


def after(health: Health, outcome: Outcome, now: datetime) -> Health:
    """The endpoint's health after one more outcome. What was lost with a process of ours says nothing."""
    if outcome is Outcome.SENT:
        return Health(last_success_at=now)
    if outcome is Outcome.LOST:
        return health
    return Health(
        failures=health.failures + 1,
        failing_since=health.failing_since or now,
        last_success_at=health.last_success_at,
    )


def why_disable(health: Health, outcome: Outcome, now: datetime) -> DisabledBecause | None:
    """Why the endpoint is to be told nothing any more, if it is."""
    if outcome is Outcome.GONE:
        return DisabledBecause.GONE
    if health.failing_since is not None and now - health.failing_since >= GIVEN_UP_AFTER:
        return DisabledBecause.FAILING
    return None
