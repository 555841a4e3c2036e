"""What no change of people, price or workflow file takes back: X1, L2, and example F."""

from __future__ import annotations

import pytest

from shared.contracts import Payload, TicketAssigned, TicketQueued, TicketUnassigned
from shared.contracts.vocabulary import AssignReason, Metric, QueueReason, UnassignReason
from shared.policy import WorkflowPolicy
from tests.support.builders import TICKET
from tests.support.cases import Story, a_policy, of_clocks

_QUEUED = TicketQueued(
    ticket_id=TICKET,
    queue="specialists",
    level="tier_2",
    rank=50,
    weight=1,
    reason=QueueReason.ESCALATION,
    required_skills={},
)
_ASSIGNED = TicketAssigned(
    ticket_id=TICKET,
    agent_id="ana",
    team="engineering",
    queue="specialists",
    level="tier_2",
    weight=1,
    skill_fit=1.0,
    waited_seconds=0,
    reason=AssignReason.SKILL_MATCH,
)
_UNASSIGNED = TicketUnassigned(ticket_id=TICKET, agent_id="ana", reason=UnassignReason.ESCALATION)


@pytest.mark.parametrize("change", [_QUEUED, _ASSIGNED, _UNASSIGNED])
def test_X1_nobody_elses_desk_and_no_other_level_moves_what_the_customer_was_promised(
    change: Payload,
) -> None:
    story = Story()
    story.open("high", "professional")
    before = [clock for clock in story.case.timeline.clocks if not clock.metric.of_level]

    story.tell(change, "10:30")

    after = [clock for clock in story.case.timeline.clocks if not clock.metric.of_level]
    assert before == after
    assert ["11:00:00 sla.warning first_response 50"] == of_clocks(
        story.pass_to("11:00"), Metric.FIRST_RESPONSE
    )


def test_L2_a_threshold_that_was_announced_is_not_announced_again_after_a_new_price() -> None:
    story = Story()
    story.open("high", "professional")
    story.pass_to("11:00")

    story.reclassified("11:10", priority="medium")
    said = of_clocks(story.pass_to("13:30"), Metric.FIRST_RESPONSE)

    assert [
        "13:00:00 sla.warning first_response 75",
        "13:12:00 sla.warning first_response 80",
    ] == said


def _high_enterprise(minutes: int, critical: int) -> WorkflowPolicy:
    return a_policy(
        f"""
        version: 1
        conditions: {{vip: customer_vip}}
        routing_rules: [{{action: assign_to_frontline}}]
        SLA_MATRIX:
          high/enterprise: {{first_response: {minutes}, resolution: 480}}
          critical/enterprise: {{first_response: {critical}, resolution: 240}}
        """
    )


def _breaches(story: Story, until: str) -> list[str]:
    said = of_clocks(story.pass_to(until), Metric.FIRST_RESPONSE)
    return [line for line in said if "breached" in line]


def test_F1_example_F_a_running_clock_keeps_the_target_it_was_started_with() -> None:
    story = Story(_high_enterprise(60, 15))
    story.open("high", "enterprise", "11:45")

    story.policy = _high_enterprise(30, 15)

    assert ["12:45:00 sla.breached first_response"] == _breaches(story, "13:00")


def test_F1_example_F_a_clock_started_afterwards_has_the_new_target() -> None:
    story = Story(_high_enterprise(60, 15))

    story.policy = _high_enterprise(30, 15)
    story.open("high", "enterprise", "12:05")

    assert ["12:35:00 sla.breached first_response"] == _breaches(story, "13:00")


def test_F1_example_F_a_new_price_is_that_of_the_version_in_force_then() -> None:
    story = Story(_high_enterprise(60, 15))
    story.open("high", "enterprise", "11:45")
    story.pass_to("12:00")

    story.policy = _high_enterprise(30, 40)
    story.reclassified("12:10", priority="critical")

    assert ["12:25:00 sla.breached first_response"] == _breaches(story, "13:00")
