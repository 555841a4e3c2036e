"""All time zones there are, and when their clocks were moved in 1990 to 2037."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

FIRST = datetime(1990, 1, 1, tzinfo=UTC)
LAST = datetime(2037, 12, 1, tzinfo=UTC)

_STEP = timedelta(days=10)
_MINUTE = timedelta(minutes=1)


@cache
def names() -> tuple[str, ...]:
    """Every IANA zone, in a fixed order."""
    return tuple(sorted(zoneinfo.available_timezones() - {"localtime", "Factory"}))


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """The instants at which the zone's clocks were moved, looked for every ten days."""
    zone = ZoneInfo(name)
    found = []
    at = FIRST
    while at < LAST:
        if _offset(at, zone) != _offset(at + _STEP, zone):
            found.append(_change_between(at, at + _STEP, zone))
        at += _STEP
    return tuple(found)


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    before = _offset(low, zone)
    while high - low > _MINUTE:
        middle = low + (high - low) // 2
        middle -= timedelta(microseconds=middle.microsecond)
        if _offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high.replace(second=0)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
