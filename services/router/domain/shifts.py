"""Shifts as people write them: a weekly pattern, or an imported calendar (semantics G7)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from shared.calendar import Calendar
from shared.policy.calendars import CalendarSection
from shared.policy.problems import nearest

from .attendance import Shift
from .imported import ImportedShift

#: What pydantic says of an entry that a pattern does not have.
_UNKNOWN: Final = "extra_forbidden"


class ShiftKind(StrEnum):
    """How a shift is written."""

    WEEKLY = "weekly"
    ICAL = "ical"


class StoredShift(msgspec.Struct, frozen=True, kw_only=True):
    """A shift as it is kept: its source is what somebody sent."""

    name: str
    kind: ShiftKind
    source: str
    updated_at: datetime


class PatternError(ValueError):
    """A weekly pattern is not one; `faults` are pairs of a dotted path and what is wrong there."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in faults))
        self.faults = faults


def weekly(name: str, pattern: Mapping[str, Any]) -> Calendar:
    """The calendar of a weekly pattern, in the words of the workflow's `calendars`. Raises PatternError."""
    try:
        return CalendarSection.model_validate(pattern).build(name)
    except ValidationError as error:
        faults = [
            (_dotted(details["loc"]), message)
            for details in error.errors(include_url=False)
            for message in _messages(details)
        ]
        raise PatternError(faults) from None


def opened(stored: StoredShift) -> Shift:
    """The shift that is kept. Raises PatternError or NoCalendarError for one that is none (any more)."""
    if stored.kind is ShiftKind.ICAL:
        return ImportedShift(stored.source)
    return weekly(stored.name, json.loads(stored.source))


def open_spans(
    shift: Shift, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime | None]]:
    """When work begins and ends between two instants; None: no end is known."""
    opening = shift.next_opening(start)
    while opening is not None and opening < end:
        closing = shift.next_change(opening)
        yield opening, closing
        opening = shift.next_opening(closing) if closing is not None else None


def _messages(details: Mapping[str, Any]) -> list[str]:
    """What pydantic found, as sentences."""
    if details["type"] == "workflow":
        return [
            f'{c.message}, did you mean "{c.suggestion}"?' if c.suggestion else c.message
            for c in details["ctx"]["complaints"]
        ]
    if details["type"] == _UNKNOWN:
        word = str(details["loc"][-1])
        near = nearest(word, CalendarSection.model_fields)
        return [f'no field "{word}"' + (f', did you mean "{near}"?' if near else "")]
    return [str(details["msg"])]


def _dotted(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc if part != "[key]")
