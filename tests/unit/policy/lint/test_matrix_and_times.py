"""What the lint says of the matrix, of the levels' times, of thresholds and of calendars."""

from __future__ import annotations

from tests.support.linted import linted, of, said, tidied

CRITICAL = "('critical', 'enterprise'): {first_response: 4_hours, resolution: 24_hours}"


def test_a_tidy_workflow_has_nothing_to_point_at() -> None:
    assert linted(tidied()).findings == ()


def test_K6_a_cell_without_a_target_is_an_error_and_the_rest_is_looked_through() -> None:
    text = tidied(("  ('any', 'any'): {first_response: 8_hours, resolution: 48_hours}\n", ""))
    report = linted(text)

    assert len(of("L010", report)) == 4
    assert report.fails(strict=False)
    assert report.digest is None
    assert [found for found in report.findings if found.code != "L010"] == []


def test_a_cell_that_the_packaged_workflow_fills_is_a_warning() -> None:
    report = linted("SLA_MATRIX: {critical/any: {first_response: 10, resolution: 100}}\n")

    assert said("L011", report)[0] == (
        "no first_response and no resolution for high/enterprise: the packaged 1 h / 8 h applies"
    )


def test_X10_a_cell_that_promises_less_than_one_priority_lower_is_pointed_out() -> None:
    slow = CRITICAL.replace(": 4_hours", ": 7_hours")
    report = linted(tidied((CRITICAL, slow)))

    assert said("L013", report) == [
        (
            "critical/enterprise promises less than high/enterprise: first response 7 h against 6 h, "
            "next response 7 h against 6 h"
        )
    ]
    assert [found.place for found in of("L013", report)] == ["mine.yaml:20:3"]


def test_X10_a_cell_that_promises_less_than_one_customer_tier_lower_is_pointed_out() -> None:
    slow = "('any', 'enterprise'): {first_response: 9_hours, resolution: 24_hours}"
    fast = "('any', 'enterprise'): {first_response: 6_hours, resolution: 24_hours}"
    report = linted(tidied((fast, slow)))

    assert said("L013", report) == [
        (
            "high/enterprise promises less than high/standard: first response 9 h against 8 h, next "
            "response 9 h against 8 h"
        )
    ]


def test_X2_a_target_too_short_for_the_ladder_is_an_error() -> None:
    fast = CRITICAL.replace(": 4_hours", ": 2_minutes")
    report = linted(tidied((CRITICAL, fast)))

    assert said("L024", report) == [
        (
            "the first response is due after 2 min, and tier_2 cannot end before 2 min: a level has "
            "escalation.window.floor at least"
        )
    ]


def test_a_level_is_judged_by_a_shorter_next_response_too() -> None:
    both = CRITICAL.replace("resolution", "next_response: 20_minutes, resolution")
    report = linted(tidied((CRITICAL, both)))

    assert said("L020", report) == [
        "tier_1 ends after 30 min as written, the next response is due after 20 min: 10 min counts",
        "tier_2 ends after 1 h as written, the next response is due after 20 min: 15 min counts",
    ]


def test_L4_a_window_longer_than_half_of_what_is_left_is_told_with_what_counts() -> None:
    short = CRITICAL.replace(": 4_hours", ": 80_minutes")
    report = linted(tidied((CRITICAL, short), ("tier_2: 15_minutes", "tier_2: 30_minutes")))

    assert said("L022", report) == [
        "to acknowledge a ticket nobody touched, there is less time: tier_2 25 min (written: 30 min)"
    ]


def test_thresholds_less_than_a_second_apart_for_the_shortest_target_are_pointed_out() -> None:
    short = CRITICAL.replace(": 4_hours", ": 90s")
    close = tidied((CRITICAL, short), ("sla: {overdue: []}", "sla: {overdue: [120, 121]}"))

    assert said("L041", linted(close)) == [
        "120 % and 121 % of 1 min 30 s are 900 ms apart: both fall due in one moment"
    ]


def test_thresholds_exactly_a_second_apart_are_none() -> None:
    short = CRITICAL.replace(": 4_hours", ": 100s")
    close = tidied((CRITICAL, short), ("sla: {overdue: []}", "sla: {overdue: [120, 121]}"))

    assert said("L041", linted(close)) == []


def test_a_threshold_at_which_nothing_happens_is_pointed_out() -> None:
    more = "sla: {overdue: [], thresholds: [50, 60, 75, 80, 90, 100]}"
    report = linted(tidied(("sla: {overdue: []}", more)))

    assert said("L045", report) == [
        "nothing happens at 60 %: no trigger and no notification rule names them"
    ]


def test_L6_a_rule_for_what_is_overdue_waits_for_every_reminder() -> None:
    some = tidied(("sla: {overdue: []}", "sla: {overdue: [111]}"))
    none = some + "notifications: {rules: []}\n"

    assert said("L045", linted(some)) == []
    assert "nothing happens at 111 %" in " ".join(said("L045", linted(none)))


def test_C6_a_calendar_closed_for_a_year_is_an_error() -> None:
    days = ", ".join(f'"{year}-{month:02}-{day:02}"' for year, month, day in a_year())
    hours = '{zone: Europe/Berlin, hours: {mon-fri: ["09:00-18:00"]}}'
    text = tidied((hours, f"{hours[:-1]}, holidays: [{days}]}}"))

    assert [found.path for found in of("L060", linted(text))] == ["calendars.office"]


def test_a_calendar_closed_for_two_weeks_is_a_warning() -> None:
    days = ", ".join(f'"2026-06-{day:02}"' for day in range(1, 16))
    hours = '{zone: Europe/Berlin, hours: {mon-fri: ["09:00-18:00"]}}'
    text = tidied((hours, f"{hours[:-1]}, holidays: [{days}]}}"))

    assert said("L061", linted(text)) == [
        "has no open time in the next 14 days: it opens on 2026-06-16"
    ]


def a_year() -> list[tuple[int, int, int]]:
    """Every date there may be in 2026 and 2027, as far as every month has it."""
    return [
        (year, month, day)
        for year in (2026, 2027)
        for month in range(1, 13)
        for day in range(1, 32)
        if day <= (28 if month == 2 else 30 if month in {4, 6, 9, 11} else 31)
    ]


def test_a_cell_with_a_list_of_its_own_is_judged_by_that() -> None:
    own = CRITICAL.replace("resolution", "thresholds: [33, 80, 100], resolution")
    report = linted(tidied((CRITICAL, own)))

    assert said("L045", report) == [
        "nothing happens at 33 %: no trigger and no notification rule names them"
    ]
    assert [found.line for found in of("L045", report)] == [20]
