"""Open time, worked out the slow way: day by day, interval by interval, from the wall clock of the zone.

Written from semantics C1 to C4 and C6 alone; shares no line with the product's calendar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]

_NOTHING = timedelta(0)
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)

#: No wall clock differs from UTC by more than this, and none was moved twice within three hours.
_FARTHEST = timedelta(hours=27)
_LOOK = timedelta(hours=3)

#: Longer than any pause between two openings (semantics C6), in days.
_PATIENCE = 800


def wall(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks on the walls of `zone` show at `instant`."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


@lru_cache(maxsize=20_000)
def _offsets(day: date, zone: ZoneInfo) -> frozenset[timedelta]:
    """Every offset in use around a local day."""
    at = datetime.combine(day, time(), tzinfo=UTC) - _FARTHEST
    end = at + 2 * _FARTHEST + _DAY
    found = set()
    while at <= end:
        found.add(wall(at, zone) - at.replace(tzinfo=None))
        at += _LOOK
    return frozenset(found)


def showings(shown: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants at which the wall clock shows `shown`: none in a gap, two in a fold."""
    candidates = {(shown - o).replace(tzinfo=UTC) for o in _offsets(shown.date(), zone)}
    return sorted(at for at in candidates if wall(at, zone) == shown)


def _after_gap(shown: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which the wall clock has gone past `shown`, which it never shows."""
    at = shown.replace(tzinfo=UTC) - _FARTHEST
    for step in (_HOUR, _MINUTE, _SECOND):
        while wall(at + step, zone) < shown:
            at += step
    return at + _SECOND


@dataclass(eq=False)
class Hours:
    """A calendar as semantics C1, C3 and C4 tell it. Minutes are those of the wall clock of a local day;
    `changed` is when another version takes effect, and that version.
    """

    zone: ZoneInfo
    weekly: Mapping[int, Sequence[tuple[int, int]]]
    holidays: frozenset[date]
    exceptions: Mapping[date, Sequence[tuple[int, int]]]
    changed: tuple[datetime, Hours] | None = None
    _days: dict[date, list[Span]] = field(default_factory=dict)

    def used(self, start: datetime, end: datetime) -> timedelta:
        """The open time of `[start, end)`."""
        spent = _NOTHING
        for opens, closes in self._walk(start):
            if opens >= end:
                break
            spent += min(closes, end) - opens
        return spent

    def reached(self, start: datetime, wanted: timedelta) -> datetime:
        """The earliest instant from `start` on by which `wanted` of open time has passed."""
        if wanted <= _NOTHING:
            return start
        for opens, closes in self._walk(start):
            if closes - opens >= wanted:
                return opens + wanted
            wanted -= closes - opens
        raise AssertionError("never open again")

    def _walk(self, start: datetime) -> Iterator[Span]:
        """The open spans from `start` on, each by the version of its time (C4)."""
        if self.changed is None:
            yield from self._walk_version(start)
            return
        until, following = self.changed
        for opens, closes in self._walk_version(start) if start < until else ():
            if opens >= until:
                break
            yield opens, min(closes, until)
        yield from following._walk(max(start, until))

    def _walk_version(self, start: datetime) -> Iterator[Span]:
        """The open spans of this version, in order, what overlaps counted once."""
        counted = start
        day = start.date() - 2 * _DAY
        for _ in range(_PATIENCE):
            for opens, closes in sorted(self.day(day)):
                if closes > counted:
                    yield max(opens, counted), closes
                    counted = closes
            day += _DAY

    def day(self, day: date) -> list[Span]:
        """The open spans of one local day, neither sorted nor united."""
        if day not in self._days:
            self._days[day] = [
                (opens, closes)
                for since, until in self._intervals(day)
                for opens in [self._point(day, since, -1)]
                for closes in [self._point(day, until, +1)]
                if opens < closes
            ]
        return self._days[day]

    def _intervals(self, day: date) -> Sequence[tuple[int, int]]:
        if day in self.exceptions:
            return self.exceptions[day]
        if day in self.holidays:
            return ()
        return self.weekly.get(day.weekday(), ())

    def _point(self, day: date, minute: int, side: int) -> datetime:
        """An end point as an instant: the first or the last showing, or the end of the gap (C2)."""
        shown = datetime.combine(day, time()) + minute * _MINUTE
        found = showings(shown, self.zone)
        if not found:
            return _after_gap(shown, self.zone)
        return found[0] if side < 0 else found[-1]
