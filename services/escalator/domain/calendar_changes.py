"""What is told of the calendars on their topic: every change, once, in the order it was decided (semantics C4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from services.escalator.domain.versions import CalendarDays, Intervals, Version
from shared.contracts import (
    MAX_EVENT_BYTES,
    CalendarChanged,
    Cause,
    FollowUp,
    OpenDay,
    OpenHours,
    OpenTime,
)
from shared.ids import TIERLINE, derived_id

#: Hours that are longer than this on the wire are not told: an event with them might be refused.
MOST_BYTES: Final = MAX_EVENT_BYTES // 2

_WEEK: Final = range(7)


def changes(versions: Iterable[Version]) -> Mapping[str, list[Version]]:
    """By the name of a calendar, the versions that made it another one.

    One that repeats what the last of them says is none, unless it says so for an earlier instant: then it
    comes into force instead of that one.
    """
    told: dict[str, list[Version]] = defaultdict(list)
    for version in sorted(versions, key=lambda v: v.number):
        for name, days in version.calendars.items():
            last = told[name][-1] if told[name] else None
            if (
                last is None
                or last.calendars[name] != days
                or version.effective_from < last.effective_from
            ):
                told[name].append(version)
    return told


def untold(versions: Iterable[Version], told: Mapping[str, int]) -> list[FollowUp]:
    """The changes that are still to be told; `told`: how many were, by the name of the calendar."""
    return [
        _said(name, version)
        for name, found in sorted(changes(versions).items())
        for version in found[told.get(name, 0) :]
    ]


def _said(name: str, version: Version) -> FollowUp:
    decision = derived_id(TIERLINE, f"workflow version {version.number} {version.digest}")
    return FollowUp(
        cause=Cause(id=decision, correlation_id=decision),
        payload=CalendarChanged(
            calendar=name,
            workflow_version=version.number,
            workflow_digest=version.digest,
            effective_from=version.effective_from,
            hours=_hours(version.calendars[name]),
        ),
        time=version.applied_at,
        id=derived_id(decision, f"calendar {name}"),
    )


def _hours(days: CalendarDays) -> OpenHours | None:
    hours = OpenHours(
        zone=days.zone,
        weekly=[_open(days.weekly.get(weekday, ())) for weekday in _WEEK],
        holidays=list(days.holidays),
        exceptions=[OpenDay(day=day, hours=_open(h)) for day, h in sorted(days.exceptions.items())],
    )
    return hours if len(msgspec.json.encode(hours)) <= MOST_BYTES else None


def _open(intervals: Intervals) -> list[OpenTime]:
    return [OpenTime(opens=opens, closes=closes) for opens, closes in intervals]
