"""Business days: so many days on which a calendar is open, at the same time of day (semantics C8)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.calendar import LONGEST_CLOSURE, Calendar, NoOpenTimeError

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


def business_days_after(calendar: Calendar, start: datetime, days: int) -> datetime:
    """The `days`-th following local date with open time, at `start`'s time of day, moved into that day's open
    time: before opening to the opening, inside a break to its end, after closing to the closing.

    Of a calendar that was changed the newest version counts. Raises NoOpenTimeError when 366 days in a row are
    closed.
    """
    zone = ZoneInfo(calendar.zone)
    local = start.astimezone(zone)
    day = local.date()
    for _ in range(days):
        day = _next_open(calendar, day)
    clock = local - datetime.combine(local.date(), time(), tzinfo=zone)
    moved = datetime.combine(day, time()) + _into_open_time(calendar, day, clock)
    return moved.replace(tzinfo=zone).astimezone(UTC)


def _next_open(calendar: Calendar, day: date) -> date:
    for n in range(1, LONGEST_CLOSURE.days + 1):
        if calendar.hours_on(day + n * _DAY):
            return day + n * _DAY
    raise NoOpenTimeError(f"calendar {calendar.name} is never open again")


def _into_open_time(calendar: Calendar, day: date, clock: timedelta) -> timedelta:
    """The time of day nearest to `clock` that is open on `day`, never earlier but after closing."""
    hours = sorted(calendar.hours_on(day))
    for opens, closes in hours:
        if clock <= closes * _MINUTE:
            return max(clock, opens * _MINUTE)
    return hours[-1][1] * _MINUTE
