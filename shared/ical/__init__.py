"""Imported calendars (iCalendar, RFC 5545): events as spans of time, and whose they are."""

from .reading import MOST_BYTES, RECIPIENT, Occurrence, Span, WorkCalendar
from .rules import NoCalendarError

__all__ = ["MOST_BYTES", "RECIPIENT", "NoCalendarError", "Occurrence", "Span", "WorkCalendar"]
