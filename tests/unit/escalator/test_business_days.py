"""Business days (semantics C8)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.escalator.domain.business_days import business_days_after
from shared.calendar import Calendar, NoOpenTimeError

WEEK = dict.fromkeys(range(5), ((9 * 60, 12 * 60), (13 * 60, 18 * 60)))
OFFICE = Calendar("office", "UTC", WEEK)
FRIDAY = datetime(2026, 6, 5, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "then"),
    [
        (0, FRIDAY),
        (1, datetime(2026, 6, 8, 15, tzinfo=UTC)),
        (2, datetime(2026, 6, 9, 15, tzinfo=UTC)),
        (5, datetime(2026, 6, 12, 15, tzinfo=UTC)),
        (7, datetime(2026, 6, 16, 15, tzinfo=UTC)),
    ],
)
def test_C8_days_without_open_time_do_not_count(days: int, then: datetime) -> None:
    assert business_days_after(OFFICE, FRIDAY, days) == then


@pytest.mark.parametrize(
    ("clock", "moved"),
    [
        ("07:30", "09:00"),
        ("12:30", "13:00"),
        ("20:00", "18:00"),
        ("18:00", "18:00"),
        ("09:00", "09:00"),
    ],
    ids=["before opening", "in a break", "after closing", "at closing", "at opening"],
)
def test_C8_the_time_of_day_is_moved_into_open_time(clock: str, moved: str) -> None:
    start = datetime.fromisoformat(f"2026-06-03T{clock}:00+00:00")

    found = business_days_after(OFFICE, start, 1)

    assert found == datetime.fromisoformat(f"2026-06-04T{moved}:00+00:00")


def test_C8_the_days_are_those_of_the_calendars_zone() -> None:
    tokyo = Calendar("tokyo", "Asia/Tokyo", dict.fromkeys(range(5), ((0, 1440),)))
    late_on_sunday = datetime(2026, 6, 7, 16, tzinfo=UTC)  # Monday 01:00 there

    assert business_days_after(tokyo, late_on_sunday, 1) == late_on_sunday + timedelta(days=1)


def test_C8_the_time_of_day_stays_over_a_change_of_the_clocks() -> None:
    berlin = Calendar("berlin", "Europe/Berlin", dict.fromkeys(range(7), ((0, 1440),)))
    before = datetime(2026, 3, 28, 14, tzinfo=UTC)  # 15:00 there

    assert business_days_after(berlin, before, 1) == datetime(2026, 3, 29, 13, tzinfo=UTC)


def test_C8_an_exception_replaces_its_day() -> None:
    closed_on_monday = Calendar("office", "UTC", WEEK, exceptions={date(2026, 6, 8): ()})

    assert business_days_after(closed_on_monday, FRIDAY, 1) == datetime(2026, 6, 9, 15, tzinfo=UTC)


def test_C8_a_calendar_that_never_opens_has_none() -> None:
    with pytest.raises(NoOpenTimeError):
        business_days_after(Calendar("never", "UTC", {}), FRIDAY, 1)
