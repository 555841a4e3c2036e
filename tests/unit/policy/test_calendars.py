"""Calendars as the file writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from shared.policy import WorkflowError, parse_workflow

OFFICE = """\
calendars:
  office:
    zone: Europe/Berlin
    hours: {mon-fri: ["09:00-12:30", "13:15-18:00"], sat: ["10:00-12:00"], mon: ["22:00-24:00"]}
    holidays: [DE-BE, 2026-06-03]
    exceptions: {2026-06-04: ["09:00-10:00"], 2026-06-05: closed}
"""


def test_weekdays_holidays_and_exceptions_become_a_calendar() -> None:
    calendar = parse_workflow(OFFICE).calendars["office"]

    assert ((540, 750), (795, 1080), (1320, 1440)) == calendar.weekly[0]
    assert ((600, 720),) == calendar.weekly[5]
    assert 6 not in calendar.weekly
    assert {date(2026, 6, 3), date(2026, 3, 8), date(2026, 5, 1)} <= calendar.holidays
    assert {date(2026, 6, 4): ((540, 600),), date(2026, 6, 5): ()} == calendar.exceptions


def test_business_hours_are_those_of_the_calendar_of_that_name() -> None:
    policy = parse_workflow(OFFICE)

    def is_open(day: int, hour: int) -> bool:
        return policy.business_hours.is_open(datetime(2026, 6, day, hour, tzinfo=UTC))

    assert [True, False, True, False] == [
        is_open(2, 8),
        is_open(3, 8),
        is_open(4, 7),
        is_open(5, 8),
    ]


def test_the_packaged_calendars_stay_beside_ones_own() -> None:
    policy = parse_workflow(
        "calendars: {hanoi: {zone: Asia/Ho_Chi_Minh, hours: {mon-sun: ['08:00-17:00']}, holidays: [VN]}}"
    )

    assert {"office", "always", "hanoi"} == set(policy.calendars)


@pytest.mark.parametrize(
    ("calendar", "problem"),
    [
        (
            "{zone: Europe/Berln, hours: {mon: []}}",
            'no time zone "Europe/Berln", did you mean "Europe/Berlin"',
        ),
        (
            "{zone: UTC, hours: {mo: ['09:00-17:00']}}",
            'no day of the week "mo", did you mean "mon"',
        ),
        ("{zone: UTC, hours: {fri-mon: ['09:00-17:00']}}", "ends before it begins"),
        ("{zone: UTC, hours: {mon: ['9-17']}}", "an interval like"),
        ("{zone: UTC, hours: {mon: ['17:00-09:00']}}", "is no interval of one day"),
        ("{zone: UTC, hours: {mon: ['09:00-24:30']}}", "is no interval of one day"),
        ("{zone: UTC, hours: {}}", "at least one"),
        ("{zone: UTC, hours: {mon: []}}", "is never open"),
        (
            "{zone: UTC, hours: {mon: ['09:00-17:00']}, holidays: [Germany]}",
            "neither a date nor a country code",
        ),
        (
            "{zone: UTC, hours: {mon: ['09:00-17:00']}, holidays: [XX]}",
            'no holidays are known for "XX"',
        ),
        (
            "{zone: UTC, hours: {mon: ['09:00-17:00']}, holidays: [DE-XX]}",
            'no part "XX" of DE',
        ),
        (
            "{zone: UTC, hours: {mon: ['09:00-17:00']}, exceptions: {tomorrow: closed}}",
            "a date like",
        ),
        ("{hours: {mon: ['09:00-17:00']}}", "zone: is missing"),
    ],
)
def test_what_is_no_calendar_is_refused(calendar: str, problem: str) -> None:
    with pytest.raises(WorkflowError, match=problem):
        parse_workflow(f"calendars: {{mine: {calendar}}}")


def test_a_clock_counts_in_a_calendar_that_exists() -> None:
    with pytest.raises(WorkflowError, match='no calendar "offic", did you mean "office"'):
        parse_workflow("sla: {calendar: offic}")
