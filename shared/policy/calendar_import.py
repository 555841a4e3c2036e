"""Holidays and closures from a calendar file (iCalendar) as exceptions of a calendar (semantics C3).

What was read is a frozen copy: it is part of the workflow's content and digest. A file that says
something else at the next start is another workflow.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from .calendars import HOLIDAY_YEARS, CalendarSection
from .problems import WorkflowError
from .source import read_text

#: A calendar of closures lays out to no more days than this.
MOST_DAYS: Final = 20_000

_REPEATING: Final = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)

#: What the libraries raise for calendars that are not quite ones.
_FAULTS: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError)

Intervals = tuple[tuple[int, int], ...]
Closure = tuple[datetime, datetime]


class ImportFaultError(ValueError):
    """The file cannot be read as closures; the text says why."""


def with_imported(section: CalendarSection, folder: Path) -> CalendarSection:
    """The calendar with the closures of the file it names; its own exceptions win over them.

    Raises ImportFaultError.
    """
    if section.import_file is None:
        return section
    try:
        text = read_text(folder / section.import_file)
    except WorkflowError as error:
        raise ImportFaultError(error.problems[0].message) from None
    try:
        closures = sorted(_closures(text, ZoneInfo(section.zone)))
    except ImportFaultError:
        raise
    except _FAULTS as error:
        raise ImportFaultError(f"{section.import_file} cannot be understood: {error}") from None
    found: dict[date, Intervals] = {}
    calendar = section.build("")
    for start, end in closures:
        for day in _days(start, end):
            hours = found.get(day, tuple(calendar.hours_on(day)))
            found[day] = tuple(_without(hours, _minutes(start, day), _minutes(end, day)))
        if len(found) > MOST_DAYS:
            raise ImportFaultError(f"{section.import_file} closes more than {MOST_DAYS} days")
    return section.model_copy(update={"exceptions": {**found, **section.exceptions}})


def _closures(text: str, zone: ZoneInfo) -> Iterator[Closure]:
    """The spans of the file's events in local time of `zone`; what is cancelled or leaves people free
    closes nothing.
    """
    icalendar = importlib.import_module("icalendar")  # slow to import, and few files need it
    for event in icalendar.Calendar.from_ical(text).walk("VEVENT"):
        off = str(event.get("STATUS", "")).upper() == "CANCELLED"
        if not off and str(event.get("TRANSP", "")).upper() != "TRANSPARENT":
            start, end = (_local(moment, zone) for moment in (event.start, event.end))
            if not isinstance(event.start, datetime) and end <= start:
                end = start + _DAY
            yield from ((begin, begin + (end - start)) for begin in _begins(event, start))


def _begins(event: Any, start: datetime) -> Iterator[datetime]:
    """When the event begins, and begins again until the last year holidays are laid out for."""
    rule = event.get("RRULE")
    if rule is None:
        yield start
        return
    if isinstance(rule, list) or rule.get("FREQ", [""])[0] not in _REPEATING:
        raise ImportFaultError("an event repeats otherwise than by days, weeks, months or years")
    if "UNTIL" in rule:
        rule["UNTIL"] = [_naive(moment) for moment in rule["UNTIL"]]
    dateutil = importlib.import_module("dateutil.rrule")
    excluded = {_naive(moment).date() for moment in _excluded(event)}
    for number, begin in enumerate(dateutil.rrulestr(rule.to_ical().decode(), dtstart=start)):
        if number > MOST_DAYS:
            raise ImportFaultError(f"an event repeats more than {MOST_DAYS} times")
        if begin.year > HOLIDAY_YEARS[-1]:
            return
        if begin.date() not in excluded:
            yield begin


def _excluded(event: Any) -> list[date]:
    """The days and instants at which the event does not happen after all."""
    found = event.get("EXDATE", [])
    lists = found if isinstance(found, list) else [found]
    return [one.dt for listed in lists for one in listed.dts]


def _local(moment: date, zone: ZoneInfo) -> datetime:
    """A moment of the file on the calendar's own clocks; a day begins at its midnight."""
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        moment = moment.astimezone(zone)
    return _naive(moment)


def _naive(moment: date) -> datetime:
    if isinstance(moment, datetime):
        return moment.replace(tzinfo=None)
    return datetime.combine(moment, time())


def _days(start: datetime, end: datetime) -> Iterator[date]:
    """The local days a span touches."""
    for n in range((end - start) // _DAY + 2):
        day = start.date() + n * _DAY
        if datetime.combine(day, time()) < end:
            yield day


def _minutes(moment: datetime, day: date) -> int:
    """The minute of `day` at which `moment` is: 0 before it, 1440 after it."""
    minutes = (moment - datetime.combine(day, time())) // _MINUTE
    return min(max(minutes, 0), 24 * 60)


def _without(hours: Intervals, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The hours outside `[start, end)`."""
    for opens, closes in hours:
        if opens < min(closes, start):
            yield opens, min(closes, start)
        if max(opens, end) < closes:
            yield max(opens, end), closes
