"""Business time: how much of a span a calendar is open, and when so much of it has passed (semantics C).

A calendar lays its open time out once as a table of united UTC intervals with their running total, grown
when a question reaches beyond it; each question is then two binary searches, whatever span it covers.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

Interval = tuple[int, int]

#: A calendar without open time in this many days is refused (semantics C6).
LONGEST_CLOSURE = timedelta(days=366)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MINUTES_A_DAY = 24 * 60
_CHUNK = timedelta(days=200)
_MARGIN = timedelta(days=2)
_FIRST_DAY, _LAST_DAY = date(1, 1, 3), date(9999, 12, 29)
_EARLIEST, _LATEST = date(2, 1, 1), date(9998, 12, 31)


class NoOpenTimeError(ValueError):
    """The calendar has no open time for more than 366 days (semantics C6)."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The open intervals of the local days `[first, last]`, in milliseconds since 1970.

    `known` bounds the instants it can answer for: whatever the zone, a local day lies within two days.
    """

    first: date
    last: date
    known: Interval
    opens: tuple[int, ...] = ()
    closes: tuple[int, ...] = ()
    totals: tuple[int, ...] = ()  # open time from the table's beginning to the end of each interval

    def before(self, instant: int) -> int:
        """Open time from the table's beginning to `instant`."""
        at = bisect_right(self.opens, instant) - 1
        return self.totals[at] - max(0, self.closes[at] - instant) if at >= 0 else 0

    def reached(self, total: int) -> int | None:
        """The first instant at which `total` has passed, or None beyond the table."""
        at = bisect_left(self.totals, total)
        return self.closes[at] - (self.totals[at] - total) if at < len(self.totals) else None


