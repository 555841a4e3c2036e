"""Calendars that do not open any more (semantics C6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.calendar import Calendar

from .trouble import Finding


def never_open(calendars: Mapping[str, Calendar], now: datetime) -> list[Finding]:
    """The calendars without open time in the 366 days after `now`: no clock would ever end in them."""
    message = "has no open time in the next 366 days: no clock that counts in it would ever end"
    return [
        Finding(("calendars", name), message, key=True)
        for name, calendar in calendars.items()
        if calendar.next_opening(now) is None
    ]
