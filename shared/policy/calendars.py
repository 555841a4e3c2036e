"""Calendars and on-call rotations as the file writes them."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, field_validator

from shared.calendar import Calendar

from .kinds import Day, Interval, Section, Word, complaint
from .problems import nearest
from .rotation import Rotation
from .vocabulary import Complaint

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY_YEARS = range(2015, 2051)
"""The years a country's holidays are laid out for; fixed, so that a file always means the same."""

_HANDOVER = re.compile(r"(?:(?P<day>[a-z]{3})\w*\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})")
_COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,4})?")


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise complaint(Complaint(f'no time zone "{value}"', nearest(value, available_timezones())))
    return value


def _weekdays(value: object) -> tuple[int, ...]:
    """`mon-fri`, `sat` as numbers of days, 0 for Monday."""
    first, _, last = str(value).strip().lower().partition("-")
    for day in (first, last or first):
        if day not in WEEKDAYS:
            raise complaint(Complaint(f'no day of the week "{day}"', nearest(day, WEEKDAYS)))
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    if end < start:
        raise complaint(Complaint(f'"{value}" ends before it begins: write two entries'))
    return tuple(range(start, end + 1))


def _holiday(value: object) -> str:
    """A date, or the code of a country or part of one, which must be known."""
    text = str(value)
    if not _COUNTRY.fullmatch(text):
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise complaint(
                Complaint(f'"{text}" is neither a date nor a country code like DE or DE-BE')
            ) from None
    _days_off(text, range(2020, 2021))
    return text


def _days_off(code: str, years: range) -> frozenset[date]:
    """The holidays of a country or part of one. Importing the package is slow, so it is done here."""
    import holidays

    country, _, part = code.partition("-")
    known = holidays.list_supported_countries(include_aliases=True)
    if part and part not in known.get(country, (part,)):
        raise complaint(Complaint(f'no part "{part}" of {country}', nearest(part, known[country])))
    if country not in known:
        raise complaint(Complaint(f'no holidays are known for "{code}"', nearest(country, known)))
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=years))


def _exception(value: object) -> object:
    """`closed`, or the intervals of that one day."""
    return () if value == "closed" else value


def _handover(value: object) -> tuple[int, int, int]:
    """`mon 09:00` (weekly) or `09:00` (daily) as days of a turn, weekday and minute of the day."""
    found = _HANDOVER.fullmatch(str(value).strip().lower())
    minute = int(found["hour"]) * 60 + int(found["minute"]) if found else -1
    if not found or minute >= 1440 or int(found["minute"]) > 59:
        raise complaint(Complaint(f'"mon 09:00" or "09:00" is expected, not "{value}"'))
    day = found["day"]
    if day is None:
        return 1, 0, minute
    if day not in WEEKDAYS:
        raise complaint(Complaint(f'no day of the week "{day}"', nearest(day, WEEKDAYS)))
    return 7, WEEKDAYS.index(day), minute


Zone = Annotated[str, AfterValidator(_zone)]
Weekdays = Annotated[tuple[int, ...], BeforeValidator(_weekdays)]
Holiday = Annotated[str, BeforeValidator(_holiday)]
Handover = Annotated[tuple[int, int, int], PlainValidator(_handover)]
ExceptionDay = Annotated[tuple[Interval, ...], BeforeValidator(_exception)]


class CalendarSection(Section):
    """Weekly opening hours in a zone, without holidays; an exception replaces its whole day (C3).

    `import_file` is a file of closures beside the workflow, which become exceptions when it is read.
    """

    zone: Zone
    hours: Annotated[dict[Weekdays, tuple[Interval, ...]], Field(min_length=1)]
    holidays: tuple[Holiday, ...] = ()
    exceptions: dict[Day, ExceptionDay] = Field(default_factory=dict)
    import_file: Word | None = None

    @field_validator("hours")
    @classmethod
    def _opens(
        cls, hours: dict[tuple[int, ...], tuple[tuple[int, int], ...]]
    ) -> dict[tuple[int, ...], tuple[tuple[int, int], ...]]:
        """A week without open time would let no clock ever run (semantics C6)."""
        if not any(hours.values()):
            raise complaint(Complaint("a calendar with these hours is never open"))
        return hours

    def build(self, name: str) -> Calendar:
        """The calendar; two entries about one day are added together."""
        weekly: dict[int, list[tuple[int, int]]] = {}
        for days, intervals in self.hours.items():
            for day in days:
                weekly.setdefault(day, []).extend(intervals)
        off: set[date] = set()
        for holiday in self.holidays:
            is_code = _COUNTRY.fullmatch(holiday)
            off |= _days_off(holiday, HOLIDAY_YEARS) if is_code else {date.fromisoformat(holiday)}
        return Calendar(
            name=name,
            zone=self.zone,
            weekly={day: tuple(sorted(found)) for day, found in weekly.items()},
            holidays=frozenset(off),
            exceptions=self.exceptions,
        )


class RotationSection(Section):
    """Who takes turns being on call; `rotation` names recipients."""

    rotation: Annotated[tuple[Word, ...], Field(min_length=1)]
    handover: Handover
    zone: Zone = "UTC"

    def build(self) -> Rotation:
        """The rotation as a value."""
        days, weekday, minute = self.handover
        return Rotation(self.rotation, ZoneInfo(self.zone), days, weekday, minute)
