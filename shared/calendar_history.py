"""A calendar that has been changed: each version counts from its instant on (semantics C4).

What a clock consumed before a change stays consumed, because that stretch is still measured by the
version of its time. So a change moves deadlines and never breaches anything by itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from .calendar import LONGEST_CLOSURE, Calendar

_MILLISECOND = timedelta(milliseconds=1)
_NOTHING = timedelta(0)

_Question = Callable[[Calendar, datetime], datetime | None]


@dataclass(frozen=True)
class CalendarVersion:
    """`calendar` counts from `effective_from` on, an aware instant in whole milliseconds. `number` is
    that of the configuration it came with.
    """

    number: int
    effective_from: datetime
    calendar: Calendar


@dataclass(frozen=True)
class CalendarHistory(Calendar):
    """A calendar that answers every question by the version in force at each instant.

    Its own hours, holidays and exceptions are those of the newest version. The first version counts for
    all time before it, too. `versions` rise by `effective_from`, and there is at least one.
    """

    versions: tuple[CalendarVersion, ...] = ()
    _begins: tuple[datetime, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "_begins", tuple(v.effective_from for v in self.versions[1:]))

    def __hash__(self) -> int:
        return hash((self.name, self.versions))

    @classmethod
    def of(cls, versions: Iterable[CalendarVersion]) -> Self:
        """The history of `versions` in the order they were decided.

        A decision that takes effect before an earlier one replaces it; one that changes nothing leaves
        the version before it in force. Raises ValueError when there is none.
        """
        kept: list[CalendarVersion] = []
        for version in versions:
            while len(kept) > 1 and version.effective_from <= kept[-1].effective_from:
                kept.pop()
            if not kept or not same_hours(kept[-1].calendar, version.calendar):
                kept.append(version)
        if not kept:
            raise ValueError("a history has at least one version")
        newest = kept[-1].calendar
        return cls(
            name=newest.name,
            zone=newest.zone,
            weekly=newest.weekly,
            holidays=newest.holidays,
            exceptions=newest.exceptions,
            versions=tuple(kept),
        )

    def in_force(self, at: datetime) -> CalendarVersion:
        """The version that counts at `at`."""
        return self.versions[bisect_right(self._begins, at)]

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The open time in `[start, end)`, each stretch by the version of its time."""
        if end <= start:
            return _NOTHING
        pieces = self._pieces(start)
        return sum(
            (
                calendar.between(begin, end if limit is None else min(end, limit))
                for begin, limit, calendar in pieces
            ),
            _NOTHING,
        )

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """The first instant from `start` on by which `duration` of open time has passed.

        Raises NoOpenTimeError when the newest version has a year without open time first.
        """
        left = duration // _MILLISECOND * _MILLISECOND
        for begin, limit, calendar in self._pieces(start):
            here = None if limit is None else calendar.between(begin, limit)
            if here is None or left <= here:
                return calendar.add(begin, left)
            left -= here
        raise AssertionError("the newest version has no end")

    def is_open(self, at: datetime) -> bool:
        """Does `at` lie in open time?"""
        return self.in_force(at).calendar.is_open(at)

    def next_opening(self, at: datetime) -> datetime | None:
        """The first open instant from `at` on, or None when 366 days have none."""
        return self._first(at, Calendar.next_opening)

    def next_closing(self, at: datetime) -> datetime | None:
        """The first instant from `at` on that is not open, or None when 366 days have none."""
        return self._first(at, Calendar.next_closing)

    def _pieces(self, start: datetime) -> Iterator[tuple[datetime, datetime | None, Calendar]]:
        """What counts from `start` on: from when, until when (None: for ever), by which calendar."""
        first = bisect_right(self._begins, start)
        for n in range(first, len(self.versions)):
            limit = self._begins[n] if n < len(self._begins) else None
            yield start, limit, self.versions[n].calendar
            if limit is not None:
                start = limit

    def _first(self, at: datetime, ask: _Question) -> datetime | None:
        """The first answer within 366 days that its own version gives."""
        for begin, limit, calendar in self._pieces(at):
            found = ask(calendar, begin)
            if found is not None and (limit is None or found < limit):
                return found if found - at < LONGEST_CLOSURE else None
        return None


def same_hours(one: Calendar, other: Calendar) -> bool:
    """Are both open at the same times by the same rules, whatever they are called?"""
    return (one.zone, one.weekly, one.holidays, one.exceptions) == (
        other.zone,
        other.weekly,
        other.holidays,
        other.exceptions,
    )
