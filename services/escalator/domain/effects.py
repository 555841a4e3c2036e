"""What another workflow would do to running clocks, worked out before it is in force (semantics C4, F1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from shared.contracts.vocabulary import Metric

from . import sla
from .case import Case
from .sla import Calendars

#: How many of the deadlines that move are named.
NAMED = 10

_NOTHING = timedelta(0)


class Moved(msgspec.Struct, frozen=True):
    """A running clock whose deadline another calendar moves."""

    ticket_id: UUID
    metric: Metric
    before: datetime
    after: datetime


class Effects(msgspec.Struct):
    """What was found so far: running clocks, those that move by calendar, the extremes, the first ones.

    `earlier` and `later` are how far the deadline that moves most is moved.
    """

    looked_at: int = 0
    running: int = 0
    moved: dict[str, int] = {}
    earlier: timedelta = _NOTHING
    later: timedelta = _NOTHING
    first: list[Moved] = []

    def look_at(self, case: Case, before: Calendars, after: Calendars) -> None:
        """Count one case."""
        self.looked_at += 1
        for clock in case.timeline.unfinished:
            self.running += clock.running_since is not None
        for calendar, moved in _moved(case, before, after):
            self.moved[calendar] = self.moved.get(calendar, 0) + 1
            self.earlier = max(self.earlier, moved.before - moved.after)
            self.later = max(self.later, moved.after - moved.before)
            self.first = sorted([*self.first, moved], key=lambda m: (m.after, m.ticket_id))[:NAMED]


def _moved(case: Case, before: Calendars, after: Calendars) -> Iterator[tuple[str, Moved]]:
    """The clocks of a case that run towards another deadline; a breach that was has none (F4)."""
    for clock in case.timeline.unfinished:
        if clock.running_since is None or clock.breached_at is not None:
            continue
        old, new = sla.deadline(clock, before), sla.deadline(clock, after)
        if old is not None and new is not None and old != new:
            yield clock.calendar, Moved(case.ticket_id, clock.metric, old, new)
