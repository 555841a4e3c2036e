"""Two triggers by their rules (V6, V10), and the calendar a promise counts in (C5)."""

from __future__ import annotations

import pytest

from shared.contracts import TicketReopened
from shared.contracts.vocabulary import Metric
from tests.support.builders import CUSTOMER, TICKET
from tests.support.cases import Story, a_policy, of_clocks, of_ladder


def test_V6_a_public_complaint_goes_to_management() -> None:
    story = Story()
    story.open("low", "standard")

    said = story.customer_writes("10:05", signals=["public"])

    assert ["10:05:00 escalation.raised management public_complaint"] == of_ladder(said)


@pytest.mark.parametrize(
    ("times", "of_customer", "raised"), [(1, 2, []), (2, 2, ["tier_2"]), (1, 3, ["tier_2"])]
)
def test_V10_two_reopenings_or_three_reopened_tickets_of_one_customer_raise(
    times: int, of_customer: int, raised: list[str]
) -> None:
    story = Story()
    story.open("low", "standard")
    story.resolved("10:05")
    payload = TicketReopened(
        ticket_id=TICKET, by=CUSTOMER, reopened_count=times, recent_reopened=of_customer
    )

    said = of_ladder(story.tell(payload, "10:10"))

    assert [f"10:10:00 escalation.raised {level} often_reopened" for level in raised] == said


@pytest.mark.parametrize(("priority", "deadline"), [("high", "+1 12:00"), ("low", "20:00")])
def test_C5_a_priority_counts_in_its_own_calendar_and_round_the_clock_without_one(
    priority: str, deadline: str
) -> None:
    """Six hours from 14:00 on for both, where `late` is open from 10:00 to 18:00."""
    story = Story(
        a_policy(
            """
            version: 1
            conditions: {vip: customer_vip}
            routing_rules: [{action: assign_to_frontline}]
            calendars: {late: {zone: UTC, hours: {mon-fri: ["10:00-18:00"]}}}
            sla: {calendar: {default: always, high: late}}
            SLA_MATRIX:
              high/any: {first_response: 60, resolution: 360}
              low/any: {first_response: 60, resolution: 360}
            """
        )
    )
    story.open(priority, "standard", "14:00")

    said = of_clocks(story.pass_to("+1 13:00"), Metric.RESOLUTION)

    assert [f"{deadline}:00 sla.breached resolution"] == [
        line for line in said if "breached" in line
    ]
