"""How much a person is told at once: bundles, digests, budgets and quiet hours (semantics D4, L7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from shared.calendar import Calendar


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When `calendar` is closed, what can wait does; `levels` and `priorities` are told all the same."""

    calendar: Calendar
    levels: frozenset[str] = frozenset()
    priorities: frozenset[str] = frozenset()

    def end(self, at: datetime) -> datetime | None:
        """When the quiet hours of `at` are over; None when `at` is in none, or when they never end."""
        opening = self.calendar.next_opening(at)
        return opening if opening is not None and opening > at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What keeps messages few. `bundle`: how long a message waits for others, nothing at all when zero;
    `messages` and `sms`: so many a recipient and hour, what is more goes to a digest; `every`: from one
    digest to the next, a day at most; `zone`: that of a recipient who has none.
    """

    bundle: timedelta = timedelta(seconds=60)
    messages: int = 20
    sms: int = 6
    every: timedelta = timedelta(hours=1)
    quiet: QuietHours | None = None
    zone: ZoneInfo = field(default_factory=partial(ZoneInfo, "UTC"))
