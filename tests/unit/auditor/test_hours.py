"""The auditor's own hours against the examples of the semantics, and against the product's calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.auditor.hours import Hours, instant, milliseconds
from shared.calendar import ALWAYS, Calendar
from shared.calendar_history import CalendarHistory, CalendarVersion

BERLIN = "Europe/Berlin"
OFFICE = Calendar(
    "office",
    BERLIN,
    dict.fromkeys(range(5), ((540, 720), (780, 1080))),
    holidays=frozenset({date(2026, 12, 25)}),
    exceptions={date(2026, 12, 24): ((540, 720),)},
)
HOUR = 3_600_000


def local(text: str) -> int:
    return milliseconds(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)))


def opened(calendar: Calendar, first: str, last: str) -> float:
    return Hours(calendar).between(local(first), local(last)) / HOUR


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(4, "2026-12-24T11:00"), (5, "2026-12-24T12:00"), (6, "2026-12-28T10:00")],
)
def test_C_a_b_c_a_half_day_a_closing_instant_and_a_holiday(hours: int, expected: str) -> None:
    assert local(expected) == Hours(OFFICE).after(local("2026-12-23T16:00"), hours * HOUR)


def test_C_d_four_hours_are_four_hours_when_clocks_move() -> None:
    due = Hours(ALWAYS).after(local("2026-03-28T23:00"), 4 * HOUR)

    assert due is not None
    assert datetime(2026, 3, 29, 2, tzinfo=UTC) == instant(due)


@pytest.mark.parametrize(
    ("intervals", "day", "expected"),
    [
        (((60, 300),), "2026-03-29", 3),
        (((60, 300),), "2026-10-25", 5),
        (((150, 300),), "2026-03-29", 2),
        (((60, 150), (150, 300)), "2026-10-25", 5),
    ],
)
def test_C_e_f_g_the_days_on_which_clocks_change(
    intervals: tuple[tuple[int, int], ...], day: str, expected: int
) -> None:
    calendar = Calendar("nightly", BERLIN, dict.fromkeys(range(7), intervals))

    assert expected == opened(calendar, f"{day}T00:00", f"{day}T12:00")


def test_C4_each_version_counts_in_its_own_time() -> None:
    closed_early = Calendar("office", BERLIN, dict.fromkeys(range(5), ((540, 900),)))
    noon = datetime(2026, 6, 2, 10, tzinfo=UTC)
    history = CalendarHistory.of(
        [CalendarVersion(1, noon, OFFICE), CalendarVersion(2, noon, closed_early)]
    )

    assert 3 + 3 == opened(history, "2026-06-02T00:00", "2026-06-03T00:00")
    assert 3 + 5 == opened(history, "2026-06-01T00:00", "2026-06-02T00:00")


def test_a_calendar_that_never_opens_gives_no_deadline() -> None:
    assert Hours(Calendar("never", "UTC", {})).after(0, 1) is None


zones = st.sampled_from(
    ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "UTC"]
)
edges = st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True).map(sorted)


@given(
    zone=zones,
    edges=edges,
    start=st.integers(631_152_000_000, 2_114_380_800_000),
    days=st.integers(0, 40),
)
@settings(max_examples=150, deadline=None)
def test_H10_both_calendars_count_the_same(
    zone: str, edges: list[int], start: int, days: int
) -> None:
    pairs = tuple(zip(edges[::2], edges[1::2], strict=False))
    calendar = Calendar("any", zone, dict.fromkeys((0, 2, 3, 6), pairs))
    hours, begin = Hours(calendar), start
    end = begin + days * 24 * HOUR
    used = calendar.between(instant(begin), instant(end)) // timedelta(milliseconds=1)

    assert used == hours.between(begin, end)
    assert used == 0 or milliseconds(
        calendar.add(instant(begin), timedelta(milliseconds=used))
    ) == hours.after(begin, used)
