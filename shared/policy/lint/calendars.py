"""Calendars that never open, or not for two weeks (semantics C6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from .subject import Remark, Subject

AHEAD: Final = timedelta(days=14)
"""How far ahead somebody must be there."""


def closed_calendars(subject: Subject) -> Iterator[Remark]:
    """L060: no open time in 366 days; L061: none in the next 14."""
    for name, calendar in subject.policy.calendars.items():
        opens = calendar.next_opening(subject.at)
        if opens is None:
            yield Remark(
                "L060",
                "calendars",
                ("calendars", name),
                "has no open time in the next 366 days: no clock that counts in it ever ends",
                "give it hours, or take some of its holidays and exceptions away",
                key=True,
            )
        elif opens >= subject.at + AHEAD:
            yield Remark(
                "L061",
                "calendars",
                ("calendars", name),
                f"has no open time in the next 14 days: it opens on {opens.date().isoformat()}",
                "look through its holidays and exceptions",
                key=True,
            )
