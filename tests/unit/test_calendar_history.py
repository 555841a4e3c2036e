"""A calendar with versions: every question against its definition, instant by instant (semantics C4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.calendar import Calendar, NoOpenTimeError
from shared.calendar_history import CalendarHistory, CalendarVersion

HOUR = timedelta(hours=1)
MS = timedelta(milliseconds=1)
WORKDAYS = range(5)

OFFICE = Calendar("office", "Europe/Berlin", dict.fromkeys(WORKDAYS, ((540, 720), (780, 1080))))
NIGHTS = Calendar("office", "Europe/Berlin", dict.fromkeys(range(7), ((0, 360), (1320, 1440))))
ALWAYS = Calendar("office", "UTC", dict.fromkeys(range(7), ((0, 1440),)))
NEVER = Calendar("office", "UTC", {})


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=UTC)


def history(*versions: tuple[datetime, Calendar]) -> CalendarHistory:
    numbered = enumerate(versions, start=1)
    return CalendarHistory.of(CalendarVersion(n, begin, c) for n, (begin, c) in numbered)


def a_day(calendar: Calendar, day: date, *intervals: tuple[int, int]) -> Calendar:
    """`calendar` with an exception."""
    return Calendar(calendar.name, calendar.zone, calendar.weekly, exceptions={day: intervals})


instants = st.integers(0, 40 * 24 * 3600 * 1000).map(lambda n: at(1, 0) + n * MS)
kinds = st.sampled_from([OFFICE, NIGHTS, ALWAYS, a_day(OFFICE, date(2026, 6, 10), (540, 600))])
histories = st.lists(st.tuples(instants, kinds), min_size=1, max_size=5).map(
    lambda pieces: history(*pieces)
)
durations = st.integers(0, 20 * 24 * 3600 * 1000).map(lambda n: n * MS)


def defined_between(known: CalendarHistory, start: datetime, end: datetime) -> timedelta:
    """The sum over the stretches between changes, each by the calendar in force within it."""
    cuts = [
        start,
        *(v.effective_from for v in known.versions[1:] if start < v.effective_from < end),
    ]
    ends = [*cuts[1:], end]
    return sum(
        (known.in_force(a).calendar.between(a, b) for a, b in zip(cuts, ends, strict=True)),
        timedelta(0),
    )


@given(histories, instants, instants)
@settings(max_examples=100, deadline=None)
def test_C4_each_stretch_is_measured_by_the_version_of_its_time(
    known: CalendarHistory, one: datetime, other: datetime
) -> None:
    start, end = sorted((one, other))

    assert defined_between(known, start, end) == known.between(start, end)
    assert timedelta(0) == known.between(end, start)


@given(histories, st.lists(instants, min_size=3, max_size=3).map(sorted))
@settings(max_examples=100, deadline=None)
def test_C4_open_time_adds_up(known: CalendarHistory, cuts: list[datetime]) -> None:
    first, middle, last = cuts

    assert known.between(first, last) == known.between(first, middle) + known.between(middle, last)


@given(histories, instants, durations)
@settings(max_examples=150, deadline=None)
def test_H10_the_time_added_is_the_time_between_over_versions_too(
    known: CalendarHistory, start: datetime, duration: timedelta
) -> None:
    reached = known.add(start, duration)

    assert duration == known.between(start, reached)
    if duration:
        assert duration - MS == known.between(start, reached - MS)


@given(histories, instants, durations, durations)
@settings(max_examples=75, deadline=None)
def test_H10_adding_goes_in_steps_over_versions_too(
    known: CalendarHistory, start: datetime, one: timedelta, other: timedelta
) -> None:
    halfway = known.add(start, one)

    assert halfway <= known.add(start, one + other)
    assert known.add(halfway, other) == known.add(start, one + other)


@given(histories, instants)
@settings(max_examples=100, deadline=None)
def test_C4_nothing_changes_before_the_next_change(known: CalendarHistory, start: datetime) -> None:
    change = known.next_change(start)
    now = known.is_open(start)

    if change is not None:
        assert change > start
        assert [now, not now] == [known.is_open(change - MS), known.is_open(change)]
        assert known.between(start, change) == (change - start if now else timedelta(0))


@given(histories, instants, instants, kinds, durations)
@settings(max_examples=100, deadline=None)
def test_C4_a_new_version_changes_nothing_before_its_instant(
    known: CalendarHistory, start: datetime, later: datetime, kind: Calendar, spent: timedelta
) -> None:
    begin = max(later, *(v.effective_from for v in known.versions))
    newer = CalendarHistory.of([*known.versions, CalendarVersion(99, begin, kind)])
    before = min(start + spent, begin)

    assert known.between(start, before) == newer.between(start, before)


def test_C4_an_opening_or_closing_may_come_with_a_version() -> None:
    shut_at_noon = history((at(1, 0), ALWAYS), (at(2, 12), OFFICE), (at(2, 12, 30), NEVER))

    assert at(2, 12, 30) == shut_at_noon.next_closing(at(1, 0))
    assert shut_at_noon.next_opening(at(2, 12, 30)) is None
    opened = history((at(1, 0), NEVER), (at(2, 12), ALWAYS))
    assert at(2, 12) == opened.next_opening(at(1, 0))
    assert at(2, 12) == opened.next_change(at(1, 0))
    assert opened.next_closing(at(3, 0)) is None


def test_C4_a_later_decision_replaces_an_earlier_one_that_has_not_begun() -> None:
    known = history((at(1, 0), OFFICE), (at(9, 0), ALWAYS), (at(3, 0), NIGHTS))

    assert [(1, OFFICE), (3, NIGHTS)] == [(v.number, v.calendar) for v in known.versions]
    assert NIGHTS == known.in_force(at(20, 0)).calendar


def test_C4_a_version_that_changes_nothing_is_no_version() -> None:
    known = history((at(1, 0), OFFICE), (at(3, 0), OFFICE), (at(9, 0), ALWAYS), (at(4, 0), OFFICE))

    assert [1] == [version.number for version in known.versions]


def test_C4_the_newest_version_is_what_a_history_shows() -> None:
    known = history((at(1, 0), OFFICE), (at(9, 0), ALWAYS))

    assert ("office", "UTC", ALWAYS.weekly) == (known.name, known.zone, known.weekly)
    assert known != history((at(1, 0), OFFICE), (at(8, 0), ALWAYS))
    assert 1 == len({known, history((at(1, 0), OFFICE), (at(9, 0), ALWAYS))})


def test_C6_what_never_passes_in_the_newest_version_is_an_error() -> None:
    with pytest.raises(NoOpenTimeError):
        history((at(1, 0), ALWAYS), (at(2, 0), NEVER)).add(at(1, 0), 25 * HOUR)


def test_a_history_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        CalendarHistory.of([])