@dataclass(frozen=True)
class Calendar:
    """When work counts: weekly intervals in minutes of the local day, holidays, exceptions by date.

    Intervals are half-open `(from, to)` with 0 ≤ from < to ≤ 1440; what runs over midnight is given as two
    (semantics C1). An exception replaces its whole day and wins over a holiday (C3). All instants taken and
    given are aware and counted in whole milliseconds. Raises ValueError for a bad interval or an unknown
    zone (ZoneInfoNotFoundError is a KeyError).
    """

    name: str
    zone: str
    weekly: Mapping[int, Sequence[Interval]]
    holidays: frozenset[date] = frozenset()
    exceptions: Mapping[date, Sequence[Interval]] = field(default_factory=dict)
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _table: _Table | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_zone", ZoneInfo(self.zone))
        for intervals in (*self.weekly.values(), *self.exceptions.values()):
            for start, end in intervals:
                if not 0 <= start < end <= _MINUTES_A_DAY:
                    raise ValueError(f"calendar {self.name}: {start}-{end} is no interval of a day")

    def __hash__(self) -> int:
        return hash((self.name, self.zone, self.holidays))

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The open time in `[start, end)`: B of the semantics. Zero when `end` is not after `start`."""
        a, b = _milliseconds(start), _milliseconds(end)
        if b <= a:
            return timedelta(0)
        table = self._reaching(a, b)
        return (table.before(b) - table.before(a)) * _MILLISECOND

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """The first instant from `start` on by which `duration` of open time has passed: inverse_B.

        What ends with an interval ends at its closing, not at the next opening (semantics C6). A duration
        of zero or less has passed at `start`. Raises NoOpenTimeError when a year without open time comes
        first.
        """
        wanted = duration // _MILLISECOND
        instant = _milliseconds(start)
        if wanted <= 0:
            return _instant(instant)
        table = self._reaching(instant, instant)
        total = table.before(instant) + wanted
        while (reached := table.reached(total)) is None:
            table = self._later(table)
        return _instant(reached)

    def is_open(self, at: datetime) -> bool:
        """Does `at` lie in open time?"""
        instant = _milliseconds(at)
        table = self._reaching(instant, instant)
        index = bisect_right(table.opens, instant) - 1
        return index >= 0 and instant < table.closes[index]

    def next_opening(self, at: datetime) -> datetime | None:
        """The first open instant from `at` on, or None when 366 days have none (semantics C6)."""
        instant = _milliseconds(at)
        limit = instant + LONGEST_CLOSURE // _MILLISECOND
        table = self._reaching(instant, limit)
        index = bisect_right(table.closes, instant)
        if index == len(table.opens) or table.opens[index] >= limit:
            return None
        return _instant(max(instant, table.opens[index]))

    def next_closing(self, at: datetime) -> datetime | None:
        """The first instant from `at` on that is not open, or None when 366 days have none."""
        instant = _milliseconds(at)
        limit = instant + LONGEST_CLOSURE // _MILLISECOND
        table = self._reaching(instant, limit)
        index = bisect_right(table.opens, instant) - 1
        if index < 0 or instant >= table.closes[index]:
            return _instant(instant)
        return _instant(table.closes[index]) if table.closes[index] < limit else None

    def next_change(self, at: datetime) -> datetime | None:
        """The first instant after `at` at which it opens or closes, or None when 366 days have none."""
        return self.next_closing(at) if self.is_open(at) else self.next_opening(at)

    def hours_on(self, day: date) -> Sequence[Interval]:
        """What is open on a local day: exception, else holiday, else weekly (semantics C3)."""
        if day in self.exceptions:
            return self.exceptions[day]
        return () if day in self.holidays else self.weekly.get(day.weekday(), ())

    def _reaching(self, start: int, end: int) -> _Table:
        """The table, grown until it can answer for `[start, end]`."""
        table = self._table
        if table is not None and table.known[0] <= start and end <= table.known[1]:
            return table
        first = max(_day(start) - _MARGIN - _CHUNK, _FIRST_DAY)
        last = min(_day(end) + _MARGIN + _CHUNK, _LAST_DAY)
        if table is not None:
            first, last = min(first, table.first), max(last, table.last)
        return self._grown(first, last)

    def _later(self, table: _Table) -> _Table:
        """A table that goes on after `table` for at least as long again, a year at least."""
        closed_for = _milliseconds(_midnight(table.last)) - (table.closes or (0,))[-1]
        if table.last == _LAST_DAY or (not table.closes and _length(table) > LONGEST_CLOSURE):
            raise NoOpenTimeError(f"calendar {self.name} is never open again")
        if closed_for * _MILLISECOND > LONGEST_CLOSURE + timedelta(days=2) and table.closes:
            raise NoOpenTimeError(f"calendar {self.name} is never open again")
        more = max(_length(table), LONGEST_CLOSURE)
        last = table.last + more if _LAST_DAY - table.last > more else _LAST_DAY
        return self._grown(table.first, last)

    def _grown(self, first: date, last: date) -> _Table:
        """Lay out the days `[first, last]`, keeping what the present table already knows."""
        known = self._table
        if known is None:
            spans = _united(self._spans(first, last))
        else:
            earlier = self._spans(first, known.first - timedelta(days=1))
            later = self._spans(known.last + timedelta(days=1), last)
            spans = _united([*earlier, *zip(known.opens, known.closes, strict=True), *later])
        table = _Table(
            first,
            last,
            (_milliseconds(_midnight(first + _MARGIN)), _milliseconds(_midnight(last - _MARGIN))),
            tuple(start for start, _ in spans),
            tuple(end for _, end in spans),
            tuple(accumulate(end - start for start, end in spans)),
        )
        object.__setattr__(self, "_table", table)
        return table

    def _spans(self, first: date, last: date) -> list[Interval]:
        """The open spans of the local days `[first, last]`, not yet united."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        spans = (
            (self._to_utc(day, start, at_end=False), self._to_utc(day, end, at_end=True))
            for day in days
            for start, end in self.hours_on(day)
        )
        return [(start, end) for start, end in spans if start < end]

    def _to_utc(self, day: date, minute: int, *, at_end: bool) -> int:
        """An end point of an interval in UTC, by the rules for gap and fold (semantics C2)."""
        local = datetime.combine(day, time()) + timedelta(minutes=minute)
        first = local.replace(tzinfo=self._zone)
        second = first.replace(fold=1)
        before, after = first.utcoffset(), second.utcoffset()
        assert before is not None
        assert after is not None
        if before < after:
            return self._change_between(local - after, local - before)
        return _milliseconds((local - (after if at_end else before)).replace(tzinfo=UTC))

    def _change_between(self, low: datetime, high: datetime) -> int:
        """The instant in `(low, high]` (naive UTC) at which the zone's offset changes."""
        a, b = (_milliseconds(at.replace(tzinfo=UTC)) for at in (low, high))
        offset = _instant(a).astimezone(self._zone).utcoffset()
        while b - a > 1:
            middle = (a + b) // 2
            if _instant(middle).astimezone(self._zone).utcoffset() == offset:
                a = middle
            else:
                b = middle
        return b


def _united(spans: Iterable[Interval]) -> list[Interval]:
    """Sorted spans in which what overlaps or touches is one."""
    united: list[Interval] = []
    for start, end in sorted(spans):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], end))
        else:
            united.append((start, end))
    return united


def _length(table: _Table) -> timedelta:
    return table.last - table.first


def _milliseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // _MILLISECOND


def _instant(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MILLISECOND


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _day(instant: int) -> date:
    """The UTC date of an instant, within the dates a calendar can hold."""
    return min(max(_instant(instant).date(), _EARLIEST), _LATEST)


#: Open at every instant.
ALWAYS = Calendar("24x7", "UTC", dict.fromkeys(range(7), ((0, _MINUTES_A_DAY),)))
