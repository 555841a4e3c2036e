"""The calendars as their topic tells them: every change with the instant from which it counts (semantics C4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from shared.calendar import Calendar, Interval
from shared.calendar_history import CalendarHistory, CalendarVersion
from shared.contracts import CalendarChanged, Event, OpenHours, OpenTime

from .published import unrepeated


def histories(events: Iterable[Event]) -> dict[str, CalendarHistory]:
    """The calendars of which every change is among `events`, repeats and all: by name."""
    told: dict[str, list[Event]] = defaultdict(list)
    for event in unrepeated(events):
        told[event.subject].append(event)
    return {name: found for name, changes in told.items() if (found := _history(changes))}


def _history(changes: list[Event]) -> CalendarHistory | None:
    """None where a change is missing, or its hours are."""
    changes.sort(key=lambda event: event.sequence)
    versions = [v for event in changes if (v := _version(event))]
    numbers = [event.sequence for event in changes]
    is_whole = len(versions) == len(changes) and numbers == list(range(1, len(numbers) + 1))
    return CalendarHistory.of(versions) if is_whole else None


def _version(event: Event) -> CalendarVersion | None:
    said = event.payload
    if not isinstance(said, CalendarChanged) or said.hours is None:
        return None
    built = _calendar(said.calendar, said.hours)
    return CalendarVersion(said.workflow_version, said.effective_from, built)


def _calendar(name: str, hours: OpenHours) -> Calendar:
    return Calendar(
        name=name,
        zone=hours.zone,
        weekly={day: _intervals(open_times) for day, open_times in enumerate(hours.weekly)},
        holidays=frozenset(hours.holidays),
        exceptions={own.day: _intervals(own.hours) for own in hours.exceptions},
    )


def _intervals(open_times: Sequence[OpenTime]) -> tuple[Interval, ...]:
    return tuple((one.opens, one.closes) for one in open_times)
