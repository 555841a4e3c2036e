"""Business time: the rules C of the semantics by example, and H10 over every kind of zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.calendar import ALWAYS, Calendar, NoOpenTimeError

BERLIN = "Europe/Berlin"
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MS = timedelta(milliseconds=1)

OFFICE = Calendar(
    "office",
    BERLIN,
    dict.fromkeys(range(5), ((9 * 60, 12 * 60), (13 * 60, 18 * 60))),
    holidays=frozenset({date(2026, 12, 25)}),
    exceptions={date(2026, 12, 24): ((9 * 60, 12 * 60),)},
)

#: Offsets of half and quarter hours, changes at midnight, of half an hour, of a whole day, negative DST.
ZONES = (
    "UTC",
    BERLIN,
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Asuncion",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kwajalein",
)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def daily(*intervals: tuple[int, int], zone: str = BERLIN) -> Calendar:
    return Calendar("daily", zone, dict.fromkeys(range(7), intervals))


def open_on(calendar: Calendar, day: date) -> timedelta:
    """The open time of a local day of Berlin."""
    zone = ZoneInfo(BERLIN)
    start, end = (datetime.combine(d, time(), tzinfo=zone) for d in (day, day + timedelta(days=1)))
    return calendar.between(start, end)


@pytest.mark.parametrize(
    ("hours", "deadline"),
    [
        pytest.param(4, at(2026, 12, 24, 10), id="C-a: the exception's morning counts"),
        pytest.param(5, at(2026, 12, 24, 11), id="C-b: C6, at the closing instant"),
        pytest.param(6, at(2026, 12, 28, 9), id="C-c: over a holiday and a weekend"),
    ],
)
def test_C3_C_a_C_b_C_c_exceptions_replace_their_day(hours: int, deadline: datetime) -> None:
    reached = OFFICE.add(at(2026, 12, 23, 15), hours * HOUR)

    assert deadline == reached


def test_C2_C_d_four_hours_round_the_clock_are_four_real_hours() -> None:
    """C-d: the wall clocks of the zone move by five."""
    calendar = daily((0, 24 * 60))

    assert at(2026, 3, 29, 2) == calendar.add(at(2026, 3, 28, 22), 4 * HOUR)


def test_C2_C_e_an_interval_over_a_gap_is_shorter_and_over_a_fold_longer() -> None:
    """C-e."""
    calendar = daily((60, 300))

    assert 3 * HOUR == open_on(calendar, date(2026, 3, 29))
    assert 5 * HOUR == open_on(calendar, date(2026, 10, 25))


def test_C2_C_f_a_start_inside_the_gap_is_the_first_instant_after_it() -> None:
    """C-f."""
    calendar = daily((150, 300))

    assert at(2026, 3, 29, 1) == calendar.next_opening(at(2026, 3, 28, 22))
    assert 2 * HOUR == open_on(calendar, date(2026, 3, 29))


def test_C2_C_g_an_overlap_made_by_a_fold_counts_once() -> None:
    """C-g."""
    calendar = daily((60, 150), (150, 300))

    assert 5 * HOUR == open_on(calendar, date(2026, 10, 25))


def test_C2_an_interval_that_shrinks_to_nothing_is_dropped() -> None:
    calendar = daily((125, 175))

    assert timedelta(0) == open_on(calendar, date(2026, 3, 29))


def test_C2_a_day_that_a_zone_left_out_has_no_open_time() -> None:
    """Samoa had no 30 December 2011."""
    calendar = daily((9 * 60, 17 * 60), zone="Pacific/Apia")

    assert 16 * HOUR == calendar.between(at(2011, 12, 29, 12), at(2011, 12, 31, 12))


def test_C4_C_h_an_exception_in_the_middle_of_a_day_moves_what_is_left() -> None:
    """C-h: from 14:00 on the day closes at 15:00; one hour goes today, the other tomorrow."""
    closed_early = Calendar(
        "office",
        BERLIN,
        OFFICE.weekly,
        exceptions={date(2026, 6, 2): ((9 * 60, 12 * 60), (13 * 60, 15 * 60))},
    )
    now = at(2026, 6, 2, 12)

    assert HOUR == closed_early.between(now, at(2026, 6, 2, 13))
    assert at(2026, 6, 3, 8) == closed_early.add(now, 2 * HOUR)


def test_C1_work_over_midnight_is_two_intervals_of_one_night() -> None:
    nights = daily((22 * 60, 24 * 60), (0, 6 * 60))

    assert at(2026, 6, 2, 4) == nights.add(at(2026, 6, 1, 20), 8 * HOUR)
    assert nights.is_open(at(2026, 6, 1, 22))


def test_C1_intervals_are_half_open() -> None:
    assert OFFICE.is_open(at(2026, 6, 2, 7))
    assert not OFFICE.is_open(at(2026, 6, 2, 10))


def test_C6_a_year_without_open_time_is_found_out() -> None:
    closed = Calendar("closed", "UTC", {})
    last_day = Calendar("last", "UTC", {}, exceptions={date(2026, 6, 1): ((60, 120),)})
    far = Calendar("far", "UTC", {}, exceptions={date(2030, 1, 1): ((60, 120),)})

    assert closed.next_opening(at(2026, 6, 1)) is None
    assert far.next_opening(at(2026, 6, 1)) is None
    assert at(2026, 6, 1, 1) == last_day.next_opening(at(2026, 6, 1))


def test_it_closes_at_the_end_of_an_interval_and_at_once_when_it_is_closed() -> None:
    assert at(2026, 6, 1, 10) == OFFICE.next_closing(at(2026, 6, 1, 8))
    assert at(2026, 6, 1, 10, 30) == OFFICE.next_closing(at(2026, 6, 1, 10, 30))
    assert ALWAYS.next_closing(at(2026, 6, 1)) is None


def test_the_changes_of_a_day_follow_each_other() -> None:
    changes, now = [], at(2026, 6, 1)
    while (now := OFFICE.next_change(now) or now) < at(2026, 6, 2):
        changes.append(now.hour)

    assert [7, 10, 11, 16] == changes
    assert ALWAYS.next_change(at(2026, 6, 1)) is None


def test_what_touches_is_one_opening() -> None:
    night = daily((22 * 60, 24 * 60), (0, 6 * 60))

    assert at(2026, 6, 2, 4) == night.next_closing(at(2026, 6, 1, 21))


def test_C6_what_never_passes_is_an_error_and_not_an_endless_search() -> None:
    last_day = Calendar("last", "UTC", {}, exceptions={date(2026, 6, 1): ((60, 120),)})

    assert at(2026, 6, 1, 2) == last_day.add(at(2026, 6, 1), HOUR)
    with pytest.raises(NoOpenTimeError, match="last"):
        last_day.add(at(2026, 6, 1), HOUR + MS)


@pytest.mark.parametrize("interval", [(60, 60), (120, 60), (-1, 60), (0, 1441)])
def test_an_interval_outside_its_day_is_refused(interval: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no interval of a day"):
        daily(interval)


def test_nothing_passes_before_its_beginning() -> None:
    start = at(2026, 6, 6, 3)

    assert start == OFFICE.add(start, timedelta(0))
    assert start == OFFICE.add(start, -HOUR)
    assert timedelta(0) == OFFICE.between(start, start - HOUR)


def test_round_the_clock_is_plain_time_whatever_the_span() -> None:
    start = at(2026, 6, 1)

    assert start + timedelta(days=40_000) == ALWAYS.add(start, timedelta(days=40_000))
    assert timedelta(days=40_000) == ALWAYS.between(start, start + timedelta(days=40_000))


intervals = (
    st.lists(
        st.integers(0, 96).map(lambda quarter: quarter * 15), min_size=2, max_size=6, unique=True
    )
    .map(sorted)
    .map(lambda ends: tuple(zip(ends[::2], ends[1::2], strict=False)))
)
weeks = st.dictionaries(st.integers(0, 6), intervals, min_size=1)
instants = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001
    datetime(2037, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda instant: instant.replace(microsecond=instant.microsecond // 1000 * 1000))
durations = st.integers(1, 60 * 24 * 3600 * 1000).map(lambda n: n * MS)

shapes = st.sampled_from(
    [
        ((9 * 60, 17 * 60 + 30),),
        ((0, 24 * 60),),
        ((0, 2 * 60 + 30), (2 * 60 + 30, 4 * 60), (23 * 60, 24 * 60)),
    ]
)
calendars = st.builds(
    lambda zone, shape: daily(*shape, zone=zone), zone=st.sampled_from(ZONES), shape=shapes
)


@given(calendars, instants, durations)
@settings(max_examples=200, deadline=None)
def test_H10_the_time_added_is_the_time_between(
    calendar: Calendar, start: datetime, duration: timedelta
) -> None:
    reached = calendar.add(start, duration)

    assert duration == calendar.between(start, reached)
    assert duration - MS == calendar.between(start, reached - MS)


@given(calendars, instants, durations, durations)
@settings(max_examples=100, deadline=None)
def test_H10_adding_is_monotone_and_goes_in_steps(
    calendar: Calendar, start: datetime, first: timedelta, second: timedelta
) -> None:
    halfway = calendar.add(start, first)

    assert halfway < calendar.add(start, first + second)
    assert calendar.add(halfway, second) == calendar.add(start, first + second)


@given(calendars, instants)
@settings(max_examples=25)
def test_nothing_changes_before_the_next_change(calendar: Calendar, start: datetime) -> None:
    change = calendar.next_change(start)
    now = calendar.is_open(start)

    if change is not None:
        assert change > start
        assert [now, not now] == [calendar.is_open(change - MS), calendar.is_open(change)]
        assert calendar.between(start, change) == (change - start if now else timedelta(0))


def test_the_answer_does_not_depend_on_what_was_asked_before() -> None:
    asked = daily((9 * 60, 17 * 60))
    for year in (2030, 1999, 2015):
        asked.between(at(year, 1, 1), at(year, 2, 1))

    for year in (1998, 2007, 2022, 2031):
        fresh = daily((9 * 60, 17 * 60))
        assert fresh.add(at(year, 3, 1), 500 * HOUR) == asked.add(at(year, 3, 1), 500 * HOUR)


def slow_between(calendar: Calendar, start: datetime, minutes: int) -> timedelta:
    """Open time counted minute by minute on the zone's own wall clock, by the words of C1 and C2."""
    zone = ZoneInfo(calendar.zone)
    first = start - 60 * HOUR
    shown = [
        (first + n * MINUTE).astimezone(zone).replace(tzinfo=None, fold=0) for n in range(160 * 60)
    ]
    days = [start.date() + timedelta(days=n) for n in range(-1, 3)]
    is_open = {
        n
        for day in days
        for begins, ends in day_of(calendar, day)
        for n in range(showing(shown, day, begins)[0], showing(shown, day, ends)[-1])
    }
    return sum(n + 60 * 60 in is_open for n in range(minutes)) * MINUTE


