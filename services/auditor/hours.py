"""Open time, counted span by span from one day to the next (semantics C1 to C3, C6).

Deliberately not the product's calendar arithmetic, which answers from a table: this one walks. Instants and
durations are whole milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from shared.calendar import Calendar
from shared.calendar_history import CalendarHistory

Span = tuple[int, int]

_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)

#: Beyond every instant that is asked about.
_FOREVER: Final = 1 << 62

#: Nobody waits longer than this for open time.
_LONGEST_WALK: Final = 20 * 366


def milliseconds(instant: datetime) -> int:
    """Whole milliseconds since 1970."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def instant(ms: int) -> datetime:
    """The instant of that many milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=ms)


class Hours:
    """The open time of one calendar."""

    def __init__(self, calendar: Calendar) -> None:
        self.name = calendar.name
        self._rules = _versions(calendar)
        self._known: dict[date, list[Span]] = {}

    def between(self, start: int, end: int) -> int:
        """How long it is open in `[start, end)`."""
        total = 0
        for opens, closes in self._walk(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def after(self, start: int, duration: int) -> int | None:
        """The first instant by which it has been open for `duration` since `start`; None for never."""
        if duration <= 0:
            return start
        left = duration
        for opens, closes in self._walk(start):
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
        return None

    def _walk(self, start: int) -> Iterator[Span]:
        """The open spans from `start` on, none of them overlapping another."""
        day, reached = instant(start).date() - 2 * _DAY, start
        for _ in range(_LONGEST_WALK):
            for opens, closes in self._open(day):
                if closes > reached:
                    yield max(opens, reached), closes
                    reached = closes
            day += _DAY

    def _open(self, day: date) -> list[Span]:
        """The open spans of one local day, each version of the calendar in its own time (C4)."""
        if day not in self._known:
            self._known[day] = sorted(
                (max(opens, since), min(closes, until))
                for since, until, calendar in self._rules
                for opens, closes in _spans(calendar, day)
            )
        return self._known[day]


def _versions(calendar: Calendar) -> list[tuple[int, int, Calendar]]:
    """From when until when which rules count; the first ones for all time before, too."""
    if not isinstance(calendar, CalendarHistory):
        return [(-_FOREVER, _FOREVER, calendar)]
    begins = [-_FOREVER, *(milliseconds(v.effective_from) for v in calendar.versions[1:])]
    ends = [*begins[1:], _FOREVER]
    return [
        (since, until, version.calendar)
        for since, until, version in zip(begins, ends, calendar.versions, strict=True)
    ]


def _spans(calendar: Calendar, day: date) -> Iterator[Span]:
    """When one local day is open, by the first rule that speaks (semantics C3)."""
    intervals: Iterable[Span] = calendar.weekly.get(day.weekday(), ())
    if day in calendar.exceptions:
        intervals = calendar.exceptions[day]
    elif day in calendar.holidays:
        intervals = ()
    zone, midnight = ZoneInfo(calendar.zone), datetime.combine(day, time())
    for opens, closes in intervals:
        first = _happens(midnight + timedelta(minutes=opens), zone)[0]
        yield first, _happens(midnight + timedelta(minutes=closes), zone)[-1]


def _happens(wall: datetime, zone: ZoneInfo) -> list[int]:
    """When clocks on the wall show `wall`: once, twice, or where it is skipped, the instant of the skip
    (semantics C2).
    """
    around = wall.replace(tzinfo=UTC)
    offsets = {_offset(around + timedelta(hours=h), zone) for h in range(-30, 31, 3)}
    times = sorted(around - offset for offset in offsets)
    shown = [at for at in times if _shown(at, zone) == wall]
    if shown:
        return [milliseconds(at) for at in shown]
    at = times[0]
    while _shown(at, zone) < wall:
        at += _SECOND
    return [milliseconds(at)]


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)
