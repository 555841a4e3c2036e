"""How a clock's deadline comes about, in words a person can check with a pencil (semantics K2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from shared.calendar import Calendar

from .sla import Calendars, Clock, Outcome, calendar_of, consumed_by, deadline

#: Closed stretches beyond these are not named any more, only added up.
_CLOSURES: Final = 40

_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)


def formula(clock: Clock, now: datetime, calendars: Calendars) -> str:
    """The sum that gives the deadline, or what stands in its place."""
    if clock.outcome is not None:
        return _ended(clock)
    calendar = calendar_of(clock, calendars)
    if clock.breached_at is not None:
        over = consumed_by(clock, now, calendars) - clock.budget
        rest = "and stands" if clock.running_since is None else "and counts"
        return f"breached {_stamp(clock.breached_at)}: {length(over)} overdue {rest}"
    if clock.running_since is None:
        left = clock.budget - clock.consumed
        used = f"{length(clock.budget)} − {length(clock.consumed)} used"
        return f"stands: {used} = {length(left)} left when it goes on, {named(calendar)}"
    ends = deadline(clock, calendars)
    assert ends is not None
    return _sum(clock, clock.running_since, ends, calendar)


def _sum(clock: Clock, since: datetime, ends: datetime, calendar: Calendar) -> str:
    used = f" − {length(clock.consumed)} used" if clock.consumed else ""
    closed = _closed(calendar, since, ends)
    sum_ = f"{_stamp(since)} + {length(clock.budget)}{used}, {named(calendar)}{closed}"
    return f"{sum_} = {_stamp(ends)}{_local(ends, calendar)}"


def _local(at: datetime, calendar: Calendar) -> str:
    """The local time of the calendar's zone, where that is another."""
    there = at.astimezone(ZoneInfo(calendar.zone))
    return f" ({there:%a %H:%M} local)" if there.utcoffset() else ""


def _ended(clock: Clock) -> str:
    """A clock that ended needs no deadline any more; it has a verdict."""
    used, budget = length(clock.consumed), length(clock.budget)
    if clock.outcome is Outcome.CANCELLED and clock.breached_at:
        return f"ran out {_stamp(clock.breached_at)}, and was cancelled after {used} of {budget}"
    if clock.outcome is Outcome.CANCELLED:
        return f"cancelled after {used} of {budget}: it counts for nothing"
    if clock.outcome is Outcome.CLOSED_LATE:
        return f"late: {used} used of {budget}, {length(clock.consumed - clock.budget)} too much"
    return f"met: {used} used of {budget}, {length(clock.budget - clock.consumed)} to spare"


def _closed(calendar: Calendar, since: datetime, ends: datetime) -> str:
    """The closed stretches on the way, in the calendar's own local time."""
    gone = (ends - since) - calendar.between(since, ends)
    if not gone:
        return ""
    shut = Counter(islice(_closures(calendar, since, ends), _CLOSURES))
    found = [f"{times} × {name}" if times > 1 else name for name, times in shut.items()]
    more = ["…"] if shut.total() == _CLOSURES else []
    return f", closed {', '.join([*found, *more])} ({length(gone)})"


def _closures(calendar: Calendar, since: datetime, ends: datetime) -> Iterator[str]:
    zone, at = ZoneInfo(calendar.zone), since
    while (shut := calendar.next_closing(at)) is not None and shut < ends:
        opens = calendar.next_opening(shut)
        if opens is None:
            return
        yield _stretch(shut, opens, zone)
        at = opens


def _stretch(shut: datetime, opens: datetime, zone: ZoneInfo) -> str:
    """`18:00–09:00` within a night, else with its days: `Fri 18:00–Mon 09:00`."""
    start, end = shut.astimezone(zone), opens.astimezone(zone)
    if opens - shut < timedelta(days=1):
        return f"{start:%H:%M}–{end:%H:%M}"
    return f"{start:%a %H:%M}–{end:%a %H:%M}"


def named(calendar: Calendar) -> str:
    """`calendar office (Europe/Berlin)`."""
    return f"calendar {calendar.name} ({calendar.zone})"


def length(span: timedelta) -> str:
    """A duration, exact to the millisecond: `240 min`, `60 min 10 s`, `0.001 s`."""
    sign, whole = ("−", -span) if span < timedelta(0) else ("", span)
    minutes, rest = divmod(whole, _MINUTE)
    parts = [f"{minutes} min"] if minutes or not rest else []
    if rest:
        parts.append(f"{rest / _SECOND:.3f}".rstrip("0").rstrip(".") + " s")
    return sign + " ".join(parts)


def _stamp(at: datetime) -> str:
    """An instant in UTC; seconds only where there are any."""
    text = f"{at:%Y-%m-%d %H:%M}"
    if at.microsecond:
        return f"{text}:{at:%S}.{at.microsecond // 1000:03}"
    return f"{text}:{at:%S}" if at.second else text
