"""What random tickets showed (`make prove-clocks`), each cut down to the smallest story."""

from __future__ import annotations

from shared.contracts.vocabulary import Metric, PauseReason
from tests.support.cases import Story, a_policy, of_clocks

_REST = "conditions: {vip: customer_vip}\nrouting_rules: [{action: assign_to_frontline}]\n"


def test_P2_reminders_that_a_new_price_jumps_over_are_not_sent_in_a_burst() -> None:
    story = Story()
    story.open("low", "professional", "00:00")
    story.agent_replies("00:10")

    story.reclassified("20:00", priority="critical")  # 1200 of 480 minutes: 125, 150, 200 are past
    said = of_clocks(story.pass_to("+1 00:00"), Metric.RESOLUTION)

    assert ["+1 00:00:00 sla.warning resolution 300"] == said


def test_Z4_a_clock_that_starts_while_its_ticket_waits_starts_before_it_pauses() -> None:
    story = Story()
    story.open("high", "professional", outbound=True)
    story.pending("10:05", PauseReason.WAITING_ON_THIRD_PARTY)

    assert [
        "10:10:00 sla.started resolution",
        "10:10:00 sla.paused resolution",
    ] == of_clocks(story.customer_writes("10:10"), Metric.RESOLUTION)


def test_P1_another_calendar_is_another_price_when_clocks_restart() -> None:
    restart = a_policy(
        f"""version: 1
{_REST}
sla: {{reprice: restart, calendar: {{default: always, high: office}}}}
SLA_MATRIX: {{high/any: {{first_response: 60, resolution: 480}}, low/any: {{first_response: 60, resolution: 480}}}}
"""
    )
    story = Story(restart)
    story.open("high", "professional")

    assert [
        "10:10:00 sla.cancelled resolution reclassified",
        "10:10:00 sla.started resolution",
    ] == of_clocks(story.reclassified("10:10", priority="low"), Metric.RESOLUTION)


def test_Z4_what_a_solved_ticket_waits_for_pauses_nothing_after_it_is_reopened() -> None:
    story = Story()
    story.open("high", "professional")
    story.agent_replies("10:10")
    story.resolved("10:20")
    story.pending("10:30", PauseReason.WAITING_ON_THIRD_PARTY)
    story.reopened("10:40")

    assert [] == of_clocks(story.customer_writes("10:50"), Metric.RESOLUTION)
