"""How often: calls of one caller or one source in a time, counted in this process only (security S17).

Every process counts for itself, in memory, by the machine's clock: several processes together let through
several times the rate. An exact limit over all of them belongs to the ingress. A count that fails lets the
call through: it protects nothing that admission does not protect as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from shared.clock import Clock


class Rates:
    """Counts the calls of everybody who has a rate, in windows that begin with their first call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows = FixedWindowRateLimiter(MemoryStorage())

    async def refused(self, rate: RateLimitItem, who: str) -> Mapping[str, str] | None:
        """Count a call of `who`; the headers of its refusal when that is one too many, else None.

        They say how many calls there may be, that none is left, and in how many seconds there will be.
        """
        if await self._windows.hit(rate, who):
            return None
        reset_at, remaining = await self._windows.get_window_stats(rate, who)
        wait = math.ceil(reset_at - self._clock.now().timestamp())
        seconds = str(min(max(1, wait), rate.get_expiry()))
        return {
            "Retry-After": seconds,
            "RateLimit-Limit": str(rate.amount),
            "RateLimit-Remaining": str(remaining),
            "RateLimit-Reset": seconds,
        }
