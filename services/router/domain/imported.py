"""An imported calendar as a shift: its events are the working time (semantics G7).

It is laid out as spans for some weeks around the instant asked about, and anew when a question comes
near their end.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from shared.ical import Span, WorkCalendar

#: How far a calendar is laid out around an instant, and how near the end it is laid out anew.
BEHIND: Final = timedelta(days=2)
AHEAD: Final = timedelta(days=60)
NEAR: Final = timedelta(days=30)


class ImportedShift:
    """When the events of a calendar take place. Nothing is known of what is weeks ahead."""

    def __init__(self, text: str) -> None:
        """Raises NoCalendarError for a text that is no calendar of working time."""
        self._calendar = WorkCalendar(text)
        self._known: Span | None = None
        self._opens: list[datetime] = []
        self._closes: list[datetime] = []

    def knows(self, at: datetime) -> bool:
        """Whether it is laid out around `at`, so that a question costs nothing."""
        return self._known is not None and self._known[0] <= at <= self._known[1] - NEAR

    def lay_out(self, at: datetime) -> None:
        """Lay it out around `at`, if it is not. Raises NoCalendarError when that is too much."""
        if self.knows(at):
            return
        known = (at - BEHIND, at + AHEAD)
        spans = _united(self._calendar.between(*known))
        self._opens = [opens for opens, _ in spans]
        self._closes = [closes for _, closes in spans]
        self._known = known

    def is_open(self, at: datetime) -> bool:
        """Whether `at` lies in working time."""
        self.lay_out(at)
        index = bisect_right(self._opens, at) - 1
        return index >= 0 and at < self._closes[index]

    def next_change(self, at: datetime) -> datetime | None:
        """The first instant after `at` at which work begins or ends; None if none is known."""
        self.lay_out(at)
        index = bisect_right(self._closes, at)
        if index == len(self._opens):
            return None
        return self._opens[index] if at < self._opens[index] else self._closes[index]

    def next_opening(self, at: datetime) -> datetime | None:
        """The first working instant from `at` on; None if none is known."""
        self.lay_out(at)
        index = bisect_right(self._closes, at)
        return max(at, self._opens[index]) if index < len(self._opens) else None


def _united(spans: Iterable[Span]) -> list[Span]:
    """Sorted spans in which what overlaps or touches is one."""
    united: list[Span] = []
    for opens, closes in sorted(spans):
        if united and opens <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], closes))
        else:
            united.append((opens, closes))
    return united
