"""Versions of the workflow, and what they make of the calendars (semantics F1, C4).

A version is kept with its calendars laid out, so that a later release of this program, of the
holiday tables or of a file that was imported changes nothing of the past.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from shared.calendar import Calendar
from shared.calendar_history import CalendarHistory, CalendarVersion, same_hours
from shared.policy import WorkflowPolicy

Intervals = tuple[tuple[int, int], ...]

#: Before every ticket.
FIRST = UUID(int=0)


class CalendarDays(msgspec.Struct, frozen=True):
    """A calendar laid out: intervals in minutes of the local day."""

    zone: str
    weekly: dict[int, Intervals]
    holidays: tuple[date, ...]
    exceptions: dict[date, Intervals]


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow that counts from `effective_from` on, without its text."""

    number: int
    digest: str
    tzdata: str
    calendars: dict[str, CalendarDays]
    effective_from: datetime
    applied_at: datetime
    applied_by: str
    note: str


class Reckoning(msgspec.Struct, frozen=True, kw_only=True):
    """How far the due instants of cases have followed a version: `calendars` are the names of those it
    changed, `turn` how often all cases were gone through, `after` the last one of this turn.
    """

    number: int
    calendars: tuple[str, ...]
    turn: int = 0
    after: UUID = FIRST
    not_before: datetime


def laid_out(calendars: Mapping[str, Calendar]) -> dict[str, CalendarDays]:
    """The calendars as a version keeps them."""
    return {
        name: CalendarDays(
            zone=calendar.zone,
            weekly={day: tuple(spans) for day, spans in calendar.weekly.items() if spans},
            holidays=tuple(sorted(calendar.holidays)),
            exceptions={day: tuple(spans) for day, spans in calendar.exceptions.items()},
        )
        for name, calendar in sorted(calendars.items())
    }


def in_force(versions: Iterable[Version], at: datetime) -> Version | None:
    """The version that counts at `at`: the last one decided of those that have begun."""
    return next((v for v in reversed(standing(versions)) if v.effective_from <= at), None)


def standing(versions: Iterable[Version]) -> Sequence[Version]:
    """The versions that come or came into force, in that order: a later decision that takes effect
    first has replaced those before it that had not begun.
    """
    kept: list[Version] = []
    for version in sorted(versions, key=lambda v: v.number):
        while kept and version.effective_from <= kept[-1].effective_from:
            kept.pop()
        kept.append(version)
    return kept


def same_content(version: Version | None, policy: WorkflowPolicy) -> bool:
    """Does `version` hold what `policy` says, under the same rules of the time zones?"""
    if version is None:
        return False
    content = (policy.digest, policy.tzdata, laid_out(policy.calendars))
    return (version.digest, version.tzdata, version.calendars) == content


def to_come(versions: Iterable[Version], policy: WorkflowPolicy, at: datetime) -> Version | None:
    """The version with the content of `policy` that will begin after `at`, if one will."""
    later = (v for v in standing(versions) if v.effective_from > at)
    return next((v for v in later if same_content(v, policy)), None)


def histories(versions: Iterable[Version]) -> dict[str, CalendarHistory]:
    """Every calendar that any version had, with all its versions: one that is gone from the file still
    counts for the clocks that were started in it (semantics F3).
    """
    known: dict[str, list[CalendarVersion]] = {}
    for version in sorted(versions, key=lambda v: v.number):
        for name, days in version.calendars.items():
            built = CalendarVersion(version.number, version.effective_from, _built(name, days))
            known.setdefault(name, []).append(built)
    return {name: CalendarHistory.of(found) for name, found in known.items()}


def changed(before: Sequence[Version], after: Version) -> tuple[str, ...]:
    """The names of the calendars that answer differently with `after`; all where nothing is known of
    what counted before, or under other rules of the time zones.
    """
    if not before or before[-1].tzdata != after.tzdata:
        return tuple(sorted({name for v in (*before, after) for name in v.calendars}))
    old, new = histories(before), histories([*before, after])
    return tuple(name for name in sorted(new) if not _same(old.get(name), new[name]))


def _same(old: CalendarHistory | None, new: CalendarHistory) -> bool:
    """Do both answer the same at every instant?"""
    if old is None or len(old.versions) != len(new.versions):
        return False
    pairs = zip(old.versions, new.versions, strict=True)
    return all(
        same_hours(a.calendar, b.calendar) and (n == 0 or a.effective_from == b.effective_from)
        for n, (a, b) in enumerate(pairs)
    )


def _built(name: str, days: CalendarDays) -> Calendar:
    return Calendar(name, days.zone, days.weekly, frozenset(days.holidays), days.exceptions)
