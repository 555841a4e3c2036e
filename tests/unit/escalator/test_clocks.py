"""SLA clocks by the rules K of the semantics: what starts, stops and cancels them, and by when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.contracts import SlaClosedLate, SlaMet, SlaStarted
from shared.contracts.vocabulary import Metric
from shared.policy import load_workflow
from tests.support.builders import SYSTEM
from tests.support.cases import Story, a_policy, at, message, of_clocks, words


def started(story: Story) -> dict[Metric, SlaStarted]:
    return {
        item.payload.metric: item.payload
        for item in story.said
        if isinstance(item.payload, SlaStarted)
    }


def test_K3_K5_opening_starts_first_response_and_resolution() -> None:
    story = Story()

    said = story.open("high", "professional")

    assert [
        "10:00:00 sla.started first_response",
        "10:00:00 sla.started resolution",
    ] == words(said)
    assert at("12:00") == started(story)[Metric.FIRST_RESPONSE].deadline
    assert at("22:00") == started(story)[Metric.RESOLUTION].deadline


def test_example_K_the_whole_table() -> None:
    story = Story()
    story.open("high", "professional")

    assert [] == story.tell(message(9, SYSTEM, automatic=True), "10:00:02")
    assert [] == story.customer_writes("10:20")
    assert ["11:00:00 sla.warning first_response 50"] == words(story.pass_to("11:09"))
    answered = story.agent_replies("11:10")
    assert ["11:10:00 sla.met first_response"] == words(answered)
    assert isinstance(answered[0].payload, SlaMet)
    assert 4200 == answered[0].payload.consumed_seconds
    assert [] == story.pass_to("12:59")
    assert ["13:00:00 sla.started next_response"] == words(story.customer_writes("13:00"))
    assert at("15:00") == started(story)[Metric.NEXT_RESPONSE].deadline
    assert [] == story.customer_writes("13:30")
    assert ["14:00:00 sla.warning next_response 50"] == words(story.pass_to("14:19"))
    replied = story.agent_replies("14:20")
    assert ["14:20:00 sla.met next_response"] == words(replied)
    assert isinstance(replied[0].payload, SlaMet)
    assert 4800 == replied[0].payload.consumed_seconds


def test_K3_an_automatic_acknowledgement_never_stops_the_first_response() -> None:
    story = Story()
    story.open("high", "professional")

    story.agent_replies("10:01", automatic=True)

    assert [] == of_clocks(story.said[2:])


def test_K3_an_internal_note_is_no_reply() -> None:
    story = Story()
    story.open("high", "professional")

    assert [] == story.agent_replies("10:01", public=False)


def test_K3_a_bots_reply_counts_when_it_is_marked_as_not_automatic() -> None:
    story = Story()
    story.open("high", "professional")

    assert [] == story.tell(message(1, SYSTEM), "10:01")
    assert ["10:02:00 sla.met first_response"] == words(
        story.tell(message(2, SYSTEM, automatic=False), "10:02")
    )


def test_K3_an_outbound_ticket_has_no_first_response() -> None:
    story = Story()

    assert [] == story.open("high", "professional", outbound=True)
    assert [
        "11:00:00 sla.started resolution",
        "11:00:00 sla.started next_response",
    ] == words(story.customer_writes("11:00"))


def test_K3_first_response_never_pauses() -> None:
    story = Story()
    story.open("critical", "professional")
    story.pending("10:01")

    said = story.pass_to("10:30")

    assert "10:30:00 sla.breached first_response" in words(said)


def test_K4_second_message_does_not_restart() -> None:
    story = Story()
    story.open("high", "professional")
    story.agent_replies("10:10")
    story.customer_writes("11:00")

    story.customer_writes("11:30")

    assert at("13:00") == started(story)[Metric.NEXT_RESPONSE].deadline
    assert 1 == sum(clock.metric is Metric.NEXT_RESPONSE for clock in story.case.timeline.clocks)


def test_K4_next_response_waits_for_the_first_reply() -> None:
    story = Story()
    story.open("high", "professional")

    assert [] == story.customer_writes("10:30")


def test_K4_next_response_stops_at_solve() -> None:
    story = Story()
    story.open("high", "professional")
    story.agent_replies("10:10")
    story.customer_writes("11:00")

    said = story.resolved("11:30")

    assert ["11:30:00 sla.met resolution", "11:30:00 sla.met next_response"] == words(said)


@pytest.mark.parametrize(
    ("priority", "tier", "first_response", "resolution"),
    [
        ("critical", "standard", 60, 720),
        ("low", "professional", 480, 2880),
        ("critical", "enterprise", 15, 240),
        ("high", "standard", 180, 960),
    ],
)
def test_K6_targets_come_from_the_nearest_cell(
    priority: str, tier: str, first_response: int, resolution: int
) -> None:
    story = Story()
    story.open(priority, tier)

    begun = started(story)
    assert first_response * 60 == begun[Metric.FIRST_RESPONSE].target_seconds
    assert resolution * 60 == begun[Metric.RESOLUTION].target_seconds


def test_K6_the_promise_is_copied_so_a_new_workflow_changes_new_clocks_only() -> None:
    """Example F: high/enterprise goes from 60 to 30 minutes at 12:00."""
    faster = a_policy(
        """
        version: 1
        routing_rules: [{action: assign_to_frontline}]
        SLA_MATRIX:
          ('any', 'any'): {first_response: 30, resolution: 480}
        """
    )
    story = Story()
    story.open("high", "enterprise", "11:45")

    story.policy = faster
    story.agent_replies("12:20")
    story.customer_writes("12:30")

    begun = started(story)
    assert at("12:45") == begun[Metric.FIRST_RESPONSE].deadline
    assert a_policy().digest == begun[Metric.FIRST_RESPONSE].workflow_digest
    assert at("13:00") == begun[Metric.NEXT_RESPONSE].deadline
    assert faster.digest == begun[Metric.NEXT_RESPONSE].workflow_digest


def test_K7_nothing_afterwards_turns_met_into_breached() -> None:
    story = Story()
    story.open("critical", "enterprise")
    story.pass_to("10:13:59")
    story.agent_replies("10:14")

    said = story.pass_to("+1 00:00")

    assert [] == of_clocks(said, Metric.FIRST_RESPONSE)


def test_K1_a_late_stop_is_closed_late() -> None:
    story = Story()
    story.open("critical", "enterprise")
    story.pass_to("10:39")

    said = story.agent_replies("10:40")

    assert ["10:40:00 sla.closed_late first_response"] == of_clocks(said)
    assert isinstance(said[0].payload, SlaClosedLate)
    assert 1500 == said[0].payload.overdue_seconds
    assert at("10:15") == said[0].payload.deadline


@pytest.mark.parametrize(
    ("clock", "priority", "category", "minutes"),
    [
        pytest.param("10:00", "critical", "technical", 15, id="rule 1 and the cell agree"),
        pytest.param("10:00", "medium", "account", 60, id="rule 2 tightens 240"),
        pytest.param("10:00", "critical", "billing", 15, id="rule 2 would loosen 15"),
        pytest.param("03:00", "medium", "account", 240, id="rule 2 is of business hours"),
    ],
)
def test_K10_a_rules_target_only_tightens(
    clock: str, priority: str, category: str, minutes: int
) -> None:
    story = Story(load_workflow(None))

    story.open(priority, "enterprise", clock, category=category)

    assert minutes * 60 == started(story)[Metric.FIRST_RESPONSE].target_seconds


def test_K11_each_threshold_fires_once_in_rising_order_before_the_breach() -> None:
    story = Story()
    story.open("critical", "enterprise")

    said = story.pass_to("10:15")

    assert [
        "10:07:30 sla.warning first_response 50",
        "10:11:15 sla.warning first_response 75",
        "10:12:00 sla.warning first_response 80",
        "10:13:30 sla.warning first_response 90",
        "10:15:00 sla.breached first_response",
    ] == of_clocks(said, Metric.FIRST_RESPONSE)


def test_L6_overdue_reminders_end_with_the_fifth() -> None:
    story = Story()
    story.open("critical", "enterprise")

    said = story.pass_to("13:00")

    assert [
        "10:18:45 sla.warning first_response 125",
        "10:22:30 sla.warning first_response 150",
        "10:30:00 sla.warning first_response 200",
        "10:45:00 sla.warning first_response 300",
        "11:00:00 sla.warning first_response 400",
    ] == of_clocks(said, Metric.FIRST_RESPONSE)[5:]


def test_K12_solved_without_a_reply_cancels_the_first_response() -> None:
    story = Story()
    story.open("high", "professional")

    said = story.resolved("10:30")

    assert [
        "10:30:00 sla.cancelled first_response resolved",
        "10:30:00 sla.met resolution",
    ] == words(said)


def test_K12_a_public_closing_message_counts_as_the_reply() -> None:
    story = Story()
    story.open("high", "professional")
    story.agent_replies("10:30")

    said = story.resolved("10:30")

    assert ["10:30:00 sla.met resolution"] == words(said)


def test_C6_business_hours_stop_the_clock_for_the_night() -> None:
    office = a_policy(
        """
        version: 1
        routing_rules: [{action: assign_to_frontline}]
        sla: {calendar: office}
        """
    )
    story = Story(office)

    story.open("high", "professional", "17:30")

    assert at("+1 10:30") == started(story)[Metric.FIRST_RESPONSE].deadline


def test_M2_M_a_merging_cancels_the_clocks_of_the_ticket_that_ends() -> None:
    """M-a: the merge comes before what falls due at the same instant (T4)."""
    story = Story()
    story.open("critical", "enterprise", "09:50")
    story.pass_to("10:01:59")

    said = story.merged("10:02:00")

    assert [
        "10:02:00 sla.cancelled first_response merged",
        "10:02:00 sla.cancelled resolution merged",
    ] == words(said)
    assert [] == story.pass_to("+3 00:00")


def test_H9_what_is_heard_before_the_opening_waits_for_it() -> None:
    story = Story()
    assert [] == story.agent_replies("10:10", heard="10:10:01")

    said = story.open("high", "professional")

    assert [
        "10:00:00 sla.started first_response",
        "10:00:00 sla.started resolution",
        "10:10:00 sla.met first_response",
    ] == words(said)


def test_T3_seven_days_after_closing_the_facts_are_let_go() -> None:
    story = Story()
    story.open("high", "professional")
    story.agent_replies("10:10")
    story.resolved("11:00")
    story.closed("11:30")

    story.pass_to("+7 11:30")

    assert () == story.case.facts
    assert [] == story.agent_replies("10:05", heard="+8 00:00")
    assert 1 == story.case.too_late


def test_R1_a_ticket_whose_facts_are_gone_may_still_be_reopened() -> None:
    story = Story()
    story.open("high", "professional")
    story.agent_replies("10:10")
    story.resolved("11:00")
    story.closed("11:30")
    story.pass_to("+7 11:30")

    said = story.reopened("+20 10:00")
    late = story.customer_writes("+20 09:59", heard="+20 10:01")

    assert ["+20 10:00:00 sla.started resolution"] == words(said)
    assert ["+20 10:00:00 sla.started next_response"] == words(late)
    assert at("+20 22:00") == started(story)[Metric.RESOLUTION].deadline


def test_T8_targets_are_exact_to_the_millisecond() -> None:
    story = Story()
    story.open("critical", "enterprise", "10:00:00.123")

    said = story.pass_to("10:15:01")

    assert at("10:15:00.123") == said[-1].time
    assert timedelta(0) == said[-1].time - at("10:15:00.123")
