"""Calendars that change under running clocks: example C-h, and what is in force when (semantics C4, F)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from services.escalator.domain import sla
from shared.calendar import Calendar
from shared.calendar_history import CalendarHistory, CalendarVersion
from shared.contracts.vocabulary import Metric
from shared.policy import WorkflowPolicy
from tests.support.cases import MIDNIGHT, Story, a_policy, at, of_clocks

OFFICE = Calendar(
    "office", "Europe/Berlin", dict.fromkeys(range(5), ((9 * 60, 12 * 60), (13 * 60, 18 * 60)))
)
TUESDAY = date(2026, 6, 2)

#: Every clock counts in `office`; a high ticket's first response is due in four hours.
BY_OFFICE_HOURS = """
version: 1
conditions: {vip: "customer_vip"}
routing_rules: [{action: assign_to_frontline}]
sla: {calendar: office}
SLA_MATRIX: {high/any: {first_response: 4 hours, resolution: 40 hours}}
"""


def with_exception(day: date, *intervals: tuple[int, int]) -> Calendar:
    """`office` with one day of its own."""
    return Calendar(OFFICE.name, OFFICE.zone, OFFICE.weekly, exceptions={day: intervals})


def policy(*changes: tuple[str, Calendar], text: str = BY_OFFICE_HOURS) -> WorkflowPolicy:
    """The workflow in which `office` is changed at clock times."""
    versions = [CalendarVersion(1, MIDNIGHT, OFFICE)]
    versions += [CalendarVersion(n, at(clock), c) for n, (clock, c) in enumerate(changes, start=2)]
    calendars: Mapping[str, Calendar] = {"office": CalendarHistory.of(versions)}
    return replace(a_policy(text), calendars=calendars)


def targets(high: int, critical: int) -> str:
    """A workflow with these first responses, in minutes."""
    cells = f"high/any: {{first_response: {high} minutes, resolution: 40 hours}}, "
    cells += f"critical/any: {{first_response: {critical} minutes, resolution: 40 hours}}"
    return f"version: 1\nconditions: {{vip: customer_vip}}\nSLA_MATRIX: {{{cells}}}\n"


def told_from(clock: str, before: WorkflowPolicy) -> Story:
    """A high ticket opened at `clock`, under the workflow there was then."""
    story = Story(before)
    story.open("high", "enterprise", clock)
    return story


def first_response_due(story: Story) -> datetime | None:
    """The deadline of the first response as things stand."""
    return sla.deadline(story.case.timeline.clocks[0], story.policy.calendars)


def test_C_h_an_emergency_closure_moves_the_deadline_and_keeps_what_was_consumed() -> None:
    story = told_from(
        "+1 09:00", policy()
    )  # 11:00 in Berlin: two hours are used at 14:00, noon apart
    story.pass_to("+1 12:00")

    story.policy = policy(("+1 12:00", with_exception(TUESDAY, (540, 720), (780, 900))))

    assert at("+2 08:00") == first_response_due(story)  # Wednesday 10:00 in Berlin
    assert "sla.breached" not in " ".join(of_clocks(story.pass_to("+2 07:59:59.999")))
    assert ["+2 08:00:00 sla.breached first_response"] == of_clocks(
        story.pass_to("+2 08:00"), Metric.FIRST_RESPONSE
    )


def test_C4_a_calendar_that_shuts_before_now_breaches_nothing_by_itself() -> None:
    story = told_from("+1 07:00", policy())  # 09:00 in Berlin: due at 14:00
    longer = Calendar("office", "UTC", dict.fromkeys(range(7), ((0, 24 * 60),)))

    story.policy = policy(("+1 11:00", longer))
    said = story.pass_to("+1 11:00")

    assert "sla.breached" not in " ".join(of_clocks(said))
    assert "+1 12:00:00 sla.breached first_response" == of_clocks(story.pass_to("+1 12:00"))[-1]


def test_C4_time_consumed_before_a_change_stays_consumed_when_facts_come_late() -> None:
    story = told_from("+1 09:00", policy())
    story.policy = policy(("+1 12:00", with_exception(TUESDAY, (540, 720), (780, 900))))
    story.pass_to("+1 13:30")

    story.customer_writes("+1 09:30", heard="+1 13:30")

    assert at("+2 08:00") == first_response_due(story)


def test_F4_breached_stays_breached_when_the_day_is_closed_afterwards() -> None:
    story = told_from("+1 07:00", policy())
    story.pass_to("+1 12:00")

    story.policy = policy(("+1 12:30", with_exception(TUESDAY, (540, 720))))
    said = story.pass_to("+1 20:00")

    assert [] == of_clocks(said, Metric.FIRST_RESPONSE)
    assert "breached_running" == story.case.timeline.clocks[0].state


def test_F1_a_running_clock_keeps_its_target_and_a_new_one_takes_the_new_version() -> None:
    """Example F: targets are halved at 12:00; a change of priority takes what is in force then."""
    before, after = a_policy(targets(60, 40)), a_policy(targets(30, 20))
    story = Story(before)
    story.open("high", "enterprise", "11:45")
    story.policy = after
    other = Story(after)
    other.open("high", "enterprise", "12:05")

    assert [at("12:45"), at("12:35")] == [first_response_due(story), first_response_due(other)]

    story.reclassified("12:10", priority="critical")

    assert 20 * 60 == story.case.timeline.clocks[0].budget.total_seconds()


def test_F3_a_calendar_that_is_gone_from_the_file_still_counts_for_its_clocks() -> None:
    story = told_from("+1 09:00", policy())

    story.policy = replace(policy(), calendars={"office": policy().calendars["office"]})

    assert at("+1 14:00") == first_response_due(story)


def test_F6_every_clock_carries_the_digest_it_was_decided_by() -> None:
    story = told_from("+1 09:00", policy())

    assert {policy().digest} == {clock.digest for clock in story.case.timeline.clocks}
