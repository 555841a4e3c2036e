"""Reading a calendar (iCalendar, RFC 5545) and laying its events out as spans of time."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import icalendar

from .rules import MOST_STEPS, NoCalendarError, check_zones, steps

#: The largest calendar, in bytes of UTF-8, and the most events one may be laid out to.
MOST_BYTES: Final = 1024 * 1024
MOST_EVENTS: Final = 5_000

#: Calendars of shifts begin later; every repetition since an event's beginning is counted through.
_FIRST_YEAR: Final = 1970

#: How many days are laid out at a time, so that too many events are noticed before they are all made.
_AT_A_TIME: Final = timedelta(days=10)

#: The property by which our own calendars name the recipient whose event it is.
RECIPIENT: Final = "X-TIERLINE-RECIPIENT"

#: Lays out repeating events (extra `ical`).
LIBRARY: Final = "recurring_ical_events"

#: What the libraries raise for calendars that are not quite ones.
_FAULTS: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time an event takes place, and what it calls whoever it is about, the surest first."""

    begins: datetime
    ends: datetime
    names: tuple[str, ...]


class WorkCalendar:
    """A calendar whose events are working time; cancelled events are none.

    Days and times without a zone are in that of the calendar (`X-WR-TIMEZONE`), else in UTC.
    """

    def __init__(self, text: str, *, library: str = LIBRARY) -> None:
        """Raises NoCalendarError for a text that is no calendar, too large or too costly, and for events
        that repeat where `library`, which lays those out, is not installed.
        """
        self._library = library
        if len(text.encode()) > MOST_BYTES:
            raise NoCalendarError(f"It is larger than {MOST_BYTES} bytes.")
        check_zones(text)
        try:
            self._calendar = icalendar.Calendar.from_ical(text)
            self._events: list[Any] = self._calendar.walk("VEVENT")
        except _FAULTS as error:
            raise NoCalendarError(f"It is no calendar: {error}") from None
        if self._calendar.name != "VCALENDAR":
            raise NoCalendarError("It is no calendar: no VCALENDAR stands around it.")
        if not self._events:
            raise NoCalendarError("It has no events, so there would never be work.")
        self._zone = _zone(self._calendar)
        for event in self._events:
            _check_times(event)
        self._repeats = any(_repeats(event) for event in self._events)
        if self._repeats and importlib.util.find_spec(library) is None:
            raise NoCalendarError(
                "Its events repeat, which needs the extra `ical`: install tierline[ical]."
            )

    def between(self, start: datetime, end: datetime) -> list[Span]:
        """The spans of the events that touch `[start, end]`, in no order, overlapping as they do.

        Raises NoCalendarError when there are too many.
        """
        found = self.occurrences(start, end)
        return list({(one.begins, one.ends) for one in found})

    def occurrences(self, start: datetime, end: datetime) -> list[Occurrence]:
        """The events that touch `[start, end]`, each with the names it goes by, in no order.

        Raises NoCalendarError when there are too many.
        """
        self._check_steps(end)
        found: set[Occurrence] = set()
        try:
            for one in self._taking_place(start, end):
                found.add(one)
                if len(found) > MOST_EVENTS:
                    break
        except _FAULTS as error:
            raise NoCalendarError(f"An event cannot be understood: {error}") from None
        if len(found) > MOST_EVENTS:
            raise NoCalendarError(f"It has more than {MOST_EVENTS} events within some weeks.")
        return list(found)

    def _taking_place(self, start: datetime, end: datetime) -> Iterator[Occurrence]:
        for event in self._touching(start, end):
            begins, ends = self._instant(event.start), self._instant(event.end)
            cancelled = str(event.get("STATUS", "")).upper() == "CANCELLED"
            if begins < ends and begins < end and start < ends and not cancelled:
                yield Occurrence(begins, ends, tuple(_names(event)))

    def _touching(self, start: datetime, end: datetime) -> Iterable[Any]:
        if not self._repeats:
            yield from self._events
            return
        # without its stubs and only with the extra, the library is asked for by name
        query = importlib.import_module(self._library).of(self._calendar)
        while start < end:
            until = min(start + _AT_A_TIME, end)
            yield from query.between(start, until)
            start = until

    def _check_steps(self, end: datetime) -> None:
        """Refuse rules that take too long to count through."""
        try:
            needed: int = sum(
                steps(rule, _date(event.start), end.date())
                for event in self._events
                for rule in _listed(event.get("RRULE"))
            )
        except NoCalendarError:
            raise
        except _FAULTS as error:
            raise NoCalendarError(f"A rule cannot be understood: {error}") from None
        if needed > MOST_STEPS:
            raise NoCalendarError(
                "Its events repeat too often, or since too long ago, to be laid out."
            )

    def _instant(self, moment: date) -> datetime:
        """A moment of the calendar in UTC; a day begins at its midnight."""
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time())
        local = moment if moment.tzinfo else moment.replace(tzinfo=self._zone)
        return local.astimezone(UTC)


def _names(event: Any) -> Iterator[str]:
    """Whose event it is: as we wrote it ourselves, else who attends by address and name, else its title."""
    for name in _listed(event.get(RECIPIENT)):
        yield str(name).strip()
    for attendee in _listed(event.get("ATTENDEE")):
        address = str(attendee).strip()
        yield address[len("mailto:") :] if address.lower().startswith("mailto:") else address
        if common_name := str(attendee.params.get("CN", "")).strip():
            yield common_name
    if title := str(event.get("SUMMARY", "")).strip():
        yield title


def _zone(calendar: Any) -> tzinfo:
    name = str(calendar.get("X-WR-TIMEZONE", "UTC")).strip()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NoCalendarError(f'It is in the time zone "{name}", unknown here.') from None


def _check_times(event: Any) -> None:
    """Refuse an event without a beginning, or in a time zone nobody knows."""
    try:
        start, _ = event.start, event.end
        zones = [_unknown_zone(event.get(name)) for name in ("DTSTART", "DTEND")]
    except _FAULTS as error:
        raise NoCalendarError(f"An event cannot be understood: {error}") from None
    if any(zones):
        raise NoCalendarError(
            f'An event is in the time zone "{zones[0] or zones[1]}", unknown here.'
        )
    if _date(start).year < _FIRST_YEAR:
        raise NoCalendarError(f"An event begins before the year {_FIRST_YEAR}.")


def _unknown_zone(moment: Any) -> str | None:
    """The zone an instant is said to be in and that nobody knows, if any."""
    if moment is None or not isinstance(moment.dt, datetime) or moment.dt.tzinfo is not None:
        return None
    zone = moment.params.get("TZID")
    return None if zone is None else str(zone)


def _repeats(event: Any) -> bool:
    return any(event.get(name) for name in ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"))


def _listed(value: Any) -> list[Any]:
    """What stands once, several times or never, as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _date(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
