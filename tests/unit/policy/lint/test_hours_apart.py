"""What the lint says of calendars of metrics and teams (semantics C5)."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.policy.lint import lint

OFFICE = """
version: 1
calendars: {office: {zone: UTC, hours: {mon-fri: ["09:00-17:00"]}}}
"""


def found(text: str, *codes: str) -> list[tuple[str, str]]:
    """The findings of these codes, with what they say first."""
    report = lint(OFFICE + text, name="w.yaml", at=datetime(2026, 6, 1, tzinfo=UTC))
    return [(one.code, one.message.split(",")[0]) for one in report.findings if one.code in codes]


def test_C5_a_metric_that_counts_slower_than_the_contract_is_pointed_out_once() -> None:
    assert [("L062", "first_response counts in office")] == found(
        "sla: {metric_calendars: {first_response: office}}\n", "L062", "L001"
    )


def test_C5_a_metric_that_counts_round_the_clock_is_what_it_is_for() -> None:
    assert [] == found(
        "sla: {calendar: office, metric_calendars: {first_response: always}}\n", "L062"
    )


def test_C5_a_team_that_is_closed_while_promises_count_is_pointed_out() -> None:
    [(code, says)] = found("team_calendars: {specialists: office}\n", "L063")

    assert "L063" == code
    assert says.startswith("specialists is closed while promises count that tier_2 serves")


def test_C5_a_team_with_the_hours_of_every_promise_is_not() -> None:
    both = "team_calendars: {specialists: office}\nsla: {calendar: office}\n"

    assert [] == found(both, "L063")
