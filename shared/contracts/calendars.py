"""support.calendars, produced by the escalator: when the clocks of each calendar run. Key: the calendar's name."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

import msgspec

from .payload import Payload, payload
from .topics import CALENDARS
from .vocabulary import Instant


class OpenTime(msgspec.Struct, frozen=True, kw_only=True):
    """Open from minute `opens` of the local day to minute `closes`, which is not open any more."""

    opens: int
    closes: int


class OpenDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day that has its own hours; `hours` is empty when it is closed."""

    day: date
    hours: list[OpenTime]


class OpenHours(msgspec.Struct, frozen=True, kw_only=True):
    """`weekly` has the hours of seven days, Monday's first, in the time zone `zone`; `holidays` are closed;
    `exceptions` come before both.
    """

    zone: str
    weekly: list[list[OpenTime]]
    holidays: list[date]
    exceptions: list[OpenDay]


@payload("calendar.changed", topic=CALENDARS)
class CalendarChanged(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """A calendar reads so from `effective_from` on, for running clocks, too (semantics C4).

    A change decided later that takes effect no later replaces this one. `hours` is missing where they are
    more than an event may hold.
    """

    subject_field: ClassVar[str] = "calendar"

    calendar: str
    workflow_version: int
    workflow_digest: str
    effective_from: Instant
    hours: OpenHours | None = None