def showing(shown: Sequence[datetime], day: date, minute: int) -> list[int]:
    """The minutes at which a wall clock comes to the local time wanted, or jumps over it."""
    wanted = datetime.combine(day, time()) + minute * MINUTE
    return [n for n in range(1, len(shown)) if shown[n - 1] < wanted <= shown[n]]


def day_of(calendar: Calendar, day: date) -> Sequence[tuple[int, int]]:
    if day in calendar.exceptions:
        return calendar.exceptions[day]
    return [] if day in calendar.holidays else calendar.weekly.get(day.weekday(), [])


@given(st.sampled_from(ZONES), weeks, st.dates(date(1991, 1, 1), date(2036, 1, 1)))
@example(zone="Pacific/Apia", weekly={4: ((0, 1440),)}, day=date(2011, 12, 29))
@example(
    zone="America/Sao_Paulo", weekly={6: ((0, 60),), 5: ((1380, 1440),)}, day=date(2017, 10, 14)
)
@example(
    zone="America/Sao_Paulo", weekly={6: ((0, 60),), 5: ((1380, 1440),)}, day=date(2018, 2, 17)
)
@example(zone="Australia/Lord_Howe", weekly={6: ((90, 105), (105, 135))}, day=date(2026, 4, 4))
@example(zone="Australia/Lord_Howe", weekly={6: ((120, 135), (135, 165))}, day=date(2026, 10, 3))
@settings(max_examples=25, deadline=None)
def test_C2_equals_a_count_minute_by_minute(
    zone: str, weekly: dict[int, Sequence[tuple[int, int]]], day: date
) -> None:
    calendar = Calendar("any", zone, weekly, holidays=frozenset({day + timedelta(days=2)}))
    start = datetime.combine(day, time(), tzinfo=UTC)
    minutes = 26 * 60

    assert slow_between(calendar, start, minutes) == calendar.between(
        start, start + minutes * MINUTE
    )
